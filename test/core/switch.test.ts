import { describe, expect, test } from 'vitest';
import { Switch } from '../../core/calls/switch.ts';
import { Directory } from '../../core/directory/directory.ts';
import type { Binding } from '../../core/directory/records.ts';
import { Journal } from '../../core/journal.ts';
import type { CustomerId, ExtensionId, LegId } from '../../core/kernel/ids.ts';
import { seeded } from '../../core/kernel/random.ts';
import type { MediaPlane, SignalingEvent } from '../../core/ports.ts';
import { QueuedSignaling } from '../../sip/signaling.ts';
import { CUSTOMER, EXTENSION } from './store/rows.ts';

const CALLER = 1 as LegId;
const SDP = new Uint8Array([1]);
const OPENED = { kind: 'opened' } as const;

/** A media plane that takes everything, and remembers who hears whom. */
class QuietPlane implements MediaPlane {
  readonly bridged: [LegId, LegId][] = [];
  readonly closed: LegId[] = [];
  open = () => OPENED;
  describe = () => SDP;
  accept = () => OPENED;
  renegotiate = () => ({ kind: 'answer', body: SDP }) as const;
  bridge = (a: LegId, b: LegId) => void this.bridged.push([a, b]);
  close = (leg: LegId) => void this.closed.push(leg);
  unbridge = () => undefined;
  play = () => undefined;
  stopPlaying = () => undefined;
  record = () => undefined;
  sendDigits = () => undefined;
}

/** A switch with one extension registered from `contacts` phones; `said` gives what it asked of signalling since. */
function office(contacts: number) {
  const directory = new Directory();
  directory.putCustomer(CUSTOMER);
  directory.putExtension(EXTENSION);
  for (let i = 0; i < contacts; i++) {
    const binding = {
      extensionId: EXTENSION.id,
      customerId: CUSTOMER.id,
      contact: `sip:b@192.0.2.${i}`,
      path: [],
      instance: '',
      regId: 0,
      expiresAt: 1e9,
    };
    directory.putBinding({
      ...binding,
      transport: 'udp',
      address: '192.0.2.1',
      port: 5060,
      localPort: 5060,
    } as unknown as Binding);
  }
  const signaling = new QueuedSignaling();
  const media = new QuietPlane();
  const journal = new Journal({ epoch: 'e' });
  let leg: number = CALLER;
  const calls = new Switch({
    directory,
    signaling,
    media,
    journal,
    store: { write: () => undefined },
    calendar: (now) => now,
    random: seeded(1),
    nextLeg: () => ++leg as LegId,
    ringTimeoutMs: 60_000,
    durationMaxMs: 3_600_000,
  });
  const said = () => {
    const orders: string[] = [];
    for (let order = signaling.poll(); order !== undefined; order = signaling.poll()) {
      orders.push(`${order.kind} ${order.leg}${order.kind === 'hangup' ? ` ${order.cause}` : ''}`);
    }
    return orders;
  };
  const offer = (body: Uint8Array | undefined): SignalingEvent => ({
    kind: 'offered',
    leg: CALLER,
    caller: { kind: 'extension', customerId: CUSTOMER.id as CustomerId, extensionId: EXTENSION.id as ExtensionId },
    customerId: CUSTOMER.id as CustomerId,
    toUser: EXTENSION.extension,
    fromUser: 'a',
    fromName: '',
    source: { transport: 'udp', address: '192.0.2.9', port: 5060 },
    offer: body,
  });
  const callId = () => calls.ledger.records().find((record) => record.direction === 'incoming')!.id;
  return { calls, media, said, offer, callId };
}

const answered = (leg: number): SignalingEvent => ({ kind: 'answered', leg: leg as LegId, body: SDP, dialog: 'd' });
const ended = (leg: number, by: 'remote' | 'local' = 'local'): SignalingEvent => ({
  kind: 'ended',
  leg: leg as LegId,
  cause: 'normal',
  by,
});

describe('the call engine', () => {
  test('rings every contact, connects the first to answer and hangs up the others', () => {
    const { calls, media, said, offer } = office(3);
    calls.receive(offer(SDP), 0);
    expect(said()).toEqual(['dial 2', 'dial 3', 'dial 4', 'ring 1']);
    calls.receive(answered(3), 10);
    expect(said()).toEqual(['hangup 2 answered-elsewhere', 'hangup 4 answered-elsewhere', 'answer 1']);
    expect(media.bridged).toEqual([[1, 3]]);
  });

  test('hangs up a ringing caller by command, and the callees at once, not when the refusal is confirmed', () => {
    const { calls, said, offer, callId } = office(2);
    calls.receive(offer(SDP), 0);
    said();
    calls.hangup(callId(), 'normal', 10);
    expect(said()).toEqual(['hangup 1 normal', 'hangup 2 canceled', 'hangup 3 canceled']);
    for (const leg of [1, 2, 3]) calls.receive(ended(leg), 20);
    expect([calls.ledger.liveCount, calls.timerCount, calls.deadline()]).toEqual([0, 0, Infinity]);
  });

  test('ends both parties of a talk at once, although one of them may be gone for good', () => {
    const { calls, said, offer, callId } = office(1);
    calls.receive(offer(SDP), 0);
    calls.receive(answered(2), 10);
    said();
    calls.hangup(callId(), 'media-lost', 20);
    expect(said()).toEqual(['hangup 1 media-lost', 'hangup 2 media-lost']);
    calls.receive(ended(2), 30);
    calls.receive(ended(1), 32_000);
    expect([calls.ledger.liveCount, calls.bridgeCount, calls.timerCount]).toEqual([0, 0, 0]);
  });

  test('ends a call whose caller made no offer and brings no answer in the ACK', () => {
    const { calls, said, offer } = office(1);
    calls.receive(offer(undefined), 0);
    calls.receive(answered(2), 10);
    said();
    calls.receive({ kind: 'confirmed', leg: CALLER, body: undefined }, 20);
    expect(said()).toEqual(['hangup 1 not-acceptable', 'hangup 2 not-acceptable']);
  });

  test('does not ask for an answer in the ACK of a caller who made an offer', () => {
    const { calls, said, offer } = office(1);
    calls.receive(offer(SDP), 0);
    calls.receive(answered(2), 10);
    said();
    calls.receive({ kind: 'confirmed', leg: CALLER, body: undefined }, 20);
    expect(said()).toEqual([]);
  });

  test('tells the caller after 60 s that nobody answers', () => {
    const { calls, said, offer } = office(2);
    calls.receive(offer(SDP), 5);
    said();
    expect(calls.deadline()).toBe(60_005);
    calls.expire(60_005);
    expect(said()).toEqual(['hangup 2 no-answer', 'hangup 3 no-answer', 'hangup 1 no-answer']);
  });

  test('ends a talk that lasts longer than any may', () => {
    const { calls, said, offer } = office(1);
    calls.receive(offer(SDP), 0);
    calls.receive(answered(2), 0);
    said();
    while (calls.deadline() <= 3_600_000) calls.expire(3_600_000);
    expect(said()).toEqual(['hangup 1 timeout', 'hangup 2 timeout']);
  });
});
