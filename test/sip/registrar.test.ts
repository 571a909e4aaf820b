import { expect, test } from 'vitest';
import { Directory } from '../../core/directory/directory.ts';
import { seeded } from '../../core/kernel/random.ts';
import type { HeaderName, Request } from '../../sip/message.ts';
import { parse } from '../../sip/parser.ts';
import { Registrar } from '../../sip/user-agent/registrar.ts';
import { write } from '../../sip/writer.ts';
import { apply, EXTENSION, PHONE, register } from './register-request.ts';

const START = 1_790_000_000_000;
const A = '<sip:1000@192.0.2.17:5062>';

/** A registrar and its directory; each call registers, applies the events, and tells what came of it. */
function desk() {
  const directory = new Directory();
  const registrar = new Registrar({ directory, calendar: (now) => START + now, random: seeded(1) });
  return {
    directory,
    send(request: Request, now = 0, source = PHONE) {
      const { response, events } = registrar.receive(request, EXTENSION, source, 5060, now);
      apply(directory, events);
      return {
        status: response.status,
        response,
        contacts: response.all('Contact'),
        events: events.map((event) => ('binding' in event ? `${event.kind} ${event.binding.contact}` : event.kind)),
      };
    },
  };
}

const contact = (value: string, ...more: [HeaderName, string][]): [HeaderName, string][] => [
  ['Contact', value],
  ...more,
];

test('a first registration binds the contact for an hour, and says so', () => {
  const { send, directory } = desk();
  const { status, response, contacts, events } = send(register(contact(A, ['User-Agent', 'Phone/1.0'])), 250);
  expect(status).toBe(200);
  expect(contacts).toEqual([`${A};expires=3600`]);
  expect(events).toEqual(['bound sip:1000@192.0.2.17:5062']);
  expect(response.first('Date')).toBe('Mon, 21 Sep 2026 14:13:20 GMT');
  expect(response.all('Supported')).toEqual(['path', 'outbound']);
  expect(response.toTag).not.toBe('');
  expect(directory.bindings(EXTENSION.id, START + 250)).toEqual([
    {
      customerId: EXTENSION.customerId,
      extensionId: EXTENSION.id,
      contact: 'sip:1000@192.0.2.17:5062',
      path: [],
      transport: 'udp',
      address: '192.0.2.17',
      port: 5062,
      localPort: 5060,
      sipCallId: 'a@phone',
      cseq: 1,
      instance: '',
      regId: 0,
      q: 1000,
      userAgent: 'Phone/1.0',
      registeredAt: START + 250,
      expiresAt: START + 250 + 3_600_000,
    },
  ]);
});

test('the time granted follows contact, then header, then default, within its bounds', () => {
  const rows: readonly [string, [HeaderName, string][], number | '423' | 'gone'][] = [
    ['nothing said', contact(A), 3600],
    ['header', contact(A, ['Expires', '120']), 120],
    ['contact wins', contact(`${A};expires=300`, ['Expires', '120']), 300],
    ['too long', contact(`${A};expires=86400`), 3600],
    ['malformed counts as default', contact(`${A};expires=soon`), 3600],
    ['beyond 32 bits', contact(`${A};expires=99999999999999`), 3600],
    ['just long enough', contact(`${A};expires=60`), 60],
    ['too brief', contact(`${A};expires=59`), '423'],
    ['too brief by header', contact(A, ['Expires', '1']), '423'],
    ['zero removes', contact(`${A};expires=0`), 'gone'],
    ['zero by header removes', contact(A, ['Expires', '0']), 'gone'],
  ];
  for (const [name, fields, granted] of rows) {
    const { status, response, contacts } = desk().send(register(fields));
    if (granted === '423') {
      expect([status, response.first('Min-Expires')], name).toEqual([423, '60']);
    } else {
      expect(status, name).toBe(200);
      expect(contacts, name).toEqual(granted === 'gone' ? [] : [`${A};expires=${granted}`]);
    }
  }
});

test('a request without contacts changes nothing and lists what is bound with the time left', () => {
  const { send } = desk();
  send(register(contact(A)));
  const { contacts, events } = send(register([], 2), 1_000_500);
  expect(contacts).toEqual([`${A};expires=2600`]);
  expect(events).toEqual([]);
});

