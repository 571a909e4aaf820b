import { expect, test } from 'vitest';
import { directionFrom, packingFrom, type StreamGiven, wishFrom } from '../../flows/stream-terms.ts';

const GIVEN: StreamGiven = {
  externalHost: '192.0.2.9:7000',
  encapsulation: '',
  transport: '',
  transportData: '',
  connectionType: '',
  format: '',
  listen: '',
  speak: '',
  data: '',
};

test('an action that says nothing but a host wants RTP over UDP in µ-law, both ways', () => {
  expect(wishFrom(GIVEN)).toEqual({
    transport: 'udp',
    encapsulation: 'rtp',
    format: 'ulaw',
    listen: 'both',
    speak: 'both',
    target: '192.0.2.9:7000',
    parameters: {},
  });
});

test.each([
  [{ transport: 'tcp' }, { encapsulation: 'audiosocket', format: 'slin' }],
  [{ transport: 'tcp', format: 'slin16' }, { format: 'slin16' }],
  [{ transport: 'udp', externalHost: '[2001:db8::9]:7000' }, { target: '[2001:db8::9]:7000' }],
  [
    { transport: 'websocket', externalHost: 'example.org/x', transportData: '?y=1' },
    { encapsulation: 'none', format: 'slin', target: 'ws://example.org/x?y=1' },
  ],
  [
    { transport: 'websocket', externalHost: 'wss://example.org', encapsulation: 'twilio', data: '{"a":"b","c":1}' },
    { encapsulation: 'messages', format: 'ulaw', target: 'wss://example.org/', parameters: { a: 'b', c: '1' } },
  ],
  [
    { listen: 'in', speak: 'none' },
    { listen: 'in', speak: '' },
  ],
  [{ data: 'any text' }, { parameters: { data: 'any text' } }],
  [{ data: '01020304-0506-4708-890a-0b0c0d0e0f10' }, { parameters: { id: '01020304-0506-4708-890a-0b0c0d0e0f10' } }],
])('%j is understood', (given, expected) => {
  expect(wishFrom({ ...GIVEN, ...given })).toMatchObject(expected);
});

test.each([
  [{ transport: 'sctp' }, 'transport'],
  [{ transport: 'udp', encapsulation: 'audiosocket' }, 'encapsulation'],
  [{ transport: 'tcp', encapsulation: 'rtp' }, 'encapsulation'],
  [{ encapsulation: 'constructor' }, 'encapsulation'],
  [{ format: 'opus' }, 'format'],
  [{ transport: 'tcp', format: 'ulaw' }, 'format'],
  [{ connectionType: 'server' }, 'connection_type'],
  [{ listen: 'up' }, 'direction'],
  [{ externalHost: '192.0.2.9' }, 'external_host'],
  [{ externalHost: 'user@192.0.2.9:7000' }, 'external_host'],
  [{ externalHost: '192.0.2.9:7000/x' }, 'external_host'],
  [{ transport: 'websocket', externalHost: 'http://example.org' }, 'external_host'],
])('%j is refused for its %s', (given, field) => {
  expect(wishFrom({ ...GIVEN, ...given })).toMatchObject({ field });
});

test('a program that connects to us says its packing and rate', () => {
  expect(packingFrom('l16', '48000')).toEqual({ encapsulation: 'none', format: 'slin48' });
  expect(packingFrom('', '')).toEqual({ encapsulation: 'none', format: 'slin' });
  expect(packingFrom('mediasocket', '')).toEqual({ encapsulation: 'unknown', format: 'slin' });
  expect(packingFrom('l16', '44100')).toMatchObject({ field: 'rate' });
  expect(['', 'none', 'toString'].map(directionFrom)).toEqual(['both', '', undefined]);
});
