import { describe, expect, test } from 'vitest';
import { address } from '../../core/calls/address.ts';
import type { CallCommand } from '../../core/command.ts';
import type { CallDemand } from '../../core/flows/call-control.ts';
import type { CallId, LegId } from '../../core/kernel/ids.ts';
import {
  answered,
  CONNECT,
  ended,
  execute,
  failed,
  NO_SUCH_FLOW,
  type OfficeOptions,
  office,
  recordOn,
  SDP,
} from './office.ts';
import { ACTION, CALL, CUSTOMER, FLOW } from './store/rows.ts';

const CREATE: Extract<CallCommand, { kind: 'createCalls' }> = {
  kind: 'createCalls',
  customerId: CUSTOMER.id,
  source: address('tel', '+15550100', 'Shop'),
  destinations: [address('extension', '1001')],
  flowId: FLOW.id,
  actions: [],
  anonymous: '',
  variables: { colour: 'blue' },
};
const SIP = address('sip', 'sip:bob@192.0.2.50');

/** Calls made by command; `done` tells them once the store has them. */
function created(changes: Partial<typeof CREATE> = {}, options: OfficeOptions = {}) {
  const place = office(options);
  const early = execute(place, { ...CREATE, ...changes });
  const said = place.said();
  const done = () => {
    place.calls.receiveStore(place.store.stored(), 20);
    return place.calls.poll()?.result;
  };
  return { ...place, early, dials: said, done };
}

