import { availableParallelism } from 'node:os';
import { CODEC_NAMES } from './codec-names.ts';
import { LOG_LEVELS, type LogLevel, withoutPassword } from './log.ts';
import { LOCAL_NETS } from './network.ts';
import {
  fileContent,
  fromEnvironment,
  fromFile,
  fromFlag,
  type Given,
  type Setting,
  type SettingProblem,
  type SettingSources,
  unknownFlags,
  unknownVariables,
} from './setting-sources.ts';
import {
  addressOf,
  codecsOf,
  countryOf,
  durationMsOf,
  type HostPort,
  hostPortOf,
  listenerOf,
  networkOf,
  oneOf,
  type PortRange,
  portRangeOf,
  type SipListener,
  sessionExpiresSOf,
  workerCountOf,
} from './setting-values.ts';

export { type Setting, type SettingProblem, type SettingSources, variableOf } from './setting-sources.ts';

/** Every setting of `tandem serve`, read and checked. */
export interface Settings {
  readonly data: string;
  /** '' for SQLite in the data folder. */
  readonly database: string;
  readonly sip: readonly SipListener[];
  /** PEM files: what is shown over TLS, its key, and who else is believed; '' for none. */
  readonly tlsCertificate: string;
  readonly tlsKey: string;
  readonly tlsAuthorities: string;
  /** Who may connect over TLS. */
  readonly tlsClients: 'anyone' | 'certified';
  readonly http: HostPort;
  readonly rtp: PortRange;
  readonly rtpSharing: 'on' | 'off';
  readonly rtpIo: 'best' | 'dgram';
  readonly inbandDigits: 'auto' | 'always' | 'off';
  readonly workers: number;
  /** Literal addresses told to peers outside `localNet`, at most one of each family. */
  readonly advertise: readonly string[];
  /** Networks inside, as CIDRs. */
  readonly localNet: readonly string[];
  readonly domain: string;
  /** ISO 3166 code in upper case; '' for none. */
  readonly country: string;
  readonly allowPrivate: readonly string[];
  readonly rateLimits: 'off' | 'reference';
  /** Codecs that may be spoken, best first. */
  readonly codecs: readonly string[];
  readonly mediaTimeoutMs: number;
  /** 0 for none. */
  readonly sessionExpiresS: number;
  readonly digest: 'md5' | 'sha-256';
  readonly drainMs: number;
  readonly durability: 'process' | 'full';
  readonly keepCallsMs: number;
  readonly keepEventsMs: number;
  readonly keepRecordingsMs: number;
  readonly log: LogLevel;
}

function setting<Value>(
  key: keyof Settings,
  name: string,
  placeholder: string,
  defaultText: string | readonly string[],
  description: string,
  expected: string,
  parse: (text: string) => Value | undefined,
  unavailable?: (value: Value) => string | undefined,
): Setting {
  const isRepeatable = typeof defaultText !== 'string';
  return {
    key,
    name,
    placeholder,
    description,
    expected,
    parse,
    isRepeatable,
    defaultTexts: isRepeatable ? defaultText : [defaultText],
    ...(unavailable === undefined ? {} : { unavailable }),
  };
}

const SPAN = 'a number with ms, s, m, h or d, such as 60s';
const NETWORK = 'a network such as 10.0.0.0/8';
const PEM_FILE = 'a file in PEM format';
const any = (text: string): string => text;
const never = (): string => 'it to be left out: this is not built yet';

/** Half the machine is for signalling, storage and the system as long as there are few cores. */
const workersByDefault = (): number => Math.max(1, availableParallelism() - 1);

