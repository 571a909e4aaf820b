import { describe, expect, test } from 'vitest';
import { address } from '../../core/calls/address.ts';
import type { Command, Principal } from '../../core/command.ts';
import { Exchange } from '../../core/exchange.ts';
import type { ActiveflowRecord } from '../../core/flows/activeflow-record.ts';
import type { ScriptSessionId } from '../../core/kernel/ids.ts';
import { answered, CALLER, NO_SUCH_FLOW, type OfficeOptions, OTHER_CUSTOMER, offered, office } from './office.ts';
import { CONFERENCE } from './quiet-ports.ts';
import { ACTIVEFLOW, CUSTOMER, NUMBER } from './store/rows.ts';

const ADMIN: Principal = { kind: 'accesskey', accesskeyId: 'k' as never, customerId: CUSTOMER.id };
const STRANGER: Principal = { kind: 'accesskey', accesskeyId: 'k' as never, customerId: OTHER_CUSTOMER };
const SESSION = 's' as ScriptSessionId;

/** A whole core with the office's rows; `ask` tells how a command ended, when it did at once. */
function core(options: OfficeOptions & { readonly activeflow?: ActiveflowRecord } = {}) {
  const place = office(options);
  const liveActiveflow = () => options.activeflow;
  const exchange = new Exchange({ ...place.ports, liveActiveflow });
  let ticket = 0;
  const ask = (command: Command, by: Principal = ADMIN) => {
    exchange.receive({ kind: 'command', ticket: ++ticket, command, by }, 10);
    return exchange.poll()?.result;
  };
  const commit = () => exchange.receive({ kind: 'store', event: place.store.stored() }, 20);
  return { ...place, exchange, ask, commit };
}

/** A call to the number, answered by its flow. */
function talking() {
  const rig = core();
  rig.exchange.receive({ kind: 'signal', event: offered({ toUser: NUMBER.number }) }, 0);
  const { id } = rig.exchange.calls.ledger.records()[0]!;
  rig.exchange.receive({ kind: 'flow', event: { kind: 'demand', call: id, demand: { kind: 'answer' } } }, 5);
  return { ...rig, id };
}

