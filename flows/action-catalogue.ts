import { GAIN_DB } from '../core/calls/member-terms.ts';
import { RECORDING_CHANNELS, RECORDING_FORMATS } from '../core/calls/recording-form.ts';
import { MEMBER_ROLES, SUPERVISOR_MODES } from '../core/calls/who-hears-whom.ts';

/** On what an action can run: live calls, everything but calls, anything (platform §3.2.5). */
export type Medium = 'rtc' | 'non_rtc' | 'any';

/** What an option of an action may be. */
export type OptionField = { readonly isRequired?: boolean } & (
  | { readonly kind: 'text' | 'texts' | 'uuid' | 'boolean' | 'number' | 'address' | 'addresses' }
  /** Id of an action of the same flow; `targets` a map of such. */
  | { readonly kind: 'target' | 'targets' }
  | { readonly kind: 'integer' | 'integers'; readonly min: number; readonly max: number }
  | { readonly kind: 'choice'; readonly of: readonly string[] }
  | { readonly kind: 'pattern'; readonly pattern: RegExp; readonly expected: string }
);

export interface ActionKind {
  readonly medium: Medium;
  readonly isBuilt: boolean;
  readonly options: Readonly<Record<string, OptionField>>;
}

const DAY_MS = 86_400_000;
const TEXT = { kind: 'text' } as const;
const UUID = { kind: 'uuid' } as const;
const BOOLEAN = { kind: 'boolean' } as const;
const MILLISECONDS = { kind: 'integer', min: 0, max: DAY_MS } as const;
const SECONDS = { kind: 'integer', min: 0, max: DAY_MS / 1000 } as const;
const DECIBELS = { kind: 'integer', ...GAIN_DB } as const;
/** How somebody takes part in a conference. */
export const MEMBER_FIELDS = {
  role: { kind: 'choice', of: ['', ...MEMBER_ROLES] },
  muted: BOOLEAN,
  deaf: BOOLEAN,
  gain_in: DECIBELS,
  gain_out: DECIBELS,
} as const;
const TARGET = { kind: 'target', isRequired: true } as const;
const COMPARISON = { kind: 'choice', of: ['==', '!=', '>', '>=', '<', '<='], isRequired: true } as const;
const STREAM_DIRECTION = { kind: 'choice', of: ['', 'both', 'in', 'out', 'none'] } as const;
const METHOD = { kind: 'choice', of: ['', 'POST', 'GET', 'PUT', 'DELETE'] } as const;

function built(medium: Medium, options: ActionKind['options'] = {}): ActionKind {
  return { medium, isBuilt: true, options };
}

const NOT_BUILT: ActionKind = { medium: 'any', isBuilt: false, options: {} };

