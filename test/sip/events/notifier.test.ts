import { describe, expect, test } from 'vitest';
import type { CustomerId, ExtensionId } from '../../../core/kernel/ids.ts';
import type { Request } from '../../../sip/message.ts';
import { PEER, Rig, type Sent, words } from '../stack/rig.ts';

const MINE = 'sip:1000@192.0.2.1';
const OTHERS = 'sip:1001@192.0.2.1';

/** A SUBSCRIBE of extension 1000, answered. */
function subscribed(rig: Rig, fields: Readonly<Record<string, string>> = {}, uri = OTHERS): readonly Sent[] {
  const asked = { To: `<${uri}>`, Event: 'dialog', Expires: '600', ...fields };
  return rig.authenticated('SUBSCRIBE', asked, '', PEER, { uri, username: '1000', password: 'secret' });
}

function first([sent]: readonly Sent[]): { status: number; header: (name: string) => string | undefined } {
  const message = sent?.message;
  if (message?.type !== 'response') throw new Error('expected a response');
  return { status: message.status, header: (name) => message.first(name) };
}

/** The subscription's next SUBSCRIBE, in its dialog. */
function again(rig: Rig, granted: readonly Sent[], cseq: number, fields: Readonly<Record<string, string>> = {}) {
  const To = granted[0]!.message.first('To')!;
  return rig.receive(
    rig.request('SUBSCRIBE', { To, CSeq: `${cseq} SUBSCRIBE`, Event: 'dialog', ...fields }, '', OTHERS),
  );
}

describe('RFC 6665 §4.2.1: a SUBSCRIBE', () => {
  test('from nobody known is challenged, and nothing is kept', () => {
    const rig = new Rig();
    const sent = rig.receive(rig.request('SUBSCRIBE', { Event: 'dialog' }));
    expect(first(sent).status).toBe(401);
    expect(rig.stack.counters).toMatchObject({ subscriptions: 0, nonInviteServerTransactions: 0 });
  });

  test('is granted, and the first NOTIFY follows at once, in the dialog that it made', () => {
    const rig = new Rig();
    const sent = subscribed(rig, { 'Record-Route': '<sip:proxy.example.com;lr>', Event: 'dialog;id=7' });
    expect(words(sent)).toEqual(['200 SUBSCRIBE', 'NOTIFY']);
    expect(first(sent).header('Expires')).toBe('600');
    expect(first(sent).header('Record-Route')).toBe('<sip:proxy.example.com;lr>');
    const notify = sent[1]!.message as Request;
    expect(notify.uri.text).toBe('sip:1000@198.51.100.7:40000');
    expect(notify.first('Route')).toBe('<sip:proxy.example.com;lr>');
    expect(notify.first('Event')).toBe('dialog;id=7');
    expect(notify.first('Subscription-State')).toBe('active;expires=600');
    expect(notify.first('Content-Type')).toBe('application/dialog-info+xml');
    expect(notify.fromTag).toBe(sent[0]!.message.toTag);
    expect(notify.toTag).toBe('peer');
  });

  test.each([
    ['an event that nobody knows', { Event: 'weather' }, 489, ['Allow-Events', 'dialog, presence, message-summary']],
    ['no event', { Event: '' }, 489, ['Allow-Events', 'dialog, presence, message-summary']],
    ['documents of another kind alone', { Accept: 'text/plain' }, 406, ['Accept', 'application/dialog-info+xml']],
    ['too short a time', { Expires: '59' }, 423, ['Min-Expires', '60']],
    ['an option that we do not have', { Require: 'eventlist' }, 420, ['Unsupported', 'eventlist']],
  ] as const)('that asks for %s is refused, and told why', (_, fields, status, [name, value]) => {
    const rig = new Rig();
    const sent = subscribed(rig, fields);
    expect(words(sent)).toEqual([`${status} SUBSCRIBE`]);
    expect(first(sent).header(name)).toBe(value);
    expect(rig.stack.counters.subscriptions).toBe(0);
  });

  test.each(['application/*', '*/*', 'text/plain, application/dialog-info+xml;q=0.5'])('accepts %s', (Accept) => {
    expect(first(subscribed(new Rig(), { Accept })).status).toBe(200);
  });

  test('for a phone that is not there, or of another customer, gets 404', () => {
    const rig = new Rig();
    const stranger = { ...rig.directory.extensionByName('c' as CustomerId, '1001')! };
    rig.directory.putExtension({
      ...stranger,
      id: 'other' as ExtensionId,
      customerId: 'second' as CustomerId,
      extension: '3000',
    });
    expect(first(subscribed(rig, {}, 'sip:7777@192.0.2.1')).status).toBe(404);
    expect(first(subscribed(rig, { 'Call-ID': 'b' }, 'sip:3000@192.0.2.1')).status).toBe(404);
  });

  test('asks for more time than there is, and gets what there is; a time that is no number counts as none', () => {
    expect(first(subscribed(new Rig(), { Expires: '99999' })).header('Expires')).toBe('3600');
    expect(first(subscribed(new Rig(), { Expires: 'soon' })).header('Expires')).toBe('3600');
  });

  test('with Expires 0 is told once, and nothing is left (§4.4.3)', () => {
    const rig = new Rig();
    const sent = subscribed(rig, { Expires: '0' });
    expect(words(sent)).toEqual(['200 SUBSCRIBE', 'NOTIFY']);
    expect(sent[1]!.message.first('Subscription-State')).toBe('terminated;reason=timeout');
    rig.answer(sent[1]!.message as Request, 200);
    rig.until(64_000);
    expect(rig.stack.counters).toMatchObject({ subscriptions: 0, timersArmed: 0 });
  });
});

