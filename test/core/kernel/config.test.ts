import { expect, test } from 'vitest';
import { LONG_COUNTS } from '../../../cli/build/long-counts.ts';
import {
  readSettings,
  SETTINGS,
  type SettingProblem,
  type SettingSources,
  type Settings,
} from '../../../core/kernel/config.ts';

function read(sources: SettingSources): Settings {
  const reading = readSettings(sources);
  if (reading.kind === 'wrong') throw new Error(JSON.stringify(reading.problems));
  return reading.settings;
}

function problems(sources: SettingSources): readonly SettingProblem[] {
  const reading = readSettings(sources);
  return reading.kind === 'wrong' ? reading.problems : [];
}

test('without any source every setting has its default', () => {
  const settings = read({});
  expect(settings).toMatchObject({
    data: './data',
    database: '',
    http: { host: '127.0.0.1', port: 8080 },
    rtp: { from: 20000, to: 29999 },
    rtpSharing: 'on',
    rtpIo: 'best',
    inbandDigits: 'auto',
    advertise: [],
    domain: '',
    country: '',
    allowPrivate: [],
    rateLimits: 'off',
    mediaTimeoutMs: 60_000,
    sessionExpiresS: 0,
    digest: 'md5',
    drainMs: 30_000,
    durability: 'process',
    keepCallsMs: 90 * 86_400_000,
    keepEventsMs: 30 * 86_400_000,
    keepRecordingsMs: 90 * 86_400_000,
    log: 'info',
  });
  expect(settings.sip).toEqual([
    { transport: 'udp', host: '0.0.0.0', port: 5060 },
    { transport: 'tcp', host: '0.0.0.0', port: 5060 },
  ]);
  expect(settings.workers).toBeGreaterThanOrEqual(1);
  expect(settings.localNet).toContain('fc00::/7');
  expect(Object.keys(settings).sort()).toEqual(SETTINGS.map(({ key }) => key).sort());
});

test('a flag wins over the environment, which wins over the file', () => {
  const flags = { http: '[::1]:1' };
  const environment = { TANDEM_HTTP: '127.0.0.2:2', TANDEM_DRAIN: '2s', PATH: '/bin' };
  const file = { path: 'tandem.yaml', content: { http: '127.0.0.3:3', drain: '3s', log: 'debug' } };
  expect(read({ flags, environment, file })).toMatchObject({
    http: { host: '::1', port: 1 },
    drainMs: 2000,
    log: 'debug',
  });
  expect(read({ environment, file }).http).toEqual({ host: '127.0.0.2', port: 2 });
  expect(read({ file }).http).toEqual({ host: '127.0.0.3', port: 3 });
});

test('repeatable settings are lists in every source and replace the default', () => {
  const two = [
    { transport: 'udp', host: '127.0.0.1', port: 0 },
    { transport: 'tcp', host: '::1', port: 5060 },
  ];
  const texts = ['udp:127.0.0.1:0', 'tcp:[::1]:5060'];
  expect(read({ flags: { sip: texts } }).sip).toEqual(two);
  expect(read({ environment: { TANDEM_SIP: texts.join(', ') } }).sip).toEqual(two);
  expect(read({ file: { path: 'f', content: { sip: texts } } }).sip).toEqual(two);
  expect(read({ file: { path: 'f', content: { sip: texts[0] } } }).sip).toEqual([two[0]]);
  expect(read({ flags: { 'local-net': ['192.0.2.0/24'] } }).localNet).toEqual(['192.0.2.0/24']);
});