describe('calls by command', () => {
  test('are dialled at once, and told once their rows are durable', () => {
    const place = created({ destinations: [SIP] });
    expect([place.dials, place.early]).toEqual([['dial 2'], undefined]);
    const record = recordOn(place, 2)!;
    expect(record).toMatchObject({ flowId: FLOW.id, activeflowId: null, groupcallId: null, masterCallId: null });
    expect(record).toMatchObject({ source: CREATE.source, destination: SIP, direction: 'outgoing', status: 'dialing' });
    expect(place.store.writes).toContainEqual({ kind: 'saveCall', row: record });
    expect(place.done()).toEqual({ kind: 'done', id: record.id, ids: [record.id] });
    expect(place.dialled[0]).toMatchObject({ fromUser: '+15550100', fromName: 'Shop', toUser: 'bob' });
  });

  test('tell how they are heard while they live, and keep it once they are over', () => {
    const place = created({ destinations: [SIP] });
    const { id } = recordOn(place, 2)!;
    place.calls.receive(answered(2), 30);
    expect(place.calls.mediaNow(id)).toBeNull();
    place.media.heard.set(2 as LegId, CALL.media!);
    expect(place.calls.mediaNow(id)).toEqual(CALL.media);
    place.calls.receive(ended(2), 40);
    expect(place.calls.mediaNow(id)).toBeNull();
    const saved = place.store.writes.findLast((write) => write.kind === 'saveCall');
    expect(saved).toMatchObject({ row: { id, status: 'hangup', media: CALL.media } });
  });

  test('run the flow on who answers, with the variables given', () => {
    const place = created({ destinations: [SIP] });
    place.calls.receive(answered(2), 30);
    const record = recordOn(place, 2)!;
    expect(record).toMatchObject({ status: 'progressing', flowId: FLOW.id });
    expect(place.flows.starts).toEqual([
      expect.objectContaining({
        activeflowId: record.activeflowId,
        flowId: FLOW.id,
        actions: FLOW.actions,
        onCompleteFlowId: FLOW.onCompleteFlowId,
        reference: { type: 'call', id: record.id },
        suppliedVariables: { colour: 'blue' },
      }),
    ]);
    expect(place.flows.starts[0]!.variables).toMatchObject({
      'voipbin.call.direction': 'outgoing',
      'voipbin.call.destination.target': SIP.target,
    });
    place.calls.receive(ended(2, 'remote'), 40);
    expect([place.told(), place.calls.ledger.liveCount, place.calls.timerCount]).toEqual([['ended'], 0, 0]);
  });

  test('run actions as they are, without a stored flow', () => {
    const place = created({ destinations: [SIP], flowId: null, actions: [ACTION] });
    place.calls.receive(answered(2), 30);
    expect(place.flows.starts[0]).toMatchObject({ flowId: null, actions: [ACTION], onCompleteFlowId: null });
  });

  test('without a flow and without actions are hung up when they are answered', () => {
    const place = created({ destinations: [SIP], flowId: null });
    place.calls.receive(answered(2), 30);
    expect([place.said(), place.flows.starts]).toEqual([['hangup 2 normal'], []]);
  });

  test('to an extension ring all its phones as one group, and only the first who answers keeps the call', () => {
    const place = created({}, { contacts: 3 });
    expect(place.dials).toEqual(['dial 2', 'dial 3', 'dial 4']);
    const [first, second, third] = [2, 3, 4].map((leg) => recordOn(place, leg)!);
    expect(first!.groupcallId).not.toBeNull();
    expect([second!.groupcallId, third!.groupcallId]).toEqual([first!.groupcallId, first!.groupcallId]);
    place.calls.receive(failed(4, 'busy'), 25);
    place.calls.receive(answered(3), 30);
    expect(place.said()).toEqual(['hangup 2 answered-elsewhere']);
    place.calls.receive(answered(2), 31);
    expect([place.flows.starts.length, place.said()]).toEqual([1, []]);
    expect(place.flows.starts[0]!.reference).toEqual({ type: 'call', id: second!.id });
  });

  test('to several destinations each stand for themselves', () => {
    const place = created({ destinations: [SIP, address('extension', '1001'), SIP] });
    expect(place.dials).toEqual(['dial 2', 'dial 3', 'dial 4']);
    const result = place.done();
    expect(result?.kind === 'done' && result.ids).toEqual([2, 3, 4].map((leg) => recordOn(place, leg)!.id));
    for (const leg of [2, 3, 4]) place.calls.receive(answered(leg), 30);
    expect([place.flows.starts.length, place.said()]).toEqual([3, []]);
  });

  test('are given up when nobody answers in time', () => {
    const place = created({ destinations: [SIP] });
    place.calls.expire(60_010);
    expect(place.said()).toEqual(['hangup 2 no-answer']);
    place.calls.receive(ended(2), 60_020);
    expect([place.calls.ledger.liveCount, place.calls.timerCount, place.calls.deadline()]).toEqual([0, 0, Infinity]);
    expect(place.told()).toEqual([]);
  });

  test('that were answered in time go on until the longest duration', () => {
    const place = created({ destinations: [SIP] });
    place.calls.receive(answered(2), 59_000);
    expect(place.calls.deadline()).toBe(3_659_000);
    place.calls.expire(3_659_000);
    expect(place.said()).toEqual(['hangup 2 timeout']);
  });

  test('whose answer cannot be used are hung up, and no flow runs', () => {
    const place = created({ destinations: [SIP] });
    place.media.refuses.add(SDP);
    place.calls.receive(answered(2), 30);
    expect([place.said(), place.flows.starts]).toEqual([['hangup 2 not-acceptable'], []]);
  });

  test('can be connected further by their flow', () => {
    const place = created({ destinations: [SIP] });
    place.calls.receive(answered(2), 30);
    const call = recordOn(place, 2)!.id;
    place.calls.receiveFlow({ kind: 'demand', call, demand: CONNECT }, 40);
    expect([place.said(), place.heard()]).toEqual([['dial 3'], ['play 2 ringback']]);
    place.calls.receive(answered(3), 50);
    expect([place.told(), place.heard()]).toEqual([['connected 7'], ['bridge 2 3']]);
  });

  test('that the store cannot take are hung up and refused', () => {
    const place = created({ destinations: [SIP] });
    place.calls.receiveStore(place.store.failed(), 20);
    expect(place.calls.poll()?.result).toMatchObject({ kind: 'refused', refusal: { code: 'STORE_FAILED' } });
    expect(place.said()).toEqual(['hangup 2 internal']);
  });

  test('dial those that can be, and leave out the others', () => {
    const place = created({ destinations: [address('extension', '1999'), SIP, address('agent', 'x')] });
    expect(place.dials).toEqual(['dial 2']);
    expect(place.done()).toMatchObject({ kind: 'done', ids: [recordOn(place, 2)!.id as CallId] });
  });

  test.each([
    [{ destinations: [] }, 'INVALID_ARGUMENT', 'destinations'],
    [
      { destinations: [address('extension', '1002'), address('tel', '+4930123456')] },
      'INVALID_ARGUMENT',
      'destinations[0]',
    ],
    [{ destinations: [address('email', 'a@b.c')] }, 'INVALID_ARGUMENT', 'destinations[0]'],
    [{ destinations: Array.from({ length: 101 }, () => SIP) }, 'INVALID_ARGUMENT', 'destinations'],
    [{ flowId: NO_SUCH_FLOW }, 'INVALID_ARGUMENT', 'flow_id'],
  ])('%j are refused for what is wrong with them', (changes, code, field) => {
    const place = created(changes);
    expect(place.early).toMatchObject({ kind: 'refused', refusal: { code, field } });
    expect(place.early?.kind === 'refused' && place.early.refusal.expected).toBeTruthy();
    expect([place.dials, place.calls.ledger.liveCount]).toEqual([[], 0]);
  });

  test('are not made any more when the switch shuts down', () => {
    const place = office();
    place.calls.hangupAll('shutting-down', 5);
    expect(execute(place, CREATE)).toMatchObject({ refusal: { code: 'SERVICE_UNAVAILABLE' } });
    expect(place.said()).toEqual([]);
  });

  test('of a customer that is not active, or without a place in media, are refused', () => {
    const frozen = office();
    frozen.directory.putCustomer({ ...CUSTOMER, status: 'frozen' });
    expect(execute(frozen, CREATE)).toMatchObject({ refusal: { code: 'STATE_INVALID', got: 'frozen' } });
    const full = office();
    full.media.isFull = true;
    expect(execute(full, CREATE)).toMatchObject({ refusal: { code: 'OVERLOADED', retryAfterS: 10 } });
  });

  test('are refused when the whole switch has too much to do, each destination by itself', () => {
    const judged = ['admitted', 'overloaded', 'admitted', 'overloaded', 'draining'] as const;
    let asked = 0;
    const place = office({ ports: { admission: { judge: () => judged[asked++]! } } });
    expect(execute(place, { ...CREATE, destinations: [SIP, SIP, SIP] })).toBeUndefined();
    expect([asked, place.said()]).toEqual([3, ['dial 2', 'dial 3']]);
    expect(execute(place, CREATE)).toEqual({
      kind: 'refused',
      refusal: {
        code: 'OVERLOADED',
        message: 'there is no place for another call',
        field: 'destinations[0]',
        retryAfterS: 10,
      },
    });
    expect(execute(place, CREATE)).toMatchObject({ refusal: { code: 'SERVICE_UNAVAILABLE' } });
    expect(place.said()).toEqual([]);
  });
});

