import { describe, expect, test } from 'vitest';
import type { Request } from '../../sip/message.ts';
import { PEER, Rig, words } from './stack/rig.ts';

const TEXT = { 'Content-Type': 'text/plain' };

function written(rig: Rig, fields: Readonly<Record<string, string>> = {}, body = 'Watson, come here.') {
  return rig.authenticated('MESSAGE', { ...TEXT, ...fields }, body);
}

const REQUEST = {
  target: { contact: 'sip:bob@198.51.100.7:40000', path: ['sip:edge.example.com;lr'], via: PEER, localPort: 5060 },
  fromUser: '1000',
  fromName: 'One\r\nEvil: 1',
  toUser: '1001',
  contentType: 'text/plain',
  body: new TextEncoder().encode('hello'),
};

describe('RFC 3428 §7: a MESSAGE that comes', () => {
  test('waits for what our user says of it, and is not answered twice', () => {
    const rig = new Rig();
    expect(words(written(rig))).toEqual([]);
    expect(rig.events).toMatchObject([{ kind: 'messaged', message: 1, fromUser: '1000', toUser: '1001' }]);
    expect(words(rig.execute({ kind: 'answerMessage', message: 1, cause: undefined }))).toEqual(['200 MESSAGE']);
    expect(words(rig.execute({ kind: 'answerMessage', message: 1, cause: undefined }))).toEqual([]);
    expect(words(rig.repeat())).toEqual(['200 MESSAGE']);
  });

  test('is refused with why', () => {
    const rig = new Rig();
    written(rig);
    const [refusal] = rig.execute({ kind: 'answerMessage', message: 1, cause: 'overloaded' });
    expect(words([refusal!])).toEqual(['503 MESSAGE']);
    expect(refusal!.message.first('Retry-After')).toBe('10');
    expect(refusal!.message.first('Reason')).toContain('Q.850;cause=42');
  });

  test.each([
    ['of a stranger is challenged', {}, '401'],
    ['in another name is forbidden', { From: '<sip:1001@192.0.2.1>;tag=x' }, '403'],
  ] as const)('%s', (name, fields, status) => {
    const rig = new Rig();
    const sent = name.startsWith('of') ? rig.receive(rig.request('MESSAGE', TEXT, 'a')) : written(rig, fields);
    expect(words(sent)).toEqual([`${status} MESSAGE`]);
    expect(rig.events).toEqual([]);
  });

  test('that is longer than a text may be gets 413', () => {
    const rig = new Rig();
    expect(words(written(rig, {}, 'a'.repeat(8_193)))).toEqual(['413 MESSAGE']);
  });
});

describe('RFC 3428 §4: a MESSAGE that goes', () => {
  test('is a request outside a dialog, without a Contact, whose names cannot add a header', () => {
    const rig = new Rig();
    const [sent] = rig.execute({ kind: 'sendMessage', delivery: 7, request: REQUEST });
    const request = sent!.message as Request;
    expect(request.uri.text).toBe('sip:bob@198.51.100.7:40000');
    expect(request.first('Route')).toBe('<sip:edge.example.com;lr>');
    expect(request.first('Contact')).toBeUndefined();
    expect(request.first('Evil')).toBeUndefined();
    expect(request.toTag).toBe('');
    expect(new TextDecoder().decode(request.body)).toBe('hello');
    rig.answer(request, 200);
    expect(rig.events).toEqual([{ kind: 'messageSettled', delivery: 7, cause: undefined }]);
  });

  test.each([
    [486, 'busy'],
    [404, 'not-found'],
  ])('that gets %i is told as %s', (status, cause) => {
    const rig = new Rig();
    const [sent] = rig.execute({ kind: 'sendMessage', delivery: 7, request: REQUEST });
    rig.answer(sent!.message as Request, status);
    expect(rig.events).toEqual([{ kind: 'messageSettled', delivery: 7, cause }]);
  });

  test('that nobody answers is told after timer F', () => {
    const rig = new Rig();
    rig.execute({ kind: 'sendMessage', delivery: 7, request: REQUEST });
    rig.until(31_900);
    expect(rig.events).toEqual([]);
    rig.until(32_100);
    expect(rig.events).toEqual([{ kind: 'messageSettled', delivery: 7, cause: 'unavailable' }]);
  });

  test('to what is no address is told at once', () => {
    const rig = new Rig();
    const target = { ...REQUEST.target, contact: 'mailto:a@b', path: [], via: undefined };
    expect(rig.execute({ kind: 'sendMessage', delivery: 7, request: { ...REQUEST, target } })).toEqual([]);
    expect(rig.events).toEqual([{ kind: 'messageSettled', delivery: 7, cause: 'unavailable' }]);
  });
});