const GOOD: readonly (readonly [name: string, text: string, key: keyof Settings, value: unknown])[] = [
  ['drain', '1500ms', 'drainMs', 1500],
  ['drain', '0s', 'drainMs', 0],
  ['digest', 'sha-256', 'digest', 'sha-256'],
  ['codecs', 'OPUS, g722,PCMU', 'codecs', ['opus', 'G722', 'PCMU']],
  ['session-expires', '30m', 'sessionExpiresS', 1_800],
  ['session-expires', 'off', 'sessionExpiresS', 0],
  ['keep-calls', '12h', 'keepCallsMs', 43_200_000],
  ['media-timeout', '5m', 'mediaTimeoutMs', 300_000],
  ['rtp', '1024-1025', 'rtp', { from: 1024, to: 1025 }],
  ['http', 'localhost:0', 'http', { host: 'localhost', port: 0 }],
  ['workers', '64', 'workers', 64],
  ['advertise', '2001:db8::1', 'advertise', ['2001:db8::1']],
  ['advertise', '', 'advertise', []],
  ['domain', 'SIP.Example.org', 'domain', 'sip.example.org'],
  ['country', 'de', 'country', 'DE'],
  ['durability', 'full', 'durability', 'full'],
  ['rtp-sharing', 'off', 'rtpSharing', 'off'],
  ['rtp-io', 'dgram', 'rtpIo', 'dgram'],
  ['inband-digits', 'always', 'inbandDigits', 'always'],
  ['log', 'warn', 'log', 'warn'],
  ['database', 'sqlite', 'database', 'sqlite'],
];

test.each(GOOD)('--%s %s is read', (name, text, key, value) => {
  expect(read({ flags: { [name]: text } })[key]).toEqual(value);
});

test('what the long tier tells its tests is no misspelt setting of the processes that they start', () => {
  expect(problems({ environment: { ...LONG_COUNTS, TANDEM_SEED: '1' } }).map(({ setting }) => setting)).toEqual([
    'TANDEM_SEED',
  ]);
});

test('an address of each family can be advertised, and no two of one', () => {
  expect(read({ flags: { advertise: ['203.0.113.5', '2001:db8::1'] } }).advertise).toEqual([
    '203.0.113.5',
    '2001:db8::1',
  ]);
  expect(read({ environment: { TANDEM_ADVERTISE: '203.0.113.5' } }).advertise).toEqual(['203.0.113.5']);
  expect(readSettings({ flags: { advertise: ['2001:db8::1', '2001:db8::2'] } })).toMatchObject({
    kind: 'wrong',
    problems: [{ setting: 'advertise', expected: 'one address of each family', got: '2001:db8::2' }],
  });
});

const BAD: readonly (readonly [name: string, text: string, expected: RegExp])[] = [
  ['data', '', /folder/],
  ['session-expires', '89s', /90s/],
  ['codecs', 'PCMU,AMR', /PCMU, PCMA, G722/],
  ['codecs', 'PCMU,pcmu', /PCMU, PCMA, G722/],
  ['codecs', 'G729', /not G729 alone/],
  ['session-expires', '0s', /90s/],
  ['session-expires', '25h', /24h/],
  ['drain', '30', /60s/],
  ['drain', '-1s', /60s/],
  ['drain', '1.5s', /60s/],
  ['keep-calls', '99999999d', /60s/],
  ['rtp', '20000', /20000-29999/],
  ['rtp', '30000-20000', /two ports/],
  ['rtp', '80-90', /1024/],
  ['rtp', '60000-65536', /two ports/],
  ['http', '8080', /host and a port/],
  ['http', '127.0.0.1:65536', /port/],
  ['http', '::1:80', /port/],
  ['http', '256.1.1.1:80', /port/],
  ['sip', 'udp:localhost:5060', /address/],
  ['sip', '127.0.0.1:5060', /udp, tcp/],
  ['sip', 'sctp:127.0.0.1:5060', /udp, tcp/],
  ['workers', '0', /1 to 64/],
  ['workers', '65', /1 to 64/],
  ['advertise', 'example.org', /literal/],
  ['local-net', '10.0.0.0/33', /10.0.0.0\/8/],
  ['local-net', 'fc00::/129', /network/],
  ['local-net', '10.0.0.0', /network/],
  ['allow-private', '10.0.0.0/33', /network/],
  ['domain', 'a b', /domain/],
  ['country', 'DEU', /ISO 3166/],
  ['durability', 'maybe', /process or full/],
  ['log', 'verbose', /debug, info, warn, error/],
];

