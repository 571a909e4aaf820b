import { expect, test } from 'vitest';
import type { DialRouteId, LegId, NumberId, OutboundConfigId } from '../../core/kernel/ids.ts';
import type { SignalingEvent } from '../../core/ports.ts';
import { providerOf } from '../sim/providers.ts';
import { answered, CALLER, ended, offered, office, recordOn, SDP } from './office.ts';
import { CUSTOMER, NUMBER } from './store/rows.ts';

const CALLEE = 2 as LegId;

/** 1002 calls 1001, whose phone rings. */
function calling() {
  const place = office();
  place.calls.receive(offered(), 0);
  place.said();
  place.heard();
  return place;
}

const SILENT = { ...answered(CALLEE), body: undefined } as SignalingEvent;

function ringingWithOffer(): SignalingEvent {
  return { kind: 'ringing', leg: CALLEE, status: 183, body: SDP, isOffer: true };
}

function answeredWithOffer(): SignalingEvent {
  return { ...answered(CALLEE), isOffer: true } as SignalingEvent;
}

test('the offer of a callee is answered at once, and the caller with it', () => {
  const { calls, said, heard } = calling();
  calls.receive(answeredWithOffer(), 10);
  expect([said(), heard()]).toEqual([['acknowledge 2', 'answer 1'], ['bridge 1 2']]);
});

test('a callee whose offer came while it rang is heard then, and its 200 says no more', () => {
  const { calls, said, heard } = calling();
  calls.receive(ringingWithOffer(), 10);
  expect([said(), heard()]).toEqual([['acknowledge 2', 'ring 1 early'], ['bridge 1 2']]);
  calls.receive(SILENT, 20);
  expect([said(), calls.bridgeCount]).toEqual([['answer 1'], 1]);
});

test('an offer of which nothing can be taken is answered so, and its call ends; one that cannot be read ends it too', () => {
  for (const answer of [SDP, undefined]) {
    const { calls, said, media } = calling();
    const refusal = { kind: 'refused', cause: 'not-acceptable', detail: '' } as const;
    media.renegotiate = () => (answer === undefined ? refusal : { ...refusal, answer }) as never;
    calls.receive(answeredWithOffer(), 10);
    calls.receive(ended(CALLEE), 20);
    const acknowledged = answer === undefined ? [] : ['acknowledge 2'];
    expect(said()).toEqual([...acknowledged, 'hangup 2 not-acceptable', 'hangup 1 not-acceptable']);
  }
});

test('a callee who makes no offer at all is not acceptable', () => {
  const { calls, said } = calling();
  calls.receive(SILENT, 10);
  expect(said()).toEqual(['hangup 2 not-acceptable']);
});

test('an offer that crosses the end of its call gets no answer', () => {
  const place = calling();
  const { calls, said } = place;
  calls.receive(ended(CALLER, 'remote'), 10);
  expect(said()).toEqual(['hangup 2 canceled']);
  calls.receive(answeredWithOffer(), 20);
  expect([said(), recordOn(place, CALLEE)?.status]).toEqual([[], 'canceling']);
});

test('what was agreed with a provider that failed is not agreed with the next', () => {
  const place = office();
  const { directory, calls, said, dialled, media } = place;
  const named = { createdAt: 0, updatedAt: null, deletedAt: null, customerId: CUSTOMER.id, name: '', detail: '' };
  directory.putNumber({ ...NUMBER, id: 'own' as NumberId, number: '+4930123456', type: 'normal' });
  for (const number of [1, 2]) {
    const offer = number === 1 ? 'late' : 'early';
    const provider = providerOf(number, { hostname: `198.51.100.${number}`, terms: { offer } });
    directory.putProvider(provider);
    const id = `r${number}` as DialRouteId;
    directory.putDialRoute({ ...named, id, providerId: provider.id, priority: number, target: 'all' });
  }
  const [destinationWhitelist, defaultNumberId] = [['de'], 'own' as NumberId];
  const id = 'o' as OutboundConfigId;
  directory.putOutboundConfig({ ...named, id, codecs: '', callsMax: 0, destinationWhitelist, defaultNumberId });
  calls.receive(offered({ toUser: '+498912345678' }), 0);
  calls.receive(ringingWithOffer(), 10);
  said();
  calls.receive({ kind: 'failed', leg: CALLEE, cause: 'overloaded', status: 503 }, 20);
  expect(said()).toEqual(['dial 2']);
  expect(dialled.map(({ offer }) => offer === undefined)).toEqual([true, false]);
  const unusable = new Uint8Array([7]);
  media.refuses.add(unusable);
  calls.receive(answered(CALLEE, unusable), 30);
  expect(said()).toEqual(['hangup 2 not-acceptable']);
});