describe('RFC 6665 §4.2.2: a NOTIFY', () => {
  test.each([481, 404, 489])('that gets %i ends the subscription', (status) => {
    const rig = new Rig();
    const granted = subscribed(rig);
    rig.answer(granted[1]!.message as Request, status);
    expect(rig.stack.counters.subscriptions).toBe(0);
    expect(words(again(rig, granted, 9))).toEqual(['481 SUBSCRIBE']);
  });

  test('that nobody answers ends it after timer F', () => {
    const rig = new Rig();
    subscribed(rig);
    rig.until(31_900);
    expect(rig.stack.counters.subscriptions).toBe(1);
    rig.until(32_100);
    expect(rig.stack.counters.subscriptions).toBe(0);
  });

  test('that gets 500 is not sent again, and the subscription lasts', () => {
    const rig = new Rig();
    const granted = subscribed(rig);
    expect(rig.answer(granted[1]!.message as Request, 500)).toEqual([]);
    expect(words(again(rig, granted, 9))).toEqual(['200 SUBSCRIBE', 'NOTIFY']);
  });

  test('is not sent while one is under way: the news that come meanwhile are told in one', () => {
    const rig = new Rig();
    const granted = subscribed(rig);
    expect(words(again(rig, granted, 9))).toEqual(['200 SUBSCRIBE']);
    expect(words(again(rig, granted, 10))).toEqual(['200 SUBSCRIBE']);
    const next = rig.answer(granted[1]!.message as Request, 200);
    expect(words(next)).toEqual(['NOTIFY']);
    expect(rig.answer(next[0]!.message as Request, 200)).toEqual([]);
  });
});

describe('in the dialog of a subscription', () => {
  test('a SUBSCRIBE out of order gets 500, other methods 405, and an unknown dialog 481', () => {
    const rig = new Rig();
    const granted = subscribed(rig);
    const To = granted[0]!.message.first('To')!;
    expect(words(again(rig, granted, 1))).toEqual(['500 SUBSCRIBE']);
    expect(words(rig.receive(rig.request('UPDATE', { To, CSeq: '20 UPDATE' })))).toEqual(['405 UPDATE']);
    const Unknown = `<${OTHERS}>;tag=unknown`;
    expect(words(rig.receive(rig.request('SUBSCRIBE', { To: Unknown, Event: 'dialog' })))).toEqual(['481 SUBSCRIBE']);
  });

  test('a refresh moves the watcher to where it is now', () => {
    const rig = new Rig();
    const granted = subscribed(rig);
    rig.answer(granted[1]!.message as Request, 200);
    const [, notify] = again(rig, granted, 9, { Contact: '<sip:1000@198.51.100.7:41000>' });
    expect((notify!.message as Request).uri.text).toBe('sip:1000@198.51.100.7:41000');
  });
});