describe('a call to a name', () => {
  const NAME = address('sip', 'sip:bob@pbx.example');
  const peer = { transport: 'udp', address: '192.0.2.60', port: 5060 } as const;
  const located = { kind: 'located', leg: 2 as LegId, peer } as const;

  test('is located first: it has no media and is not dialled before its server is known', () => {
    const place = created({ destinations: [NAME] });
    expect([place.dials, place.heard()]).toEqual([['locate 2'], []]);
    expect(recordOn(place, 2)).toMatchObject({ status: 'dialing', destination: NAME });
    expect(place.done()).toMatchObject({ kind: 'done' });
    place.calls.receive(located, 30);
    expect(place.said()).toEqual(['dial 2']);
    expect(place.dialled[0]).toMatchObject({ toUser: 'bob', target: { contact: NAME.target, via: undefined } });
    place.calls.receive(located, 31);
    expect(place.said()).toEqual([]);
    place.calls.receive(answered(2), 40);
    expect(recordOn(place, 2)?.status).toBe('progressing');
  });

  test('ends when there is no server, or no place in media once there is one', () => {
    const nowhere = created({ destinations: [NAME] });
    nowhere.calls.receive(failed(2, 'not-found'), 30);
    expect([nowhere.calls.ledger.liveCount, nowhere.calls.timerCount, nowhere.said()]).toEqual([0, 0, []]);
    const full = created({ destinations: [NAME] });
    full.media.isFull = true;
    full.calls.receive(located, 30);
    expect(full.said()).toEqual(['hangup 2 media-overloaded']);
    full.calls.receive(ended(2, 'local'), 31);
    expect([full.calls.ledger.liveCount, full.calls.timerCount]).toEqual([0, 0]);
  });

  test('that is given up meanwhile is not dialled', () => {
    const place = created({ destinations: [NAME] });
    place.calls.hangup(recordOn(place, 2)!.id, 'normal', 20);
    expect(place.said()).toEqual(['hangup 2 normal']);
    place.calls.receive(located, 30);
    expect([place.said(), place.heard()]).toEqual([[], []]);
  });

  test('does nothing that a program asks for before it is answered, but ends', () => {
    const place = created({ destinations: [NAME] });
    const { id } = recordOn(place, 2)!;
    place.calls.drive(id);
    for (const kind of ['answer', 'stopPlaying', 'stopEcho'] as const) {
      place.calls.receiveFlow({ kind: 'demand', call: id, demand: { kind } as CallDemand }, 20);
    }
    expect([place.said(), place.heard()]).toEqual([[], []]);
    expect(place.told()).toEqual(
      ['answer', 'stopPlaying', 'stopEcho'].map((kind) => `refused ${kind} call ${id} is dialing`),
    );
    place.calls.receiveFlow(
      { kind: 'demand', call: id, demand: { kind: 'hangup', cause: 'normal', like: null } as CallDemand },
      20,
    );
    expect(place.said()).toEqual(['hangup 2 normal']);
  });
});
