import { expect, test } from 'vitest';
import { NEVER } from '../../../core/kernel/time.ts';
import { buildUri } from '../../../sip/grammar/uri.ts';
import type { Request } from '../../../sip/message.ts';
import { parse } from '../../../sip/parser.ts';
import type { ClientTransaction } from '../../../sip/transaction/client-transaction.ts';
import { cancelOf, InviteClient } from '../../../sip/transaction/invite-client.ts';
import { InviteServer } from '../../../sip/transaction/invite-server.ts';
import { NonInviteClient } from '../../../sip/transaction/non-invite-client.ts';
import { NonInviteServer } from '../../../sip/transaction/non-invite-server.ts';
import type { ServerTransaction } from '../../../sip/transaction/server-transaction.ts';
import { RFC_TIMING } from '../../../sip/transaction/timing.ts';
import { buildRequest, respond, write } from '../../../sip/writer.ts';

function request(method: string): Request {
  return buildRequest({
    method,
    uri: buildUri({ user: 'bob', host: '192.0.2.2' }),
    fields: [
      ['Via', 'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1'],
      ['Route', '<sip:192.0.2.9;lr>'],
      ['Max-Forwards', '70'],
      ['From', '<sip:alice@192.0.2.1>;tag=a'],
      ['To', '<sip:bob@192.0.2.2>'],
      ['Call-ID', 'c'],
      ['CSeq', `7 ${method}`],
    ],
  });
}

const options = (method: string, reliable = false) => ({
  request: request(method),
  bytes: write(request(method)),
  reliable,
  timing: RFC_TIMING,
});

/** Lets every timer fire, and says when something was sent or reported. */
function run(machine: ClientTransaction | ServerTransaction, log: string[] = []): string[] {
  const drain = (now: number): void => {
    for (let output = machine.poll(); output !== undefined; output = machine.poll()) log.push(`${now} ${output.kind}`);
  };
  drain(0);
  for (let at = machine.deadline(); at !== NEVER; at = machine.deadline()) {
    machine.expire(at);
    drain(at);
  }
  return log;
}

test('RFC 3261 §17.1.1.2: an unanswered INVITE is sent seven times and given up after 64*T1', () => {
  expect(run(new InviteClient(options('INVITE'), 0))).toEqual([
    '0 transmit',
    '500 transmit',
    '1500 transmit',
    '3500 transmit',
    '7500 transmit',
    '15500 transmit',
    '31500 transmit',
    '32000 failed',
  ]);
});

test('RFC 3261 §17.1.2.2: an unanswered request other than INVITE is repeated every T2 at most', () => {
  const log = run(new NonInviteClient(options('BYE'), 0));
  expect(log).toEqual([
    ...[0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500].map((at) => `${at} transmit`),
    '32000 failed',
  ]);
});

test('over a reliable transport nothing is repeated', () => {
  expect(run(new InviteClient(options('INVITE', true), 0))).toEqual(['0 transmit', '32000 failed']);
  expect(run(new NonInviteClient(options('BYE', true), 0))).toEqual(['0 transmit', '32000 failed']);
});

test('a request that is being worked on is repeated every T2', () => {
  const machine = new NonInviteClient(options('BYE'), 0);
  machine.poll();
  machine.receive(respond(request('BYE'), 100), 10);
  expect(run(machine).slice(0, 4)).toEqual(['0 response', '500 transmit', '4500 transmit', '8500 transmit']);
});

test('a refusal is acknowledged each time it comes, with the branch, route and CSeq of the INVITE', () => {
  const machine = new InviteClient(options('INVITE'), 0);
  machine.poll();
  const busy = respond(request('INVITE'), 486, { toTag: 'b' });
  machine.receive(busy, 10);
  const first = machine.poll();
  expect(machine.poll()).toEqual({ kind: 'response', response: busy });
  machine.receive(busy, 20);
  expect(machine.poll()).toEqual(first);
  const ack = parse(first?.kind === 'transmit' ? first.bytes : new Uint8Array(0)).message as Request;
  expect([ack.method, ack.topVia.branch, ack.first('Route'), ack.toTag, ack.cseq]).toEqual([
    'ACK',
    'z9hG4bK1',
    '<sip:192.0.2.9;lr>',
    'b',
    { number: 7, method: 'ACK' },
  ]);
  expect([machine.deadline(), machine.state]).toEqual([32_010, 'completed']);
});

test('a CANCEL carries the branch, route, To and CSeq number of its INVITE', () => {
  const cancel = cancelOf(request('INVITE'), [['Reason', 'SIP;cause=200']]);
  expect([cancel.method, cancel.topVia.branch, cancel.first('Route'), cancel.first('To'), cancel.cseq]).toEqual([
    'CANCEL',
    'z9hG4bK1',
    '<sip:192.0.2.9;lr>',
    '<sip:bob@192.0.2.2>',
    { number: 7, method: 'CANCEL' },
  ]);
});

test('an INVITE that is not answered within 200 ms asks for 100, and then repeats it', () => {
  const machine = new InviteServer({ reliable: false, timing: RFC_TIMING }, 0);
  machine.receiveRepeated(100);
  expect(machine.poll()).toBeUndefined();
  machine.expire(machine.deadline());
  expect(machine.poll()).toEqual({ kind: 'trying' });
  const bytes = new Uint8Array([1]);
  machine.respond(100, bytes, 200);
  expect(machine.poll()).toEqual({ kind: 'transmit', bytes, repeated: false });
  machine.receiveRepeated(300);
  expect(machine.poll()).toEqual({ kind: 'transmit', bytes, repeated: true });
});

test('RFC 3261 §17.2.1: a refusal is repeated until its ACK comes, at most for 64*T1', () => {
  const machine = new InviteServer({ reliable: false, timing: RFC_TIMING }, 0);
  machine.respond(486, new Uint8Array(1), 0);
  const sent = [0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
  expect(run(machine)).toEqual([...sent.map((at) => `${at} transmit`), '32000 failed']);
});

test('the ACK of a refusal is reported once', () => {
  const machine = new InviteServer({ reliable: false, timing: RFC_TIMING }, 0);
  machine.respond(486, new Uint8Array(1), 0);
  machine.poll();
  machine.receiveAck(10);
  expect(machine.poll()).toEqual({ kind: 'acknowledged' });
  machine.receiveAck(20);
  expect(machine.poll()).toBeUndefined();
  expect([machine.state, machine.deadline()]).toEqual(['confirmed', 5_010]);
});

test('a repeated request other than INVITE gets the same bytes for 64*T1', () => {
  const machine = new NonInviteServer({ reliable: false, timing: RFC_TIMING });
  const bytes = new Uint8Array([1, 2]);
  machine.respond(200, bytes, 0);
  expect(machine.poll()).toEqual({ kind: 'transmit', bytes, repeated: false });
  machine.receiveRepeated(31_000);
  expect(machine.poll()).toEqual({ kind: 'transmit', bytes, repeated: true });
  machine.expire(32_000);
  expect(machine.state).toBe('terminated');
});

test('inputs are refused until the outputs of the last one are drained', () => {
  const machine = new InviteClient(options('INVITE'), 0);
  expect(() => machine.transportFailed(0)).toThrow(/drain poll/);
});