describe('limits', () => {
  test('of a watcher with too many subscriptions the oldest gives way', () => {
    const rig = new Rig({ subscriptionLimits: { total: 100, ofWatcher: 2, toWatched: 10 } });
    const granted = ['a', 'b', 'c'].map((id) => subscribed(rig, { 'Call-ID': id }));
    expect(granted.map((sent) => first(sent).status)).toEqual([200, 200, 200]);
    expect(rig.stack.counters.subscriptions).toBe(2);
    expect(words(again(rig, granted[0]!, 9, { 'Call-ID': 'a' }))).toEqual(['481 SUBSCRIBE']);
    rig.answer(granted[0]![1]!.message as Request, 200);
    rig.until(700_000);
    expect(rig.stack.counters).toMatchObject({ subscriptions: 0, timersArmed: 0 });
  });

  test.each([
    ['all together', { total: 1, ofWatcher: 10, toWatched: 10 }],
    ['for one phone', { total: 10, ofWatcher: 10, toWatched: 1 }],
  ])('one more than there may be %s gets 503 with Retry-After', (_, subscriptionLimits) => {
    const rig = new Rig({ subscriptionLimits });
    subscribed(rig);
    const sent = subscribed(rig, { 'Call-ID': 'b' });
    expect(first(sent).status).toBe(503);
    expect(first(sent).header('Retry-After')).toBe('60');
  });
});

describe('RFC 3842: waiting messages', () => {
  test('are shown to the phone itself, and none wait', () => {
    const sent = subscribed(new Rig(), { Event: 'message-summary' }, MINE);
    expect(new TextDecoder().decode(sent[1]!.message.body)).toBe(
      'Messages-Waiting: no\r\nMessage-Account: sip:1000@192.0.2.1\r\nVoice-Message: 0/0 (0/0)\r\n',
    );
  });

  test('of another phone are none of anybody’s business', () => {
    expect(first(subscribed(new Rig(), { Event: 'message-summary' })).status).toBe(403);
  });
});

test('RFC 6665 §4.1.3: a NOTIFY that nobody asked for gets 200, and changes nothing', () => {
  const rig = new Rig();
  const notify = rig.request('NOTIFY', { Event: 'keep-alive', 'Subscription-State': 'active' });
  expect(words(rig.receive(notify))).toEqual(['200 NOTIFY']);
  expect(rig.events).toEqual([]);
});

describe('RFC 6665 §4.2.2: a watcher whose connection is gone', () => {
  const CONNECTION = { transport: 'tcp', address: PEER.address, port: 40_000 } as const;

  function watching(contact: string): Rig {
    const rig = new Rig();
    const fields = { Via: 'SIP/2.0/TCP 198.51.100.7:5060;branch=z9hG4bKw', Event: 'dialog', Expires: '600' };
    const asked = { ...fields, To: `<${OTHERS}>`, Contact: contact };
    rig.authenticated('SUBSCRIBE', asked, '', CONNECTION, { uri: OTHERS });
    expect(words(rig.sent.slice(-2))).toEqual(['200 SUBSCRIBE', 'NOTIFY']);
    expect(rig.sent.at(-1)!.destination).toEqual(CONNECTION);
    return rig;
  }

  test.each(['has not answered', 'knows all'])(
    'and that cannot be reached otherwise is forgotten at once, when it %s',
    (how) => {
      const rig = watching('<sip:1000@k2.invalid;transport=ws>');
      if (how === 'knows all') rig.answer(rig.sent.at(-1)!.message as Request, 200);
      const { length } = rig.sent;
      rig.transportFailed({ ...CONNECTION, port: 40_001 });
      expect(rig.stack.counters.subscriptions).toBe(1);
      rig.transportFailed(CONNECTION);
      expect(rig.stack.counters.subscriptions).toBe(0);
      rig.until(3_600_000);
      expect(rig.sent.length).toBe(length);
      expect(rig.stack.counters.timersArmed).toBe(0);
    },
  );

  test('and that listens is told there what it has not confirmed, and what comes later', () => {
    const rig = watching('<sip:1000@198.51.100.7:5060;transport=tcp>');
    const { length } = rig.sent;
    rig.transportFailed(CONNECTION);
    const [notify] = rig.sent.slice(length);
    expect(words(rig.sent.slice(length))).toEqual(['NOTIFY']);
    expect([notify!.destination, notify!.localPort]).toEqual([{ ...CONNECTION, port: 5060 }, undefined]);
    rig.answer(notify!.message as Request, 200);
    expect(rig.stack.counters.subscriptions).toBe(1);
    rig.execute({ kind: 'reachability', extensionId: rig.directory.extensionByName('c' as CustomerId, '1001')!.id });
    expect(rig.sent.at(-1)).toMatchObject({ destination: { port: 5060 }, message: { method: 'NOTIFY' } });
    // Nobody is there either.
    rig.transportFailed({ ...CONNECTION, port: 5060 });
    expect(rig.stack.counters.subscriptions).toBe(0);
  });
});
