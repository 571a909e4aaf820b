import { expect, test } from 'vitest';
import { address } from '../../core/calls/address.ts';
import type { DialRouteId, LegId, NumberId, OutboundConfigId } from '../../core/kernel/ids.ts';
import type { SignalingEvent } from '../../core/ports.ts';
import { providerOf } from '../sim/providers.ts';
import { answered, CALLER, ended, execute, FROM_TRUNK, offered, office, recordOn, ringing } from './office.ts';
import { CUSTOMER, NUMBER, TRUNK } from './store/rows.ts';

const STAMPS = { createdAt: 0, updatedAt: null, deletedAt: null };
const CARRIER = providerOf(1, { hostname: '198.51.100.9' });
const [FIRST, SECOND] = [address('tel', '+498911111111'), address('tel', '+498922222222')] as const;

/** 1002 talks to somebody outside, whom a provider reaches: legs 1 and 2. */
function talk(toUser: string = FIRST.target, from: Parameters<typeof offered>[0] = {}) {
  const place = office();
  const { directory } = place;
  directory.putNumber({ ...NUMBER, id: 'own' as NumberId, number: '+4930123456', type: 'normal' });
  directory.putProvider(CARRIER);
  const named = { ...STAMPS, customerId: CUSTOMER.id, name: '', detail: '' };
  directory.putDialRoute({ ...named, id: 'r' as DialRouteId, providerId: CARRIER.id, priority: 0, target: 'all' });
  directory.putOutboundConfig({
    ...named,
    id: 'o' as OutboundConfigId,
    codecs: '',
    callsMax: 0,
    destinationWhitelist: ['de'],
    defaultNumberId: 'own' as NumberId,
  });
  const asked: unknown[] = [];
  const { signaling } = place.ports;
  const refer = signaling.refer.bind(signaling);
  signaling.refer = (leg, request) => {
    asked.push(request);
    refer(leg, request);
  };
  place.calls.receive(offered({ toUser, ...from }), 0);
  place.calls.receive(answered(2), 10);
  place.said();
  place.heard();
  const transfer = (leg: number, manner: 'blind' | 'attended', to = SECOND, now = 20) =>
    execute(
      place,
      { kind: 'transferCall', id: recordOn(place, leg)!.id, manner, method: 'refer', destinations: [to] },
      now,
    );
  const settle = (leg: number, outcome: 'done' | 'failed' | 'refused' | 'unknown', now = 30) =>
    place.calls.receive({ kind: 'referSettled', leg: leg as LegId, outcome, status: 0 }, now);
  return { ...place, asked, transfer, settle };
}

test('a provider that carries the call is referred to a number that it would carry too; then both calls end', () => {
  const { transfer, settle, asked, said, calls } = talk();
  expect(transfer(CALLER, 'blind')).toMatchObject({ kind: 'done', ids: [] });
  expect(said()).toEqual(['refer 2']);
  expect(transfer(2, 'attended')).toMatchObject({ refusal: { code: 'STATE_INVALID' } });
  expect(asked).toEqual([{ toUser: SECOND.target, domain: 'theirs', uri: 'sip:+498922222222@198.51.100.9' }]);
  settle(2, 'done');
  expect([said(), calls.bridgeCount, calls.transferCount]).toEqual([['hangup 2 normal', 'hangup 1 normal'], 0, 0]);
});

test('a trunk is referred to a number or a URI as to one of its own, and to no extension of ours', () => {
  for (const [to, request] of [
    [SECOND, { toUser: SECOND.target, domain: 'theirs' }],
    [address('sip', 'sip:bob@203.0.113.5'), { toUser: 'bob', domain: 'theirs', uri: 'sip:bob@203.0.113.5' }],
    [address('extension', '1001'), undefined],
  ] as const) {
    const { transfer, asked, said } = talk('1001', { caller: FROM_TRUNK });
    transfer(2, 'blind', to);
    expect(asked).toEqual(request === undefined ? [] : [request]);
    expect(said()).toEqual(request === undefined ? ['dial 3', 'hangup 2 normal'] : ['refer 1']);
  }
});

test('whom a provider could not reach is called by us, and so is who is transferred from nobody that could', () => {
  const { transfer, said } = talk();
  transfer(CALLER, 'blind', address('extension', '1001'));
  expect(said()).toEqual(['dial 3', 'hangup 1 normal']);
});

test('what the far side says last decides: refused, we call; failed or unknown, the two talk on', () => {
  for (const [outcome, orders] of [
    ['refused', ['dial 3', 'hangup 1 normal']],
    ['failed', []],
    ['unknown', []],
  ] as const) {
    const { transfer, settle, said, calls } = talk();
    transfer(CALLER, 'blind');
    said();
    settle(2, outcome);
    settle(2, 'done');
    expect(said()).toEqual(orders);
    expect(calls.bridgeCount).toBe(outcome === 'refused' ? 0 : 1);
  }
});

