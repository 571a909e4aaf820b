import { expect } from 'vitest';
import type { CallRecord } from '../../core/calls/call-record.ts';
import { Directory } from '../../core/directory/directory.ts';
import type { JournalEvent } from '../../core/journal.ts';
import type { CallId } from '../../core/kernel/ids.ts';
import type { Instant } from '../../core/kernel/time.ts';
import { CallArchive } from '../../core/store/call-archive.ts';
import type { Hop } from '../../sip/ladder.ts';
import type { Response } from '../../sip/message.ts';
import type { Phone } from '../sim/phone.ts';
import type { Scene } from '../sim/scene.ts';
import { CUSTOMER, EPOCH } from '../sim/switch.ts';

const ALL = { pageSize: 1_000, before: Number.MAX_SAFE_INTEGER };

/** What a caller's and a callee's call may tell of itself, in this order. */
const LEGAL = {
  incoming: /^created( ringing)?( progressing)?( terminating)? hangup$/,
  outgoing: /^created dialing( ringing)?((( progressing)?( terminating)?)|( canceling)?) hangup$/,
} as const;

/** Does something with a scene of a seed; a failure names the seed and shows what was said. */
export async function explained(seed: number, name: string, scene: Scene, act: () => unknown): Promise<void> {
  try {
    await act();
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const { tandem, ladder } = scene;
    const told = tandem.isRunning ? tandem.events : [];
    const events = told.map(({ at, body }) => `${(at - EPOCH) / 1000} ${body.type}`).join('\n');
    throw new Error(`seed ${seed}, ${name}: ${reason}\n${ladder}\n${events}`);
  }
}

/** Events of each call, oldest call first. */
export function historyOf(events: readonly JournalEvent[]): Map<CallId, { type: string; call: CallRecord }[]> {
  const byCall = new Map<CallId, { type: string; call: CallRecord }[]>();
  for (const { body } of events) {
    // A change of anything but the status belongs to no step.
    if (!('call' in body) || body.type === 'call_updated') continue;
    const steps = byCall.get(body.call.id) ?? [];
    byCall.set(body.call.id, [...steps, { type: body.type.slice('call_'.length), call: body.call }]);
  }
  return byCall;
}

/** How each call ended: direction, whether it was answered, cause, and by whom; the caller's first. */
export function outcomeOf({ tandem }: Scene): string {
  const last = [...historyOf(tandem.events).values()].map((steps) => steps.at(-1)!.call);
  const words = last.map(({ direction, progressingAt, cause, hangupBy }) =>
    [direction, ...(progressingAt === null ? [] : ['answered']), cause, hangupBy].join(' '),
  );
  return words.sort().join(', ');
}

/** Numbers without holes; each call tells a legal story that ends once, with a cause, and times that do not run back. */
export function expectLegalJournal({ tandem }: Pick<Scene, 'tandem'>): void {
  const { events } = tandem;
  expect(events.map(({ number }) => number)).toEqual(events.map((_, index) => index + 1));
  for (const steps of historyOf(events).values()) {
    const { type, call } = steps.at(-1)!;
    expect(steps.map((step) => step.type).join(' ')).toMatch(LEGAL[call.direction]);
    expect([type, call.status]).toEqual(['hangup', 'hangup']);
    expect([call.cause, call.hangupBy, call.hangupReason]).toEqual([
      expect.stringMatching(/./),
      expect.stringMatching(/./),
      expect.stringMatching(/./),
    ]);
    const times = [call.createdAt, call.ringingAt, call.progressingAt, call.hangupAt].filter((at) => at !== null);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  }
}

/**
 * Who was called belongs to the caller's call; the caller is answered by one of them, or by nobody. Those who came later
 * took the place of somebody.
 */
export function expectConnectedCalls({ tandem }: Scene): void {
  const last = [...historyOf(tandem.events).values()].map((steps) => steps.at(-1)!.call);
  for (const call of last.filter(({ direction }) => direction === 'outgoing')) {
    expect(last.find(({ id }) => id === call.masterCallId)?.chainedCallIds).toContain(call.id);
  }
  for (const caller of last.filter(
    ({ direction, masterCallId }) => direction === 'incoming' && masterCallId === null,
  )) {
    const until = caller.progressingAt ?? Number.POSITIVE_INFINITY;
    const answered = last.filter(
      ({ masterCallId, progressingAt }) =>
        masterCallId === caller.id && progressingAt !== null && progressingAt <= until,
    );
    expect(answered.length).toBe(caller.progressingAt === null ? 0 : 1);
  }
}

