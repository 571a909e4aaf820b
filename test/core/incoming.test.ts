import { describe, expect, test } from 'vitest';
import type { Customer } from '../../core/directory/records.ts';
import { NIL_UUID } from '../../core/kernel/ids.ts';
import { ended, FROM_TRUNK, incomingOf, offered, office, SDP } from './office.ts';
import { CUSTOMER, EXTENSION, FLOW, NUMBER, TRUNK } from './store/rows.ts';

const toNumber = offered({ toUser: '9101' });

describe('a caller', () => {
  test('is refused while media is overloaded, unless it is help that is called', () => {
    const saidTo = (toUser: string): string[] => {
      const place = office();
      place.media.isFull = true;
      place.calls.receive(offered({ toUser }), 5);
      return place.said();
    };
    expect(saidTo('9101')).toEqual(['hangup 1 media-overloaded']);
    // Nobody carries calls in this office: the reason is another one.
    expect(saidTo('112')).toEqual(['hangup 1 not-found']);
  });

  test('who dials a number gets its flow, and nothing is said before the flow says so', () => {
    const place = office();
    place.calls.receive(toNumber, 5);
    const record = incomingOf(place);
    expect(record).toMatchObject({
      status: 'dialing',
      destination: { type: 'tel', target: NUMBER.number },
      source: { type: 'extension', target: 'a' },
      flowId: FLOW.id,
    });
    expect(place.flows.starts).toEqual([
      expect.objectContaining({
        activeflowId: record.activeflowId,
        customerId: CUSTOMER.id,
        flowId: FLOW.id,
        actions: FLOW.actions,
        onCompleteFlowId: FLOW.onCompleteFlowId,
        reference: { type: 'call', id: record.id },
      }),
    ]);
    expect(place.flows.starts[0]!.variables).toMatchObject({
      'voipbin.call.id': record.id,
      'voipbin.call.direction': 'incoming',
      'voipbin.call.master_call_id': NIL_UUID,
      'voipbin.call.source.target': 'a',
      'voipbin.call.source.type': 'extension',
      'voipbin.call.destination.target': NUMBER.number,
      'voipbin.call.destination.type': 'tel',
    });
    expect([place.said(), place.heard()]).toEqual([[], []]);
  });

  test('is known with its flow from the first event on', () => {
    const place = office();
    const cursor = place.journal.cursorOverAll();
    place.calls.receive(toNumber, 5);
    const reading = cursor.poll();
    const body = reading?.kind === 'event' ? reading.event.body : undefined;
    expect(body).toMatchObject({ type: 'call_created', call: { flowId: FLOW.id } });
    expect(body).toMatchObject({ call: { activeflowId: place.flows.starts[0]!.activeflowId } });
  });

  test('who dials an extension gets no flow', () => {
    const place = office();
    place.calls.receive(offered(), 5);
    expect(place.flows.starts).toEqual([]);
    expect(incomingOf(place)).toMatchObject({ flowId: null, activeflowId: null, destination: { type: 'extension' } });
    expect(place.said()).toEqual(['dial 2', 'ring 1']);
  });

  test('from a trunk reaches numbers and extensions of its customer, and is named by what it looks like', () => {
    const number = office();
    number.calls.receive(offered({ caller: FROM_TRUNK, toUser: NUMBER.number, fromUser: '+4930123456' }), 0);
    expect(incomingOf(number)).toMatchObject({
      trunkId: TRUNK.id,
      extensionId: null,
      source: { type: 'tel', target: '+4930123456' },
      flowId: FLOW.id,
    });
    const extension = office();
    extension.calls.receive(offered({ caller: FROM_TRUNK, toUser: EXTENSION.extension, fromUser: 'alice' }), 0);
    expect(incomingOf(extension).source).toMatchObject({ type: 'sip', target: 'alice' });
    expect(extension.said()).toEqual(['dial 2', 'ring 1']);
  });

  test('who dials nothing that exists is told so, and the record shows what was dialled', () => {
    const place = office();
    place.calls.receive(offered({ toUser: '+4930999999' }), 0);
    expect(place.said()).toEqual(['hangup 1 not-found']);
    expect(incomingOf(place)).toMatchObject({ destination: { type: 'tel', target: '+4930999999' }, flowId: null });
  });

  test.each<[Customer['status'], string[]]>([
    ['active', []],
    ['initial', []],
    ['frozen', ['hangup 1 forbidden']],
    ['expired', ['hangup 1 forbidden']],
  ])('of a customer that is %s: %j', (status, expected) => {
    const place = office();
    place.directory.putCustomer({ ...CUSTOMER, status });
    place.calls.receive(toNumber, 0);
    expect(place.said()).toEqual(expected);
    expect(place.flows.starts.length).toBe(expected.length === 0 ? 1 : 0);
  });

  test('without a common codec is refused before any flow runs', () => {
    const place = office();
    place.media.refuses.add(SDP);
    place.calls.receive(toNumber, 0);
    expect(place.said()).toEqual(['hangup 1 not-acceptable']);
    expect([place.flows.starts, incomingOf(place).activeflowId]).toEqual([[], null]);
  });

  test('who gives up before the flow has answered ends the flow, as the last news', () => {
    const place = office();
    place.calls.receive(toNumber, 0);
    const { id } = incomingOf(place);
    place.calls.receive({ kind: 'ended', leg: 1 as never, cause: 'canceled', by: 'remote' }, 9);
    expect(place.flows.news).toEqual([
      { call: id, news: { kind: 'ended', call: expect.objectContaining({ id, status: 'hangup', cause: 'canceled' }) } },
    ]);
    expect([place.calls.ledger.liveCount, place.calls.timerCount]).toEqual([0, 0]);
  });

  test('is hung up when nothing runs on the call any more', () => {
    const place = office();
    place.calls.receive(toNumber, 0);
    const { id: call, activeflowId } = incomingOf(place);
    const completed = { kind: 'completed', call, activeflowId: activeflowId! } as const;
    place.calls.receiveFlow(completed, 5);
    expect(place.said()).toEqual(['hangup 1 normal']);
    place.calls.receive(ended(1), 6);
    place.calls.receiveFlow(completed, 7);
    expect(place.said()).toEqual([]);
  });

  test('whose flow never ends is hung up after the longest duration', () => {
    const place = office();
    place.calls.receive(toNumber, 5);
    expect(place.calls.deadline()).toBe(3_600_005);
    place.calls.expire(3_600_005);
    expect(place.said()).toEqual(['hangup 1 timeout']);
  });
});