/** Every type of action: those of the reference, built or not, and ours (`script`). */
export const ACTION_KINDS: ReadonlyMap<string, ActionKind> = new Map<string, ActionKind>([
  ['amd', built('rtc', { machine_handle: { kind: 'choice', of: ['', 'hangup', 'continue'] }, async: BOOLEAN })],
  ['answer', built('rtc')],
  ['beep', built('rtc')],
  ['block', built('non_rtc')],
  [
    'branch',
    built('any', {
      variable: TEXT,
      default_target_id: { kind: 'target' },
      target_ids: { kind: 'targets' },
    }),
  ],
  [
    'condition_call_digits',
    built('rtc', { length: { kind: 'integer', min: 0, max: 1000 }, key: TEXT, false_target_id: TARGET }),
  ],
  [
    'condition_call_status',
    built('rtc', {
      status: {
        kind: 'choice',
        of: ['dialing', 'ringing', 'progressing', 'terminating', 'canceling', 'hangup'],
        isRequired: true,
      },
      false_target_id: TARGET,
    }),
  ],
  [
    'condition_datetime',
    built('any', {
      condition: COMPARISON,
      minute: { kind: 'integer', min: -1, max: 59 },
      hour: { kind: 'integer', min: -1, max: 23 },
      day: { kind: 'integer', min: -1, max: 31 },
      month: { kind: 'integer', min: -1, max: 12 },
      weekdays: { kind: 'integers', min: 0, max: 6 },
      false_target_id: TARGET,
    }),
  ],
  [
    'condition_variable',
    built('any', {
      condition: COMPARISON,
      variable: TEXT,
      value_type: { kind: 'choice', of: ['', 'string', 'number', 'length'] },
      value_string: TEXT,
      value_number: { kind: 'number' },
      value_length: { kind: 'integer', min: 0, max: 1_000_000 },
      false_target_id: TARGET,
    }),
  ],
  [
    'conference_join',
    built('rtc', {
      conference_id: { ...UUID, isRequired: true },
      ...MEMBER_FIELDS,
    }),
  ],
  [
    'connect',
    built('rtc', {
      source: { kind: 'address' },
      destinations: { kind: 'addresses', isRequired: true },
      early_media: BOOLEAN,
      relay_reason: BOOLEAN,
      anonymous: { kind: 'choice', of: ['', 'yes', 'no', 'auto'] },
    }),
  ],
  [
    'digits_receive',
    built('rtc', { duration: MILLISECONDS, key: TEXT, length: { kind: 'integer', min: 0, max: 1000 } }),
  ],
  [
    'digits_send',
    built('rtc', {
      digits: {
        kind: 'pattern',
        pattern: /^[0-9A-D#*]{1,100}$/,
        expected: '1 to 100 of 0-9 A-D # *',
        isRequired: true,
      },
      duration: { kind: 'integer', min: 100, max: 1000 },
      interval: { kind: 'integer', min: 0, max: 5000 },
    }),
  ],
  ['echo', built('rtc', { duration: MILLISECONDS })],
  ['empty', built('any')],
  [
    'external_media_start',
    built('rtc', {
      external_host: { ...TEXT, isRequired: true },
      encapsulation: { kind: 'choice', of: ['', 'rtp', 'audiosocket', 'none', 'sln', 'l16', 'twilio'] },
      transport: { kind: 'choice', of: ['', 'udp', 'tcp', 'websocket'] },
      transport_data: TEXT,
      connection_type: { kind: 'choice', of: ['', 'client'] },
      format: { kind: 'choice', of: ['', 'ulaw', 'alaw', 'slin', 'slin8', 'slin16', 'slin24', 'slin48'] },
      direction: STREAM_DIRECTION,
      direction_listen: STREAM_DIRECTION,
      direction_speak: STREAM_DIRECTION,
      data: TEXT,
      conference_id: UUID,
      ...MEMBER_FIELDS,
    }),
  ],
  ['external_media_stop', built('rtc')],
  ['fetch', built('any', { event_url: { ...TEXT, isRequired: true }, event_method: METHOD })],
  ['fetch_flow', built('any', { flow_id: { ...UUID, isRequired: true } })],
  ['goto', built('any', { target_id: TARGET, loop_count: { kind: 'integer', min: -1, max: 1_000_000 } })],
  [
    'hangup',
    built('rtc', {
      reason: {
        kind: 'choice',
        of: ['', 'normal', 'failed', 'busy', 'cancel', 'timeout', 'noanswer', 'dialout', 'amd'],
      },
      reference_id: UUID,
    }),
  ],
  [
    'play',
    built('rtc', { stream_urls: { kind: 'texts', isRequired: true }, times: { kind: 'integer', min: 0, max: 1000 } }),
  ],
  ['recording_pause', built('rtc')],
  ['recording_resume', built('rtc')],
  [
    'recording_start',
    built('rtc', {
      format: { kind: 'choice', of: ['', ...RECORDING_FORMATS] },
      channels: { kind: 'choice', of: ['', ...RECORDING_CHANNELS] },
      end_of_silence: SECONDS,
      end_of_key: { kind: 'choice', of: ['', 'none', 'any', '*', '#'] },
      duration: SECONDS,
      beep_start: BOOLEAN,
      on_end_flow_id: UUID,
    }),
  ],
  ['recording_stop', built('rtc')],
  ['script', built('rtc', { url: { ...TEXT, isRequired: true } })],
  ['sleep', built('rtc', { duration: MILLISECONDS })],
  ['stop', built('any')],
  [
    'supervise',
    built('rtc', {
      call_id: { ...UUID, isRequired: true },
      mode: { kind: 'choice', of: SUPERVISOR_MODES, isRequired: true },
    }),
  ],
  ['variable_set', built('any', { key: { ...TEXT, isRequired: true }, value: TEXT })],
  [
    'webhook_send',
    built('any', { sync: BOOLEAN, uri: { ...TEXT, isRequired: true }, method: METHOD, data_type: TEXT, data: TEXT }),
  ],
  ...[
    'ai_summary',
    'ai_talk',
    'ai_task',
    'call',
    'case_create',
    'confbridge_join',
    'conversation_send',
    'email_send',
    'message_send',
    'mute',
    'queue_join',
    'stream_echo',
    'talk',
    'transcribe_recording',
    'transcribe_start',
    'transcribe_stop',
  ].map((type): [string, ActionKind] => [type, NOT_BUILT]),
]);
