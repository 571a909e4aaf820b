import { CODEC_NAMES } from '../core/kernel/codec-names.ts';
import { Fault } from '../core/kernel/fault.ts';
import { G729 } from '../media/sdp/formats.ts';
import { type Format, print, table } from './terminal.ts';

/** What one kind of peer requires of whoever calls through it, as data. */
export interface TrunkProfile {
  readonly name: string;
  readonly about: string;
  /** For the body of `POST /v1.0/providers`; what is a customer's own is written in capitals. */
  readonly provider: {
    readonly hostname: string;
    readonly codecs: string;
    readonly metadata: Readonly<Record<string, unknown>>;
  };
  readonly media: {
    /** At least one of them must be offered. */
    readonly encodings: readonly string[];
    readonly digits: 'telephone-event' | 'any';
    readonly protection: 'none' | 'srtp';
  };
  /** The test that replays a dialogue of this peer; '' for untested. */
  readonly replayedBy: string;
}

const G711 = { encodings: ['PCMU', 'PCMA'], digits: 'telephone-event', protection: 'none' } as const;

export const TRUNK_PROFILES: readonly TrunkProfile[] = [
  {
    name: 'tandem',
    about: 'another Tandem, by an extension of it: we register there, it calls our line',
    provider: {
      hostname: 'HOST',
      codecs: '',
      metadata: {
        username: 'EXTENSION',
        password: 'PASSWORD',
        from_user: 'EXTENSION',
        register: true,
        number: '+NUMBER',
      },
    },
    media: G711,
    replayedBy: 'test/world/trunk-profiles.test.ts',
  },
  {
    name: 'tandem-trunk',
    about: 'another Tandem that trusts our address as one of its trunks',
    provider: { hostname: 'HOST', codecs: '', metadata: {} },
    media: G711,
    replayedBy: 'test/world/trunk-profiles.test.ts',
  },
  {
    name: 'account',
    about: 'a carrier with an account: registration, the account in From, the number in P-Preferred-Identity',
    provider: {
      hostname: 'REGISTRAR',
      codecs: 'PCMA,PCMU',
      metadata: {
        username: 'ACCOUNT',
        password: 'PASSWORD',
        register: true,
        from_user: 'ACCOUNT',
        from_domain: 'REGISTRAR',
        identity: 'p-preferred-identity',
        number_from: 'to',
        trust_identity: true,
      },
    },
    media: G711,
    replayedBy: 'test/interop/foreign-scenarios.test.ts',
  },
  {
    name: 'address',
    about: 'a carrier that knows us by our address: no registration, the number in From and P-Asserted-Identity',
    provider: {
      hostname: 'HOST',
      codecs: 'PCMA,PCMU',
      metadata: {
        identity: 'p-asserted-identity',
        diversion: 'diversion',
        trust_identity: true,
        addresses: ['192.0.2.0/24'],
      },
    },
    media: G711,
    replayedBy: '',
  },
  {
    name: 'encrypted',
    about: 'a carrier that wants TLS and SRTP',
    provider: {
      hostname: 'HOST',
      codecs: '',
      metadata: { transport: 'tls', identity: 'p-asserted-identity', srtp: 'required' },
    },
    media: { ...G711, protection: 'srtp' },
    replayedBy: '',
  },
];

/** G.729 is handed through alone: a peer that speaks nothing else hears no prompt. */
const SPOKEN: ReadonlySet<string> = new Set(CODEC_NAMES.filter((name) => name !== G729.name));

/** What a peer requires and this Tandem does not do. */
export function missingFor({ media }: TrunkProfile): readonly string[] {
  return media.encodings.some((name) => SPOKEN.has(name)) ? [] : [`one of ${media.encodings.join(', ')}`];
}

/** `tandem trunk profile [NAME]`: all profiles, or the body for `POST /v1.0/providers` that one of them comes to. */
export function showProfile(name: string | undefined, format: Format): void {
  if (name === undefined) {
    const rows = TRUNK_PROFILES.map((profile) => ({ ...profile, missing: missingFor(profile) }));
    print(format, rows, () =>
      table(rows.map((row) => [row.name, `${row.about}${noteOn(row.replayedBy, row.missing)}`])),
    );
    return;
  }
  const profile = TRUNK_PROFILES.find((one) => one.name === name);
  if (profile === undefined) {
    const names = TRUNK_PROFILES.map((one) => one.name).join(', ');
    throw new Fault('INVALID_ARGUMENT', `no profile ${name}: expected one of ${names}`);
  }
  print(format, profile.provider, () => JSON.stringify(profile.provider, undefined, 2));
}

function noteOn(replayedBy: string, missing: readonly string[]): string {
  const notes = [...(replayedBy === '' ? ['untested'] : []), ...missing.map((what) => `not built yet: ${what}`)];
  return notes.length === 0 ? '' : ` (${notes.join('; ')})`;
}
