import type { Json } from '../../core/flows/action.ts';
import type { CallNews } from '../../core/flows/call-control.ts';
import type { ActionId, CallId, ConferencecallId, ScriptSessionId } from '../../core/kernel/ids.ts';
import type { Instant } from '../../core/kernel/time.ts';
import type { PlayOrder, ScriptEvent } from '../../core/ports.ts';
import { MEMBER_FIELDS } from '../action-catalogue.ts';
import { causeOf } from '../actions/call.ts';
import { limitsOf } from '../actions/recording.ts';
import { ACTIONS_MAX, compile } from '../compile.ts';
import type { FlowProblem } from '../document.ts';
import { memberTermsOf } from '../member-option.ts';
import { flagOf, idOf, textOf } from '../option.ts';
import { isUuid, OptionCheck } from '../option-check.ts';
import type { Stage } from '../verdict.ts';
import type { FrameRefusal, UpFrame } from './frames.ts';
import { newsFrame } from './news-frame.ts';
import { type ScriptRequest, ScriptSession, type ScriptSessionOptions } from './session.ts';

/** What the flow has to do for the program. */
export type ScriptOrder =
  /** There may be new actions; the current one may have to go at once. */
  | { readonly kind: 'move'; readonly isBrokenOff: boolean }
  /** The program holds the call no more. */
  | { readonly kind: 'leave'; readonly reason: string; readonly detail: string };

type Command = Extract<UpFrame, { kind: 'command' }>;

/** Commands that do not wait for their turn, and those that an action of the same name checks. */
const COMMANDS = [
  'conferencecall_kick',
  'conferencecall_update',
  'end',
  'hangup',
  'listen',
  'play_pause',
  'play_resume',
  'play_seek',
  'recording_pause',
  'recording_resume',
  'recording_start',
  'recording_stop',
  'skip',
  'variable_set',
];
const LISTENED = ['talk', 'tones'];
const CHECKED = ['hangup', 'recording_start', 'recording_stop', 'variable_set'];

/** A program in the driver's seat of a call: its frames become actions and commands, what happens becomes frames. */
export class ScriptDriver {
  readonly #session: ScriptSession;

  constructor(options: ScriptSessionOptions, now: Instant) {
    this.#session = new ScriptSession(options, now);
  }

  get id(): ScriptSessionId {
    return this.#session.id;
  }

  /** The socket that it speaks through. */
  get link(): ScriptSessionId {
    return this.#session.link;
  }

  introduce(call: Json, variables: Readonly<Record<string, string>>): void {
    this.#session.say({ type: 'session', session_id: this.id, call, variables });
  }

  hear(callId: CallId, news: CallNews, show: Stage['ports']): void {
    const frame = newsFrame(callId, news, show);
    if (frame !== undefined) this.#session.say(frame);
  }

  tell(id: ActionId, state: 'started' | 'finished' | 'failed', result: Json): void {
    this.#session.say({ type: 'action', id, state, result });
  }

  receive(event: ScriptEvent, stage: Stage, now: Instant): ScriptOrder | undefined {
    return this.#orderOf(this.#session.receive(event, now), stage);
  }

  /** Whether its socket broke and it has not come back yet. */
  get isBroken(): boolean {
    return this.#session.isBroken;
  }

  /** The program came back on another socket. */
  moveTo(link: ScriptSessionId): void {
    this.#session.moveTo(link);
  }

  deadline(): Instant {
    return this.#session.deadline();
  }

  expire(now: Instant): ScriptOrder | undefined {
    const request = this.#session.expire(now);
    return request?.kind === 'gone' ? leave('program_gone', request.detail) : undefined;
  }

  end(reason: string): void {
    this.#session.end(reason);
  }