describe('the core', () => {
  test('hands demands to the calls and tells what happened to commands of flows', () => {
    const { said, told, exchange } = talking();
    expect([said(), told()]).toEqual([['answer 1'], ['answered']]);
    const settled = { kind: 'settled', ticket: 9, result: { kind: 'done', id: 'a' } } as const;
    exchange.receive({ kind: 'flow', event: settled }, 10);
    expect(exchange.poll()).toMatchObject({ ticket: 9, result: { kind: 'done', id: 'a' } });
  });

  test('hands commands of flows over when they are allowed, and only then', () => {
    const { ask, flows, id } = { ...talking() };
    const command = { kind: 'attachScript', callId: id, session: SESSION } as const;
    expect(ask(command, STRANGER)).toMatchObject({ refusal: { code: 'RESOURCE_NOT_FOUND' } });
    expect(flows.commands).toEqual([]);
    expect(ask(command)).toBeUndefined();
    expect(flows.commands).toEqual([{ ticket: 2, command }]);
  });

  test('knows activeflows that run from whoever runs them', () => {
    const running = core({ activeflow: ACTIVEFLOW });
    running.ask({ kind: 'stopActiveflow', id: ACTIVEFLOW.id });
    expect(running.flows.commands).toHaveLength(1);
    const none = core();
    expect(none.ask({ kind: 'stopActiveflow', id: ACTIVEFLOW.id })).toMatchObject({ kind: 'refused' });
    expect(none.flows.commands).toEqual([]);
  });

  test('tells a program that has taken over a call without a flow what happens to it', () => {
    const rig = core();
    rig.exchange.receive({ kind: 'signal', event: offered() }, 0);
    rig.exchange.receive({ kind: 'signal', event: answered(2) }, 1);
    const { id } = rig.exchange.calls.ledger.get(CALLER)!.record;
    const digit = { kind: 'digit', leg: CALLER, digit: '1', durationMs: 100 } as const;
    rig.exchange.receive({ kind: 'media', event: digit }, 2);
    rig.ask({ kind: 'attachScript', callId: id, session: SESSION });
    rig.exchange.receive({ kind: 'media', event: digit }, 3);
    rig.exchange.receive({ kind: 'signal', event: { kind: 'ended', leg: CALLER, cause: 'normal', by: 'remote' } }, 4);
    expect(rig.told()).toEqual(['digit 1', 'ended']);
  });

  test('makes calls for who may, and answers when they are durable', () => {
    const { ask, commit, exchange, said } = core();
    const command = {
      kind: 'createCalls',
      customerId: CUSTOMER.id,
      source: null,
      destinations: [address('sip', 'sip:a@192.0.2.1')],
      flowId: null,
      actions: [],
      anonymous: '',
      variables: {},
    } as const;
    expect(ask(command, STRANGER)).toMatchObject({ refusal: { code: 'PERMISSION_DENIED' } });
    expect(ask({ ...command, flowId: NO_SUCH_FLOW })).toMatchObject({ refusal: { code: 'RESOURCE_NOT_FOUND' } });
    expect(said()).toEqual([]);
    expect(ask(command)).toBeUndefined();
    expect(said()).toEqual(['dial 2']);
    commit();
    const { id } = exchange.calls.ledger.records()[0]!;
    expect(exchange.poll()?.result).toEqual({ kind: 'done', id, ids: [id] });
  });

  test('hangs up, holds and deletes live calls', () => {
    const { ask, said, id, exchange, commit } = talking();
    said();
    expect(ask({ kind: 'holdCall', id, mode: 'held' })).toEqual({ kind: 'done', id });
    expect(ask({ kind: 'hangupCall', id }, STRANGER)).toMatchObject({ refusal: { code: 'RESOURCE_NOT_FOUND' } });
    expect(ask({ kind: 'deleteCall', record: exchange.calls.recordOf(id)! })).toBeUndefined();
    expect(said()).toEqual(['reoffer 1', 'hangup 1 normal']);
    commit();
    expect(exchange.poll()?.result).toEqual({ kind: 'done', id });
    expect(exchange.calls.recordOf(id)!.deletedAt).toBe(10);
  });

  test('knows who is in a conference', () => {
    const { ask, exchange, id, heard } = talking();
    const demand = { kind: 'joinConference', token: 1, conferenceId: CONFERENCE.id } as const;
    exchange.receive({ kind: 'flow', event: { kind: 'demand', call: id, demand } }, 6);
    const stay = exchange.calls.conferences.conferencecallsOf(CONFERENCE.id)[0]!;
    heard();
    ask({ kind: 'kickConferencecall', id: stay.id }, STRANGER);
    expect(heard()).toEqual([]);
    ask({ kind: 'kickConferencecall', id: stay.id });
    expect(heard()).toEqual(['leave 1']);
  });

  test('plays what was downloaded, and says what could not be', () => {
    const requests: string[] = [];
    const rig = core({ ports: { http: { request: ({ url }) => void requests.push(url) } } });
    rig.exchange.receive({ kind: 'signal', event: offered({ toUser: NUMBER.number }) }, 0);
    const { id } = rig.exchange.calls.ledger.records()[0]!;
    const demand = { kind: 'play', token: 4, urls: ['https://example.org/a.wav'] } as const;
    rig.exchange.receive({ kind: 'flow', event: { kind: 'demand', call: id, demand } }, 5);
    expect(requests).toEqual(['https://example.org/a.wav']);
    const event = { kind: 'failed', owner: 'calls', number: 1, detail: 'no route' } as const;
    rig.exchange.receive({ kind: 'http', event }, 6);
    expect(rig.told()).toEqual(['played 4 failed']);
  });
});