export const SETTINGS: readonly Setting[] = [
  setting('data', 'data', 'DIR', './data', 'folder of the database, keys and recordings', 'a folder', (text) =>
    text === '' ? undefined : text,
  ),
  setting(
    'database',
    'database',
    'URL',
    '',
    'where rows are stored; SQLite in the data folder when left out',
    'sqlite',
    any,
    (url) => (url === '' || url === 'sqlite' ? undefined : 'sqlite: no other database is built yet'),
  ),
  setting(
    'sip',
    'sip',
    'TRANSPORT:HOST:PORT',
    ['udp:0.0.0.0:5060', 'tcp:0.0.0.0:5060'],
    'where SIP is listened for',
    'udp, tcp, tls, ws or wss with an address and a port, such as udp:0.0.0.0:5060 or tcp:[::1]:5060',
    listenerOf,
  ),
  setting(
    'tlsCertificate',
    'tls-certificate',
    'FILE',
    '',
    'certificate of the tls and wss listeners, followed by those between it and its root; read again when it changes',
    PEM_FILE,
    any,
  ),
  setting('tlsKey', 'tls-key', 'FILE', '', 'private key of the certificate', PEM_FILE, any),
  setting(
    'tlsAuthorities',
    'tls-authorities',
    'FILE',
    '',
    'root certificates that are believed beside the usual ones',
    PEM_FILE,
    any,
  ),
  setting(
    'tlsClients',
    'tls-clients',
    'anyone|certified',
    'anyone',
    'who may connect over TLS: anyone, or who shows a certificate under one of the tls-authorities',
    'anyone or certified',
    oneOf('anyone', 'certified'),
  ),
  setting(
    'http',
    'http',
    'HOST:PORT',
    '127.0.0.1:8080',
    'where the API is served',
    'a host and a port, such as 127.0.0.1:8080',
    hostPortOf,
  ),
  setting(
    'rtp',
    'rtp',
    'FROM-TO',
    '20000-29999',
    'UDP ports of media',
    'two ports from 1024 up, such as 20000-29999',
    portRangeOf,
  ),
  setting(
    'inbandDigits',
    'inband-digits',
    'auto|always|off',
    'auto',
    'whether keys are listened for in the sound of calls: auto where no telephone-events were agreed on',
    'auto, always or off',
    oneOf('auto', 'always', 'off'),
  ),
  setting('rtpSharing', 'rtp-sharing', 'on|off', 'on', 'whether streams share ports', 'on or off', oneOf('on', 'off')),
  setting(
    'rtpIo',
    'rtp-io',
    'best|dgram',
    'best',
    "how packets of media are sent and received: many in one call of the system where it has such calls, or by Node's own sockets",
    'best or dgram',
    oneOf('best', 'dgram'),
  ),
  setting(
    'workers',
    'workers',
    'N',
    String(workersByDefault()),
    'media threads',
    'a number from 1 to 64',
    workerCountOf,
  ),
  {
    ...setting(
      'advertise',
      'advertise',
      'ADDRESS',
      [],
      'address told to peers outside the local networks; one of IPv4 and one of IPv6',
      'a literal address',
      addressOf,
    ),
    distinct: { by: (text) => (text.includes(':') ? 'IPv6' : 'IPv4'), expected: 'one address of each family' },
  },
  setting(
    'localNet',
    'local-net',
    'CIDR',
    LOCAL_NETS,
    'networks whose peers reach this machine by its own address',
    NETWORK,
    networkOf,
  ),
  setting('domain', 'domain', 'NAME', '', 'SIP domain of this installation', 'a domain name', (text) =>
    /^([a-z0-9]([a-z0-9-]*[a-z0-9])?(\.|$))*$/i.test(text) && text.length <= 253 ? text.toLowerCase() : undefined,
  ),
  setting(
    'country',
    'country',
    'XX',
    '',
    'country of tones and national dialling',
    'two letters of ISO 3166, such as DE',
    countryOf,
  ),
  setting(
    'allowPrivate',
    'allow-private',
    'CIDR',
    [],
    'private networks that webhooks, media URLs and scripts may reach',
    NETWORK,
    networkOf,
  ),
  setting(
    'rateLimits',
    'rate-limits',
    'off|reference',
    'off',
    'limits on API requests',
    'off or reference',
    oneOf('off', 'reference'),
    (value) => (value === 'off' ? undefined : 'off: rate limits are not built yet'),
  ),
  setting(
    'digest',
    'digest',
    'md5|sha-256',
    'md5',
    'what phones are challenged with; sha-256 is offered before MD5, and old phones give up at it',
    'md5 or sha-256',
    oneOf('md5', 'sha-256'),
  ),
  setting(
    'codecs',
    'codecs',
    'LIST',
    CODEC_NAMES.join(','),
    'codecs that may be spoken, in the order in which they are offered',
    `some of ${CODEC_NAMES.join(', ')} with commas between, not G729 alone`,
    codecsOf,
  ),
  setting(
    'mediaTimeoutMs',
    'media-timeout',
    'TIME',
    '60s',
    'a call without media for this long ends',
    SPAN,
    durationMsOf,
  ),
  setting(
    'sessionExpiresS',
    'session-expires',
    'TIME|off',
    'off',
    'calls that we begin are refreshed twice in this time (RFC 4028); off leaves it to the other side',
    'off or a time from 90s to 24h',
    sessionExpiresSOf,
  ),
  setting('drainMs', 'drain', 'TIME', '30s', 'how long live calls may go on after SIGTERM', SPAN, durationMsOf),
  setting(
    'durability',
    'durability',
    'process|full',
    'process',
    'what a commit survives: the end of the process, or also loss of power',
    'process or full',
    oneOf('process', 'full'),
  ),
  setting('keepCallsMs', 'keep-calls', 'TIME', '90d', 'how long ended calls are kept', SPAN, durationMsOf),
  setting('keepEventsMs', 'keep-events', 'TIME', '30d', 'how long events are kept', SPAN, durationMsOf, never),
  setting(
    'keepRecordingsMs',
    'keep-recordings',
    'TIME',
    '90d',
    'how long recordings are kept',
    SPAN,
    durationMsOf,
    never,
  ),
  setting('log', 'log', 'LEVEL', 'info', 'lowest level that is logged', LOG_LEVELS.join(', '), oneOf(...LOG_LEVELS)),
];