test('a refresh keeps when the phone first registered and moves the end', () => {
  const { send, directory } = desk();
  send(register(contact(A)));
  expect(send(register(contact(A), 2), 60_000).events).toEqual(['bound sip:1000@192.0.2.17:5062']);
  const [binding] = directory.bindings(EXTENSION.id, START + 60_000);
  expect(binding).toMatchObject({ registeredAt: START, expiresAt: START + 3_660_000, cseq: 2 });
});

test('RFC 3261 §10.3: an older or equal CSeq of the same Call-ID changes nothing and fails', () => {
  const { send, directory } = desk();
  send(register(contact(A), 5));
  for (const cseq of [5, 4]) {
    const both = register(
      [
        ['Contact', '<sip:new@192.0.2.17>'],
        ['Contact', `${A};expires=0`],
      ],
      cseq,
    );
    expect(send(both)).toMatchObject({ status: 500, events: [] });
  }
  expect(directory.bindings(EXTENSION.id, START)).toHaveLength(1);
  expect(send(register(contact(`${A};expires=0`), 1, 'after a restart')).events).toEqual([
    'unbound sip:1000@192.0.2.17:5062',
  ]);
});

test('star with Expires 0 removes everything, and is malformed otherwise', () => {
  const { send } = desk();
  send(register([['Contact', `${A}, <sip:1000@192.0.2.18>`]]));
  expect(send(register(contact('*'), 2)).status).toBe(400);
  expect(send(register(contact('*', ['Expires', '60']), 2)).status).toBe(400);
  expect(
    send(
      register(
        [
          ['Contact', '*'],
          ['Contact', A],
          ['Expires', '0'],
        ],
        2,
      ),
    ).status,
  ).toBe(400);
  expect(send(register(contact('*', ['Expires', '0']), 1)).status).toBe(500);
  const { status, contacts, events } = send(register(contact('*', ['Expires', '0']), 2));
  expect([status, contacts]).toEqual([200, []]);
  expect(events.sort()).toEqual(['unbound sip:1000@192.0.2.17:5062', 'unbound sip:1000@192.0.2.18']);
});

test('several contacts are bound at once, with their preference', () => {
  const { send, directory } = desk();
  const { contacts } = send(register([['Contact', `${A};q=0.5, <sip:1000@192.0.2.18>;q=0.25;expires=90`]]));
  expect(contacts).toEqual(['<sip:1000@192.0.2.18>;q=0.250;expires=90', `${A};q=0.500;expires=3600`]);
  expect(directory.bindings(EXTENSION.id, START).map((binding) => binding.q)).toEqual([250, 500]);
});

test('a fourth contact replaces the one refreshed longest ago', () => {
  const { send, directory } = desk();
  for (const [at, host] of ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.1'].entries()) {
    send(register(contact(`<sip:1000@${host}>`), at + 1), at);
  }
  const { contacts, events } = send(register(contact('<sip:1000@192.0.2.4>'), 9), 9);
  expect(events).toEqual(['unbound sip:1000@192.0.2.2', 'bound sip:1000@192.0.2.4']);
  expect(contacts.map((value) => value.split(';')[0])).toEqual([
    '<sip:1000@192.0.2.4>',
    '<sip:1000@192.0.2.1>',
    '<sip:1000@192.0.2.3>',
  ]);
  expect(directory.bindingCount).toBe(3);
});

test('contacts are compared as URIs, not as text', () => {
  const { send, directory } = desk();
  send(register(contact('<sip:1000@Phone.example.com;transport=tcp>')));
  send(register(contact('<sip:%31000@phone.example.com;transport=TCP;line=x>'), 2));
  expect(directory.bindings(EXTENSION.id, START).map((binding) => binding.contact)).toEqual([
    'sip:%31000@phone.example.com;transport=TCP;line=x',
  ]);
});

test('what has expired is not listed, and is reported as unbound at the next registration', () => {
  const { send, directory } = desk();
  send(register(contact(`${A};expires=60`)));
  const { contacts, events } = send(register(contact('<sip:1000@192.0.2.18>'), 2), 60_001);
  expect(contacts).toEqual(['<sip:1000@192.0.2.18>;expires=3600']);
  expect(events).toEqual(['unbound sip:1000@192.0.2.17:5062', 'bound sip:1000@192.0.2.18']);
  expect(directory.bindingCount).toBe(1);
});