  #orderOf(request: ScriptRequest | undefined, stage: Stage): ScriptOrder | undefined {
    switch (request?.kind) {
      case 'gone':
        return leave('program_gone', request.detail);
      case 'actions':
        return this.#takeActions(request, stage);
      case 'command':
        return this.#takeCommand(request, stage);
      default:
        return undefined;
    }
  }

  #takeActions(frame: Extract<UpFrame, { kind: 'actions' }>, stage: Stage): ScriptOrder | undefined {
    const { id, mode } = frame;
    const compiled = compile(frame.actions, stage.ports.random, (target) => stage.stacks.has(target));
    if ('problems' in compiled) {
      const { code, field, expected } = compiled.problems[0]!;
      this.#session.answer(id, { code, field, expected });
      return undefined;
    }
    const room = ACTIONS_MAX - (mode === 'append' ? stage.stacks.openLength() : 0);
    if (compiled.actions.length > room) {
      const expected = `at most ${room} more actions`;
      this.#session.answer(id, { code: 'TOO_MANY_ACTIONS', field: 'actions', expected });
      return undefined;
    }
    this.#session.answer(id, undefined);
    stage.stacks.extend(compiled.actions, mode);
    return { kind: 'move', isBrokenOff: mode === 'now' };
  }

  #takeCommand(frame: Command, stage: Stage): ScriptOrder | undefined {
    const refusal = refusalOf(frame, stage);
    this.#session.answer(frame.id, refusal);
    if (refusal !== undefined) return undefined;
    const { option } = frame;
    switch (frame.command) {
      case 'conferencecall_kick':
        stage.demand({ kind: 'kickMember', id: memberOf(option)! });
        return undefined;
      case 'conferencecall_update':
        stage.demand({ kind: 'changeMember', id: memberOf(option)!, changes: memberTermsOf(option) });
        return undefined;
      case 'hangup':
        stage.demand({ kind: 'hangup', cause: causeOf(textOf(option, 'reason')), like: null });
        return undefined;
      case 'listen':
        stage.demand({ kind: 'listen', talk: flagOf(option, 'talk'), tones: flagOf(option, 'tones') });
        return undefined;
      case 'play_pause':
        stage.demand({ kind: 'steerPlaying', order: { kind: 'pause' } });
        return undefined;
      case 'play_resume':
        stage.demand({ kind: 'steerPlaying', order: { kind: 'resume' } });
        return undefined;
      case 'play_seek':
        stage.demand({ kind: 'steerPlaying', order: seekOf(option)! });
        return undefined;
      case 'recording_start':
        stage.demand({ kind: 'startRecording', limits: limitsOf(option) });
        return undefined;
      case 'recording_pause':
        stage.demand({ kind: 'pauseRecording', mode: 'paused' });
        return undefined;
      case 'recording_resume':
        stage.demand({ kind: 'pauseRecording', mode: 'running' });
        return undefined;
      case 'recording_stop':
        stage.demand({ kind: 'stopRecording' });
        return undefined;
      case 'variable_set':
        stage.variables.set(textOf(option, 'key').trim(), stage.variables.substitute(textOf(option, 'value')));
        return undefined;
      case 'skip':
        return { kind: 'move', isBrokenOff: true };
      default:
        return leave('ended_by_program', '');
    }
  }
}

function leave(reason: string, detail: string): ScriptOrder {
  return { kind: 'leave', reason, detail };
}

function refusalOf({ command, option }: Command, stage: Stage): FrameRefusal | undefined {
  if (!COMMANDS.includes(command)) {
    return { code: 'INVALID_ARGUMENT', field: 'command', expected: `one of ${COMMANDS.join(', ')}` };
  }
  const unclear = command === 'listen' ? LISTENED.find((name) => !isFlag(option[name])) : undefined;
  if (unclear !== undefined) return { code: 'INVALID_ARGUMENT', field: `option.${unclear}`, expected: 'true or false' };
  if (command === 'play_seek' && seekOf(option) === undefined) {
    return { code: 'INVALID_ARGUMENT', field: 'option', expected: 'position or offset, a whole number of ms' };
  }
  if (command.startsWith('conferencecall_')) return memberRefusalOf(option);
  if (!CHECKED.includes(command)) return undefined;
  const compiled = compile([{ type: command, option }], stage.ports.random);
  if (!('problems' in compiled)) return undefined;
  const { code, field, expected } = compiled.problems[0]!;
  return { code, field: field.replace('actions[0].', ''), expected };
}

function memberOf(option: Command['option']): ConferencecallId | null {
  return idOf<ConferencecallId>(option, 'conferencecall_id');
}

function memberRefusalOf(option: Command['option']): FrameRefusal | undefined {
  if (!isUuid(memberOf(option))) {
    return { code: 'INVALID_ARGUMENT', field: 'option.conferencecall_id', expected: 'the id of a conferencecall' };
  }
  const problems: FlowProblem[] = [];
  const check = new OptionCheck(problems, () => false);
  for (const [name, field] of Object.entries(MEMBER_FIELDS)) check.check(`option.${name}`, field, option[name]);
  const [problem] = problems;
  return problem && { code: 'INVALID_ARGUMENT', field: problem.field, expected: problem.expected };
}

/** `position` in ms from the begin, or `offset` from where it is, below 0 for back; undefined unless it is just one of them. */
function seekOf({ position, offset }: Command['option']): PlayOrder | undefined {
  const toMs = position ?? offset;
  if (typeof toMs !== 'number' || !Number.isInteger(toMs) || (position !== undefined && offset !== undefined)) {
    return undefined;
  }
  return { kind: 'seek', toMs, from: position === undefined ? 'here' : 'begin' };
}

function isFlag(value: Json | undefined): boolean {
  return value === undefined || typeof value === 'boolean';
}
