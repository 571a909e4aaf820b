import { expect, test } from 'vitest';
import { Account } from '../../../cli/load/account.ts';
import { parseLoadOptions } from '../../../cli/load/load-options.ts';
import { Phones } from '../../../cli/load/phones.ts';
import { Requests } from '../../../cli/load/requests.ts';
import { field, methodOf, respondText, statusOf } from '../../../cli/load/sip-text.ts';
import { Streams } from '../../../cli/load/streams.ts';
import { Tally } from '../../../cli/load/tally.ts';
import type { PacketIo } from '../../../media/io/packet-io.ts';
import { parse } from '../../../sip/parser.ts';

const CHALLENGE = 'WWW-Authenticate: Digest realm="t", nonce="n1", algorithm=MD5, qop="auth"\r\n';
/** Without audio, no packet I/O is touched. */
const NO_AUDIO = {} as PacketIo;
const CONTACT = 'Contact: <sip:t@127.0.0.1:5060>\r\n';

/** Phones whose messages are read from `said`. */
function phones(destination = '') {
  const tally = new Tally();
  const requests = new Requests('run');
  const streams = new Streams(NO_AUDIO, 'off', 40_000);
  const line = { server: '127.0.0.1:5060', address: '127.0.0.1', port: 30_000, run: 'run' };
  const accounts = ['2000', '2001'].map((user) => new Account(user, 'secret'));
  const all = new Phones(accounts, destination, { line, requests, streams, tally });
  const said = (): string => {
    const text = requests.poll();
    expect(text).toBeDefined();
    expect(parse(Buffer.from(text!, 'latin1')).defects).toEqual([]);
    return text!;
  };
  return { all, tally, requests, said };
}

test('a registration answers its challenge and is counted once', () => {
  const { all, tally, said } = phones();
  all.registrations[0]!.register(0);
  all.receive(respondText(said(), '401 Unauthorized', 'x', CHALLENGE), 5);
  const second = said();
  expect(field(second, 'CSeq')).toBe('2 REGISTER');
  expect(field(second, 'Authorization')).toContain('username="2000"');
  all.receive(respondText(second, '200 OK', 'x'), 9);
  expect(tally.registeredCount).toBe(1);
  expect(tally.registerMs.maxMs).toBe(9);
});

test('a call is challenged, answered, acknowledged and ended', () => {
  const { all, tally, said } = phones();
  all.place(0);
  all.receive(respondText(said(), '401 Unauthorized', 'x', CHALLENGE), 1);
  expect(methodOf(said())).toBe('ACK');
  const invite = said();
  expect(field(invite, 'To')).toBe('<sip:2001@127.0.0.1:5060>');
  all.receive(respondText(invite, '180 Ringing', 'y'), 2);
  all.receive(respondText(invite, '200 OK', 'y', CONTACT), 3);
  expect(field(said(), 'CSeq')).toBe('2 ACK');
  expect(tally.answeredCount).toBe(1);
  all.hangupAnswered(10, 10);
  const bye = said();
  expect(methodOf(bye)).toBe('BYE');
  all.receive(respondText(bye, '200 OK', 'y'), 11);
  all.expire(11);
  expect(tally.endedCount).toBe(1);
  expect(all.liveCount).toBe(0);
});

test('a refused call is counted by its status', () => {
  const { all, tally, said } = phones('9999');
  all.place(0);
  all.receive(respondText(said(), '404 Not Found', 'x'), 1);
  expect(methodOf(said())).toBe('ACK');
  expect(Object.fromEntries(tally.failures)).toEqual({ 'invite 404': 1 });
});

test('a call that nobody answers is repeated and given up', () => {
  const { all, tally, requests } = phones();
  all.place(0);
  for (let now = 0; now <= 40_000; now += 100) all.expire(now);
  expect(requests.repeated).toBe(6);
  expect(Object.fromEntries(tally.failures)).toEqual({ 'invite 408': 1 });
});

test('a phone that is called rings, answers, repeats its answer until the ACK, and confirms the BYE', () => {
  const { all, said, requests } = phones();
  const from = 'From: <sip:a@127.0.0.1>;tag=a\r\nTo: <sip:2001@127.0.0.1>\r\nCall-ID: c\r\n';
  const message = (method: string, cseq: string): string =>
    `${method} sip:2001@127.0.0.1:30000 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK${cseq}\r\n` +
    `${from}CSeq: ${cseq} ${method}\r\nContent-Length: 0\r\n\r\n`;
  all.receive(message('INVITE', '1'), 0);
  expect(statusOf(said())).toBe(180);
  const accepted = said();
  expect(statusOf(accepted)).toBe(200);
  all.expire(600);
  expect(said()).toBe(accepted);
  all.receive(message('ACK', '1'), 601);
  all.expire(5_000);
  expect(requests.poll()).toBeUndefined();
  all.receive(message('BYE', '2'), 6_000);
  expect(statusOf(said())).toBe(200);
  expect(all.callees.liveCount).toBe(0);
});

test('arguments that make no sense are one sentence', () => {
  const good = ['calls', '--server', '127.0.0.1:5060', '--accounts', '0200-0203', '--password', 'p'];
  expect(parseLoadOptions(good)).toMatchObject({ accounts: ['0200', '0201', '0202', '0203'], audio: 'off' });
  expect([parseLoadOptions(good).turnMs, parseLoadOptions([...good, '--turn', '0']).turnMs]).toEqual([1, 0]);
  expect(() => parseLoadOptions(['calls'])).toThrow('--server: expected an IPv4 address and a port, got ""');
  expect(() => parseLoadOptions([...good, '--rate', 'x'])).toThrow('--rate: expected a number from 0, got "x"');
  expect(() => parseLoadOptions([...good, '--accounts', '5-2'])).toThrow('--accounts: expected a range');
});