test.each(BAD)('--%s %j is refused', (name, text, expected) => {
  expect(problems({ flags: { [name]: text } })).toEqual([
    { setting: name, source: `--${name}`, expected: expect.stringMatching(expected), got: text },
  ]);
});

const NOT_BUILT: readonly (readonly [name: string, text: string])[] = [
  ['database', 'postgres://db.example.org/tandem'],
  ['rate-limits', 'reference'],
  ['keep-events', '30d'],
  ['keep-recordings', '1d'],
];

test.each(NOT_BUILT)('--%s %s, which cannot be honoured yet, is refused and not ignored', (name, text) => {
  expect(problems({ flags: { [name]: text } })).toEqual([
    { setting: name, source: `--${name}`, expected: expect.stringMatching(/not built yet|is built yet/), got: text },
  ]);
});

test('a password in a refused value is not told', () => {
  const [problem] = problems({ environment: { TANDEM_DATABASE: 'postgres://tandem:hunter2@db/tandem' } });
  expect(problem?.got).toBe('postgres://tandem:[redacted]@db/tandem');
});

test('all problems are told at once, with where each was set', () => {
  const found = problems({
    flags: { rtp: 'x', nonsense: '1' },
    environment: { TANDEM_LOGS: 'debug', TANDEM_DRAIN: 'soon', TANDEM_ADMIN_PASSWORD: 'x', TANDEM_CASES: '9' },
    file: { path: '/etc/tandem.yaml', content: { htp: ':1', http: { host: 'x' }, sip: [true], workers: 2 } },
  });
  expect(found.map(({ setting, source }) => [setting, source])).toEqual([
    ['nonsense', '--nonsense'],
    ['TANDEM_LOGS', 'TANDEM_LOGS'],
    ['htp', '/etc/tandem.yaml'],
    ['sip', '/etc/tandem.yaml'],
    ['http', '/etc/tandem.yaml'],
    ['rtp', '--rtp'],
    ['drain', 'TANDEM_DRAIN'],
  ]);
  expect(found.find(({ setting }) => setting === 'TANDEM_LOGS')?.expected).toBe('TANDEM_LOG');
});

test('a file that holds no settings is refused, an empty one is none', () => {
  expect(problems({ file: { path: 'f', content: ['sip'] } })).toMatchObject([
    { source: 'f', expected: 'settings, each as name: value' },
  ]);
  expect(problems({ file: { path: 'f', content: null } })).toEqual([]);
});

test('one listener twice is refused, unless the system chooses its port', () => {
  expect(problems({ flags: { sip: ['udp:0.0.0.0:5060', 'udp:0.0.0.0:5060'] } })).toMatchObject([
    { expected: 'each only once' },
  ]);
  expect(problems({ flags: { sip: ['udp:0.0.0.0:0', 'udp:0.0.0.0:0'] } })).toEqual([]);
});

test('variables that a container platform makes for a service called tandem are no settings', () => {
  const environment = {
    TANDEM_SERVICE_HOST: '10.0.0.1',
    TANDEM_SERVICE_PORT: '5060',
    TANDEM_SERVICE_PORT_SIP: '5060',
    TANDEM_PORT: 'udp://10.0.0.1:5060',
    TANDEM_PORT_5060_UDP: 'udp://10.0.0.1:5060',
    TANDEM_PORT_5060_UDP_ADDR: '10.0.0.1',
    TANDEM_SIP_SERVICE_HOST: '10.0.0.1',
  };
  expect(problems({ environment })).toEqual([]);
  expect(problems({ environment: { TANDEM_PORT: '5060' } })).toHaveLength(1);
});
