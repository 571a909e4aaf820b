import { CONFERENCE_SETTINGS, type Conference, type Flow, type PhoneNumber } from '../core/directory/records.ts';
import { assert } from '../core/kernel/assert.ts';
import { type ConferenceId, type CustomerId, type FlowId, type NumberId, uuid } from '../core/kernel/ids.ts';
import type { Random } from '../core/kernel/random.ts';
import type { WallTime } from '../core/kernel/time.ts';
import type { Write } from '../core/write.ts';
import { compile } from '../flows/compile.ts';

/** An action as users write it. */
interface WrittenAction {
  readonly id?: string;
  readonly next_id?: string;
  readonly type: string;
  readonly option?: Readonly<Record<string, unknown>>;
}

interface Demonstration {
  readonly number: string;
  readonly shortCode: string;
  readonly name: string;
  readonly detail: string;
  readonly actions: readonly WrittenAction[];
}

const HOUR_MS = 3_600_000;
const ANSWER: WrittenAction = { type: 'answer' };
const HANGUP: WrittenAction = { type: 'hangup' };

function play(...names: readonly string[]): WrittenAction {
  return { type: 'play', option: { stream_urls: names.map((name) => `prompt:${name}`) } };
}

/**
 * Numbers that show what can be done, as rows to be stored: echo, a conference, a menu that leads to both, and a
 * recorder. They are made with the first customer, who may change or delete them like any others.
 */
export function demonstrationWrites(customerId: CustomerId, random: Random, at: WallTime): readonly Write[] {
  const stamps = { customerId, createdAt: at, updatedAt: null, deletedAt: null };
  const conference: Conference = {
    ...stamps,
    id: uuid(random) as ConferenceId,
    type: 'conference',
    status: 'progressing',
    name: 'Demonstration',
    detail: 'Where those meet who dial 9102.',
    data: {},
    timeoutS: 0,
    settings: CONFERENCE_SETTINGS,
    preFlowId: null,
    postFlowId: null,
    directHash: '',
    endedAt: null,
  };
  const demonstrations: readonly Demonstration[] = [
    {
      number: '+899000000101',
      shortCode: '9101',
      name: 'Echo',
      detail: 'Callers hear themselves.',
      actions: [ANSWER, { type: 'echo', option: { duration: HOUR_MS } }, HANGUP],
    },
    {
      number: '+899000000102',
      shortCode: '9102',
      name: 'Conference',
      detail: 'Callers hear each other.',
      actions: [ANSWER, play('welcome'), joining(conference.id), HANGUP],
    },
    {
      number: '+899000000103',
      shortCode: '9103',
      name: 'Menu',
      detail: '1 leads to the echo, 2 to the conference, 3 to a message.',
      actions: menu(conference.id, random),
    },
    {
      number: '+899000000104',
      shortCode: '9104',
      name: 'Recorder',
      detail: 'Callers hear what they said.',
      actions: RECORDER,
    },
  ];
  const writes: Write[] = [{ kind: 'saveConference', row: conference }];
  for (const demonstration of demonstrations) {
    const flow = flowOf(demonstration, stamps, random);
    writes.push({ kind: 'saveFlow', row: flow });
    writes.push({ kind: 'saveNumber', row: numberOf(demonstration, flow.id, stamps, random) });
  }
  return writes;
}

type Stamps = Pick<Flow, 'customerId' | 'createdAt' | 'updatedAt' | 'deletedAt'>;

function flowOf({ name, detail, actions }: Demonstration, stamps: Stamps, random: Random): Flow {
  const compiled = compile(actions, random);
  assert('actions' in compiled, `the demonstration ${name} is a flow`);
  return {
    ...stamps,
    id: uuid(random) as FlowId,
    type: 'flow',
    name,
    detail,
    actions: compiled.actions,
    onCompleteFlowId: null,
    directHash: '',
  };
}

function numberOf(
  { number, shortCode, name, detail }: Demonstration,
  callFlowId: FlowId,
  stamps: Stamps,
  random: Random,
): PhoneNumber {
  return {
    ...stamps,
    id: uuid(random) as NumberId,
    number,
    shortCode,
    type: 'virtual',
    callFlowId,
    messageFlowId: null,
    name,
    detail,
    status: 'active',
    isRtpDebugged: false,
    purchasedAt: stamps.createdAt,
    renewedAt: null,
  };
}

function joining(conferenceId: ConferenceId): WrittenAction {
  return { type: 'conference_join', option: { conference_id: conferenceId } };
}

/** Asks three times at most. A key that is pressed while it asks counts. */
function menu(conferenceId: ConferenceId, random: Random): readonly WrittenAction[] {
  const [ask, echo, conference, message, again, end] = Array.from({ length: 6 }, () => uuid(random));
  return [
    ANSWER,
    { id: ask!, ...play('menu') },
    { type: 'digits_receive', option: { duration: 5_000, length: 1 } },
    {
      type: 'branch',
      option: { default_target_id: again, target_ids: { '1': echo, '2': conference, '3': message } },
    },
    { id: again!, ...play('again') },
    { type: 'goto', option: { target_id: ask, loop_count: 2 } },
    { ...play('goodbye'), next_id: end! },
    { id: echo!, ...play('you-pressed', '1') },
    { type: 'echo', option: { duration: HOUR_MS }, next_id: end! },
    { id: conference!, ...play('you-pressed', '2', 'welcome') },
    { ...joining(conferenceId), next_id: end! },
    { id: message!, ...play('you-pressed', '3', 'message', 'goodbye') },
    { id: end!, ...HANGUP },
  ];
}

const RECORDED_MAX_S = 60;
const END_KEY = '#';

const RECORDER: readonly WrittenAction[] = [
  ANSWER,
  play('recorder'),
  { type: 'beep' },
  // What was pressed before does not end it.
  { type: 'variable_set', option: { key: 'voipbin.call.digits', value: '' } },
  { type: 'recording_start', option: { format: 'wav', end_of_key: END_KEY, duration: RECORDED_MAX_S } },
  { type: 'digits_receive', option: { duration: 1_000 * RECORDED_MAX_S, key: END_KEY } },
  { type: 'recording_stop' },
  {
    type: 'play',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the flow.
    option: { stream_urls: ['prompt:recorded', 'recording:${voipbin.recording.id}', 'prompt:goodbye'] },
  },
  HANGUP,
];