test('a phone with an instance replaces its own binding although its contact changed', () => {
  const { send } = desk();
  const instance = ';+sip.instance="<urn:uuid:00000000-0000-1000-8000-000A95A0E128>"';
  send(register(contact(`${A}${instance}`)));
  const { contacts, events } = send(register(contact(`<sip:1000@198.51.100.9>${instance}`), 1, 'another'));
  expect(contacts).toEqual([`<sip:1000@198.51.100.9>${instance};expires=3600`]);
  expect(events).toEqual(['unbound sip:1000@192.0.2.17:5062', 'bound sip:1000@198.51.100.9']);
});

test('two flows of one phone stand side by side when it supports outbound', () => {
  const { send } = desk();
  const flow = (regId: number, host: string) => `<sip:1000@${host}>;+sip.instance="<urn:uuid:1>";reg-id=${regId}`;
  const supported: [HeaderName, string] = ['Supported', 'path, outbound'];
  expect(send(register(contact(flow(1, '192.0.2.1'), supported), 1)).response.first('Require')).toBe('outbound');
  const { contacts } = send(register(contact(flow(2, '192.0.2.2'), supported), 2));
  expect(contacts).toEqual([`${flow(2, '192.0.2.2')};expires=3600`, `${flow(1, '192.0.2.1')};expires=3600`]);
  const without = desk().send(register(contact(flow(1, '192.0.2.1'))));
  expect([without.contacts[0], without.response.first('Require')]).toEqual([
    '<sip:1000@192.0.2.1>;+sip.instance="<urn:uuid:1>";expires=3600',
    undefined,
  ]);
});

test('a proxy on the way that does not keep flows is told apart from one that does', () => {
  const send = (path: string) =>
    desk().send(
      register([
        ['Via', 'SIP/2.0/UDP 192.0.2.99;branch=z9hG4bK2'],
        ['Path', path],
        ['Supported', 'path, outbound'],
        ['Contact', `${A};+sip.instance="<urn:uuid:1>";reg-id=1`],
      ]),
    ).status;
  expect(send('<sip:edge.example.com;lr>')).toBe(439);
  expect(send('<sip:edge.example.com;lr;ob>')).toBe(200);
});

test('RFC 3327 §5.3: the path of proxies is kept in order and told back to who understands it', () => {
  const { send, directory } = desk();
  const path: [HeaderName, string][] = [['Path', '<sip:p2.example.com;lr>, <sip:p1.example.com;lr>']];
  const told = send(register([...path, ['Supported', 'path'], ...contact(A)])).response;
  expect(told.all('Path')).toEqual(['<sip:p2.example.com;lr>', '<sip:p1.example.com;lr>']);
  expect(send(register([...path, ...contact(A)], 2)).response.all('Path')).toEqual([]);
  expect(directory.bindings(EXTENSION.id, START)[0]!.path).toEqual(['sip:p2.example.com;lr', 'sip:p1.example.com;lr']);
  expect(send(register([['Path', '<sip:'], ...contact(A)], 3)).status).toBe(400);
});

test('an extension binds contacts for itself only, and only SIP ones', () => {
  const { send } = desk();
  const bytes = Buffer.from(write(register(contact(A))))
    .toString()
    .replace('To: <sip:1000@', 'To: <sip:1001@');
  expect(send(parse(Buffer.from(bytes)).message as Request)).toMatchObject({ status: 403, events: [] });
  expect(send(register(contact('<tel:+4930123456>')))).toMatchObject({ status: 400, events: [] });
});

test('whatever is registered, an extension never has more bindings than its limit', () => {
  const { send, directory } = desk();
  const random = seeded(7);
  for (let cseq = 1; cseq <= 300; cseq++) {
    const values = Array.from({ length: 1 + Math.floor(random.next() * 6) }, () => {
      const expires = random.next() < 0.3 ? 0 : 60 + Math.floor(random.next() * 100);
      return `<sip:1000@192.0.2.${Math.floor(random.next() * 8)}>;expires=${expires}`;
    });
    const now = cseq * 20_000;
    const { status, contacts } = send(register(contact(values.join(', ')), cseq), now);
    expect(status).toBe(200);
    expect(directory.bindingCount).toBeLessThanOrEqual(3);
    const stored = directory.bindings(EXTENSION.id, START + now).map((binding) => `<${binding.contact}>`);
    expect(contacts.map((value) => value.split(';')[0])).toEqual(stored);
  }
});
