import { expect, test } from 'vitest';
import type { TrunkReport } from '../../api/backend.ts';
import { stepsOf } from '../../cli/trunk-steps.ts';
import type { ProbeAnswer } from '../../core/provider-ports.ts';

const FOUND = { servers: ['udp 192.0.2.2:5060'], saidAs: '192.0.2.1:5060', seenAs: '192.0.2.1:5060' };
const OK: ProbeAnswer = { status: 200, detail: 'OK', ...FOUND };

function wrongs(
  options: Partial<ProbeAnswer>,
  register: Partial<ProbeAnswer> | undefined,
  rest: Partial<TrunkReport> = {},
) {
  const report: TrunkReport = {
    kind: 'provider',
    byName: '',
    access: '',
    providers: ['id'],
    routes: ['all'],
    countries: ['de'],
    caller: '+4930123456',
    registers: true,
    probe: { options: { ...OK, ...options }, register: register && { ...OK, ...register } },
    ...rest,
  };
  return stepsOf(report)
    .filter(({ result }) => result === 'wrong')
    .map(({ step, advice }) => `${step}: ${advice}`);
}

const NOWHERE = { status: 0, servers: [], saidAs: '', seenAs: '' };

test('a provider that answers, knows us and sees us where we say that we are needs no change', () => {
  expect(wrongs({}, {})).toEqual([]);
  expect(wrongs({}, undefined)).toEqual([]);
  // Some answer OPTIONS with a refusal, and live all the same.
  expect(wrongs({ status: 405, detail: 'Method Not Allowed' }, {})).toEqual([]);
});

test.each([
  [{ ...NOWHERE, detail: 'no such host' }, 'name: correct its hostname'],
  [{ ...NOWHERE, detail: 'not answered' }, 'name: look at /etc/resolv.conf'],
  [{ ...NOWHERE, detail: 'no transport' }, 'name: add a --sip listener'],
  [{ ...NOWHERE, detail: 'no server' }, 'name: ask the provider'],
  [{ status: 0, detail: 'silent', seenAs: '' }, 'transport: ask whether the provider knows our address'],
  [{ status: 0, detail: 'unreachable', seenAs: '' }, 'transport: look at host and port'],
  [{ status: 503, detail: 'Service Unavailable' }, 'options: the provider says that it serves nobody now'],
  [{ status: 403, detail: 'Forbidden' }, 'options: the provider may not know our address'],
  [{ seenAs: '203.0.113.7:1024' }, 'address: start with --advertise 203.0.113.7'],
])('%j means one thing to change', (options, expected) => {
  const told = wrongs(options, undefined);
  expect(told).toHaveLength(1);
  expect(told[0]).toContain(expected);
});

test.each([
  [401, 'correct username and password'],
  [407, 'correct username and password'],
  [403, 'may not register'],
  [404, 'set from_user and from_domain'],
  [405, 'set register to false'],
  [500, 'try later'],
])('a REGISTER that is answered %i says what to change of the account', (status, expected) => {
  expect(wrongs({}, { status, detail: '' })).toEqual([expect.stringContaining(expected)]);
});

test('a provider that takes no registrations is right when none is asked for', () => {
  expect(wrongs({}, { status: 405 }, { registers: false })).toEqual([]);
});

test('what is missing here is told as well', () => {
  expect(wrongs({}, {}, { routes: [] })[0]).toContain('POST /v1.0/routes');
  expect(wrongs({}, {}, { countries: [] })[0]).toContain('destination_whitelist');
  expect(wrongs({}, {}, { caller: '' })[0]).toContain('default_outgoing_source_number_id');
});
