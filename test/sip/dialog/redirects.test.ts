import { expect, test } from 'vitest';
import { Rig } from '../stack/rig.ts';

function redirected(status: number, contact: string) {
  const rig = new Rig();
  const { invite } = rig.dialled();
  rig.answer(invite, status, { fields: [['Contact', contact]] });
  return rig.events.at(-1);
}

test('RFC 3261 §21.3: 300, 301 and 302 name who is to be called instead, best first', () => {
  const contact =
    '<sip:second@a.example>;q=0.1, "First" <sip:first@b.example>;q=0.7, <tel:+4930123>;q=0.5, <mailto:a@b>';
  for (const status of [300, 301, 302]) {
    expect(redirected(status, contact)).toMatchObject({
      kind: 'failed',
      status,
      cause: 'unavailable',
      redirects: [
        { toUser: 'first', toHost: 'b.example' },
        { toUser: '+4930123', toHost: '' },
        { toUser: 'second', toHost: 'a.example' },
      ],
    });
  }
});

test.each([
  [305, '<sip:proxy@a.example>'],
  [380, '<sip:other@a.example>'],
  [404, '<sip:other@a.example>'],
  [302, '<sip:a.example>'],
])('%i with Contact %s names nobody', (status, contact) => {
  expect(redirected(status, contact)).not.toHaveProperty('redirects');
});