test('a transferor who has hung up meanwhile is not waited for; the transferee hears ringback', () => {
  for (const [outcome, orders] of [
    ['done', ['hangup 2 normal']],
    ['refused', ['dial 3']],
    ['failed', ['hangup 2 no-answer']],
  ] as const) {
    const { transfer, settle, said, heard, calls } = talk();
    transfer(CALLER, 'blind');
    calls.receive(ended(CALLER, 'remote'), 25);
    expect(heard()).toEqual(['unbridge 2', 'play 2 ringback de', 'close 1']);
    said();
    settle(2, outcome);
    expect([said(), calls.transferCount]).toEqual([orders, outcome === 'refused' ? 2 : 0]);
    if (outcome !== 'refused') continue;
    calls.receive(ringing(3), 35);
    calls.receive(answered(3), 40);
    expect([heard().at(-1), calls.bridgeCount, calls.transferCount]).toEqual(['bridge 2 3', 1, 0]);
  }
});

test('a transferee who has hung up is no more to be referred', () => {
  const { transfer, settle, said, calls } = talk();
  transfer(CALLER, 'blind');
  calls.receive(ended(2, 'remote'), 25);
  expect(said()).toEqual(['refer 2', 'hangup 1 normal']);
  settle(2, 'done');
  expect([said(), calls.transferCount]).toEqual([[], 0]);
});

test('who was connected to somebody else meanwhile is let go alone when the far side is done', () => {
  const place = talk();
  const { transfer, settle, said, calls } = place;
  transfer(CALLER, 'blind');
  const invite: SignalingEvent = { ...offered(), leg: 9 as LegId, replaces: CALLER } as SignalingEvent;
  calls.receive(invite, 22);
  said();
  settle(2, 'done');
  expect([said(), calls.bridgeCount]).toEqual([['hangup 2 normal', 'hangup 9 normal'], 0]);
});

test('RFC 5589 §7.1: two whom an attended transfer brings together at one provider are left to it, if it takes them', () => {
  for (const outcome of ['done', 'refused', 'failed'] as const) {
    const { transfer, settle, asked, said, heard, calls } = talk();
    transfer(CALLER, 'attended');
    calls.receive(answered(3), 25);
    expect([said(), asked]).toEqual([['dial 3'], []]);
    calls.receive(ended(CALLER, 'remote'), 26);
    expect([said(), heard().at(-1)]).toEqual([['refer 2'], 'close 1']);
    expect(asked).toEqual([{ toUser: '', domain: 'theirs', replaces: 3 }]);
    settle(2, outcome);
    expect(said()).toEqual(outcome === 'done' ? ['hangup 2 normal', 'hangup 3 normal'] : []);
    expect([calls.bridgeCount, calls.transferCount]).toEqual([outcome === 'done' ? 0 : 1, 0]);
  }
});

test('a trunk that called is given the caller and whom it was called through', () => {
  const place = talk('1001', { caller: FROM_TRUNK });
  const { directory, transfer, asked, said, calls } = place;
  directory.putTrunk({ ...TRUNK, hostname: '198.51.100.20' });
  const row = [...directory.dialRoutes.values()][0]!;
  directory.putDialRoute({ ...row, providerId: TRUNK.id, priority: -1 });
  transfer(2, 'attended');
  calls.receive(answered(3), 25);
  said();
  calls.receive(ended(2, 'remote'), 26);
  expect([said(), asked]).toEqual([['refer 1'], [{ toUser: '', domain: 'theirs', replaces: 3 }]]);
});

test('two who are brought together at different peers stay with us', () => {
  const { transfer, asked, said, calls } = talk();
  transfer(CALLER, 'attended', address('extension', '1001'));
  calls.receive(answered(3), 25);
  said();
  calls.receive(ended(CALLER, 'remote'), 26);
  expect([said(), asked, calls.bridgeCount]).toEqual([[], [], 1]);
});

test('platform §5.6: a target that is given up after the ring time leaves both as they were', () => {
  const { transfer, said, heard, calls } = talk();
  transfer(CALLER, 'attended');
  expect(heard()).toEqual(['unbridge 1', 'play 1 ringback de', 'play 2 prompts/music.wav']);
  calls.expire(60_020);
  expect([said(), calls.bridgeCount]).toEqual([['dial 3', 'hangup 3 no-answer'], 1]);
  expect(heard()).toEqual(['stopPlaying 2', 'bridge 1 2']);
  expect([calls.transferCount, calls.musicCount]).toEqual([0, 0]);
});