export type SettingsReading =
  | { readonly kind: 'read'; readonly settings: Settings }
  | { readonly kind: 'wrong'; readonly problems: readonly SettingProblem[] };

/** Flags win over the environment, which wins over the file. All problems are told at once, those of values that lost too. */
export function readSettings({ flags = {}, environment = {}, file }: SettingSources): SettingsReading {
  const problems: SettingProblem[] = [...unknownFlags(flags, SETTINGS), ...unknownVariables(environment, SETTINGS)];
  const content = fileContent(file, SETTINGS, problems);
  const settings: Record<string, unknown> = {};
  for (const row of SETTINGS) {
    const given = [
      fromFlag(row, flags),
      fromEnvironment(row, environment),
      fromFile(row, file?.path, content, problems),
    ];
    const defaults: Given = { source: 'default', texts: row.defaultTexts };
    const values = [...given, defaults].flatMap((one) => (one === undefined ? [] : [valuesOf(row, one, problems)]));
    settings[row.key] = row.isRepeatable ? values[0] : values[0]?.[0];
  }
  return problems.length === 0
    ? { kind: 'read', settings: settings as unknown as Settings }
    : { kind: 'wrong', problems };
}

function valuesOf(row: Setting, { source, texts }: Given, problems: SettingProblem[]): unknown[] {
  const values: unknown[] = [];
  const seen = new Set<string>();
  const { by, expected: only } = row.distinct ?? { by: (text: string) => text, expected: 'each only once' };
  for (const text of texts) {
    if (text === '' && row.defaultTexts.length === 0) continue;
    const isNone = text === '' && row.defaultTexts[0] === '';
    const value = isNone ? '' : row.parse(text);
    const expected = value === undefined ? row.expected : seen.has(by(text)) ? only : insteadOf(row, source, value);
    if (expected === undefined) values.push(value);
    else problems.push({ setting: row.name, source, expected, got: withoutPassword(text) });
    // Port 0 is another port each time.
    if (!text.endsWith(':0')) seen.add(by(text));
  }
  return values;
}

/** A default promises nothing; what somebody asked for and does not get is a problem. */
function insteadOf(row: Setting, source: string, value: unknown): string | undefined {
  return source === 'default' ? undefined : row.unavailable?.(value as never);
}