/** The store has every call as it was told last, nothing that lives, and no dialog. */
export async function expectStoredCalls({ tandem, world }: Scene): Promise<void> {
  const told = [...historyOf(tandem.events).values()].map((steps) => steps.at(-1)!.call);
  const stored = await new CallArchive(tandem.store).page(CUSTOMER, ALL);
  const inOrder = (calls: readonly CallRecord[]) => calls.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  expect(inOrder(stored)).toEqual(inOrder(told));
  const left = tandem.store.load(new Directory(), EPOCH + world.now);
  expect([left.calls, [...left.dialogs]]).toEqual([[], []]);
}

/** Whether at least one BYE or CANCEL reached a phone; undefined when none was sent to it. */
function heardGoodbye({ world }: Scene, phone: Phone): boolean | undefined {
  const goodbyes = world.hops.filter(
    ({ to, message }) => to === phone.name && message.type === 'request' && /^(BYE|CANCEL)$/.test(message.method),
  );
  return goodbyes.length === 0 ? undefined : goodbyes.some(({ lost }) => !lost);
}

function expectIdle(phone: Phone): void {
  expect([phone.name, phone.isIdle ? 'idle' : 'in a call']).toEqual([phone.name, 'idle']);
}

/** Whether the switch called a phone and heard not one of its responses. */
function isUnheard({ world }: Scene, phone: Phone): boolean {
  const calls = world.hops.filter(
    ({ to, message }) => to === phone.name && message.type === 'request' && message.method === 'INVITE',
  );
  const callId = calls.at(-1)?.message.callId;
  return callId !== undefined && world.hops.every((hop) => isLostOrOther(hop, phone, callId));
}

function isLostOrOther({ from, message, lost }: Hop, phone: Phone, callId: string): boolean {
  return lost || from !== phone.name || message.callId !== callId;
}

/**
 * Every phone knows that its call is over. One may ring or talk on only when not one of eleven BYEs or CANCELs reached
 * it, or when none could be sent, since an INVITE that met no response cannot be canceled (RFC 3261 §9.1): then nothing
 * but silence can tell it.
 */
export function expectAgreement(scene: Scene): void {
  for (const phone of scene.phones) {
    if (heardGoodbye(scene, phone) !== false && !isUnheard(scene, phone)) expectIdle(phone);
  }
}

/** Whether the last call of a phone before an instant was answered by then, as far as the switch knew. */
function wasAnswered({ world, tandem }: Scene, phone: Phone, by: Instant): boolean {
  const hops = world.hops.filter(({ at, from, to }) => at < by && (from === phone.name || to === phone.name));
  const invites = hops.filter(({ message }) => message.type === 'request' && message.method === 'INVITE');
  const callId = invites.at(-1)?.message.callId;
  const call = hops.filter(({ message }) => message.callId === callId);
  const answer = call.find(({ message }) => message.type === 'response' && isAnswer(message));
  const isAcknowledged = call.some(
    ({ from, message }) => from === tandem.name && message.type === 'request' && message.method === 'ACK',
  );
  return answer !== undefined && (answer.from === tandem.name || isAcknowledged);
}

function isAnswer({ status, cseq }: Response): boolean {
  return status >= 200 && status < 300 && cseq.method === 'INVITE';
}

/** A new process ended the calls that had been answered by an instant; nobody tells a phone that was only ringing. */
export function expectAnsweredPhonesIdle(scene: Scene, by: Instant): void {
  for (const phone of scene.phones) {
    if (wasAnswered(scene, phone, by) && heardGoodbye(scene, phone) !== false) expectIdle(phone);
  }
}

const NOTHING = {
  calls: 0,
  bridges: 0,
  callTimers: 0,
  leftBehind: 0,
  legs: 0,
  dialogs: 0,
  transactions: 0,
  sipTimers: 0,
  referrals: 0,
  transfers: 0,
  mediaLegs: 0,
  ports: 0,
};

/** The switch holds nothing of any call. */
export function expectNothingLeft({ tandem }: Pick<Scene, 'tandem'>): void {
  const { node, plane } = tandem;
  const { calls } = node.exchange;
  const sip = node.stack.counters;
  expect({
    calls: calls.ledger.liveCount,
    bridges: calls.bridgeCount,
    callTimers: calls.timerCount,
    leftBehind: calls.leftBehindCount,
    legs: sip.legs,
    dialogs: sip.dialogs,
    transactions:
      sip.inviteClientTransactions +
      sip.nonInviteClientTransactions +
      sip.inviteServerTransactions +
      sip.nonInviteServerTransactions,
    sipTimers: sip.timersArmed,
    referrals: sip.referrals,
    transfers: calls.transferCount,
    mediaLegs: plane.legCount,
    ports: plane.portsUsed,
  }).toEqual(NOTHING);
}
