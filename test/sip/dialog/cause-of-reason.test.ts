import { expect, test } from 'vitest';
import { CAUSES } from '../../../core/calls/cause.ts';
import { causeOfReason } from '../../../sip/dialog/cause-of-reason.ts';
import { causeOfFailure } from '../../../sip/dialog/cause-of-status.ts';
import { buildResponse } from '../../../sip/writer.ts';

const refusal = (status: number, ...reasons: readonly string[]) =>
  buildResponse({ status, fields: reasons.map((reason) => ['Reason', reason] as const) });

test.each([
  [1, 'not-found'],
  [3, 'not-found'],
  [16, 'normal'],
  [17, 'busy'],
  [18, 'no-answer'],
  [19, 'no-answer'],
  [20, 'unavailable'],
  [21, 'declined'],
  [22, 'not-found'],
  [26, 'answered-elsewhere'],
  [27, 'peer-failed'],
  [28, 'not-found'],
  [31, 'normal'],
  [34, 'overloaded'],
  [38, 'network-failed'],
  [41, 'peer-failed'],
  [42, 'overloaded'],
  [57, 'forbidden'],
  [65, 'not-acceptable'],
  [88, 'not-acceptable'],
  [102, 'session-expired'],
  [127, 'peer-failed'],
  [99, undefined],
])('RFC 3398 §7.2.4.1: Q.850 cause %i is %s', (value, cause) => {
  expect(causeOfReason(refusal(480, `Q.850;cause=${value};text="said"`))).toBe(cause);
});

test('RFC 3326 §2: a Reason is read in any of its forms, Q.850 before SIP', () => {
  expect(causeOfReason(refusal(487, 'q.850 ; text="a;b" ; Cause = 17'))).toBe('busy');
  expect(causeOfReason(refusal(487, 'SIP;cause=200;text="Call completed elsewhere"'))).toBe('answered-elsewhere');
  expect(causeOfReason(refusal(487, 'SIP;cause=600, Q.850;cause=17'))).toBe('busy');
  expect(causeOfReason(refusal(487, 'SIP;cause=200', 'Q.850;cause=99'))).toBe('answered-elsewhere');
  for (const text of ['Q.850', 'Q.850;cause=', 'preemption;cause=1', 'Q.850;causes=17', 'Q.850;cause=1700', '']) {
    expect(causeOfReason(refusal(487, text))).toBeUndefined();
  }
});

test('RFC 6432 §3: of a refusal, Q.850 counts where the status is vague', () => {
  expect(causeOfFailure(refusal(503, 'Q.850;cause=17'))).toBe('busy');
  expect(causeOfFailure(refusal(480, 'Q.850;cause=21'))).toBe('declined');
  expect(causeOfFailure(refusal(486, 'Q.850;cause=41'))).toBe('busy');
  expect(causeOfFailure(refusal(503))).toBe('peer-failed');
  expect(causeOfFailure(refusal(485))).toBe('not-found');
});

test('what we write in a Reason is what is read there, as far as a peer can know it', () => {
  const own = new Set([
    'canceled',
    'srtp-required',
    'timeout',
    'machine',
    'media-lost',
    'media-failed',
    'media-overloaded',
    'shutting-down',
    'crashed',
    'internal',
  ]);
  for (const [cause, { q850 }] of Object.entries(CAUSES)) {
    if (!own.has(cause)) expect(causeOfReason(refusal(480, `Q.850;cause=${q850}`))).toBe(cause);
  }
});
