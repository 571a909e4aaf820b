import { describe, expect, test } from 'vitest';
import { address } from '../../core/calls/address.ts';
import type { LegId } from '../../core/kernel/ids.ts';
import type { Redirect, SignalingEvent } from '../../core/ports.ts';
import { answered, CONNECT, callToNumber, offered, office, recordOn, SECOND } from './office.ts';
import { BINDING } from './store/rows.ts';

const TO_SECOND: Redirect = { toUser: SECOND.extension, toHost: '' };

function redirected(leg: number, ...redirects: readonly Redirect[]): SignalingEvent {
  return { kind: 'failed', leg: leg as LegId, cause: 'unavailable', status: 302, redirects };
}

/** A phone calls another one, whose extension has one phone; the second extension has one as well. */
function ringing() {
  const place = office();
  const phone = { ...BINDING, extensionId: SECOND.id, contact: 'sip:second@192.0.2.7', path: [], expiresAt: 1e9 };
  place.directory.putBinding(phone);
  place.calls.receive(offered({ fromUser: SECOND.extension }), 0);
  place.said();
  return place;
}

describe('RFC 3261 §21.3: a phone that forwards its calls', () => {
  test('has those ring whom it names, and the first who answers is connected', () => {
    const place = ringing();
    place.calls.receive(redirected(2, { toUser: '1999', toHost: '' }, TO_SECOND), 10);
    expect(place.said()).toEqual(['dial 3']);
    expect(place.dialled.at(-1)!.target.contact).toBe('sip:second@192.0.2.7');
    expect(recordOn(place, 1)!.chainedCallIds).toContain(recordOn(place, 3)!.id);
    expect(recordOn(place, 2)).toBeUndefined();
    place.calls.receive(answered(3), 20);
    expect(place.said()).toEqual(['answer 1']);
    expect(place.heard()).toContain('bridge 1 3');
  });

  test('to nobody who can be called has the caller told that it is not there', () => {
    const place = ringing();
    const strange = { toUser: SECOND.extension, toHost: 'somewhere.example' };
    place.calls.receive(redirected(2, strange, { toUser: '1999', toHost: '' }), 10);
    expect(place.said()).toEqual(['hangup 1 unavailable']);
  });

  test('in a circle is followed five times', () => {
    const place = ringing();
    let dialCount = 0;
    for (let leg = 2; leg < 20; leg++) {
      place.calls.receive(redirected(leg, TO_SECOND), 10 * leg);
      const said = place.said();
      if (said.includes(`dial ${leg + 1}`)) dialCount++;
      else {
        expect(said).toEqual(['hangup 1 unavailable']);
        break;
      }
    }
    expect(dialCount).toBe(5);
  });

  test('does not keep the other phones from ringing', () => {
    const place = office({ contacts: 2 });
    place.directory.putBinding({ ...BINDING, extensionId: SECOND.id, path: [], expiresAt: 1e9 });
    place.calls.receive(offered(), 0);
    place.said();
    place.calls.receive(redirected(2, TO_SECOND), 10);
    expect(place.said()).toEqual(['dial 4']);
    place.calls.receive(answered(3), 20);
    expect(place.said()).toEqual(['hangup 4 answered-elsewhere', 'answer 1']);
  });
});

test('a redirection of whoever is outside is not followed', () => {
  const place = callToNumber();
  place.demand({ ...CONNECT, destinations: [address('sip', 'sip:bob@192.0.2.50:5070')] });
  place.said();
  place.calls.receive(redirected(2, TO_SECOND), 20);
  expect(place.said()).toEqual([]);
  expect(place.told()).toEqual(['disconnected 7 unavailable']);
});
