import { describe, expect, test } from 'vitest';
import { answered, CALLER, failed, offered, office } from './office.ts';
import { BINDING } from './store/rows.ts';

/** An extension with a phone for each of these q values, in thousandths, is called. */
function called(...qs: readonly number[]) {
  const place = office({ contacts: 0 });
  for (const [index, q] of qs.entries()) {
    const contact = `sip:phone${index}@192.0.2.${10 + index}`;
    place.directory.putBinding({ ...BINDING, contact, instance: '', path: [], q, expiresAt: 1e9 });
  }
  place.calls.receive(offered(), 0);
  return place;
}

describe('RFC 3261 §16.6: phones of one extension', () => {
  test('of the same q ring together', () => {
    expect(called(700, 700, 700).said()).toEqual(['dial 2', 'dial 3', 'dial 4', 'ring 1']);
  });

  test('of a lower q ring when nobody before them will answer, and the caller notices nothing', () => {
    const place = called(300, 900, 900, 100);
    expect(place.said()).toEqual(['dial 2', 'dial 3', 'ring 1']);
    expect(place.dialled.map(({ target }) => target.contact).sort()).toEqual([
      'sip:phone1@192.0.2.11',
      'sip:phone2@192.0.2.12',
    ]);
    place.calls.receive(failed(2, 'busy'), 10);
    expect(place.said()).toEqual([]);
    place.calls.receive(failed(3, 'unavailable'), 20);
    expect(place.said()).toEqual(['dial 4']);
    expect(place.dialled.at(-1)!.target.contact).toBe('sip:phone0@192.0.2.10');
    place.calls.receive(answered(4), 30);
    expect(place.said()).toEqual(['answer 1']);
  });

  test('that do not answer for 20 s make room for those of a lower q, which have the whole time', () => {
    const place = called(900, 100);
    place.said();
    place.calls.expire(19_999);
    expect(place.said()).toEqual([]);
    place.calls.expire(20_000);
    expect(place.said()).toEqual(['dial 3', 'hangup 2 no-answer']);
    place.calls.expire(79_999);
    expect(place.said()).toEqual([]);
    place.calls.expire(80_000);
    expect(place.said()).toEqual(['hangup 3 no-answer', `hangup ${CALLER} no-answer`]);
  });

  test('tell the caller the best of all refusals', () => {
    const place = called(900, 100);
    place.said();
    place.calls.receive(failed(2, 'busy'), 10);
    place.calls.receive(failed(3, 'unavailable'), 20);
    expect(place.said()).toEqual(['dial 3', 'hangup 1 busy']);
  });

  test('do not ring any more when somebody has declined', () => {
    const place = called(900, 100);
    place.said();
    place.calls.receive(failed(2, 'declined'), 10);
    expect(place.said()).toEqual(['hangup 1 declined']);
  });
});
