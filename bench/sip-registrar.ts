import { Directory } from '../core/directory/directory.ts';
import type { Extension } from '../core/directory/records.ts';
import { type CustomerId, type ExtensionId, uuid } from '../core/kernel/ids.ts';
import { secure } from '../core/kernel/random.ts';
import { revealed } from '../core/kernel/secret.ts';
import type { TransportAddress } from '../core/ports.ts';
import type { Request } from '../sip/message.ts';
import { parse } from '../sip/parser.ts';
import { answerChallenge, DigestServer } from '../sip/user-agent/digest.ts';
import { Gatekeeper } from '../sip/user-agent/gatekeeper.ts';
import { Registrar } from '../sip/user-agent/registrar.ts';
import { write } from '../sip/writer.ts';

const PHONES = 10_000;
const SOURCE: TransportAddress = { transport: 'udp', address: '192.0.2.17', port: 5060 };
const CUSTOMER = '00000000-0000-4000-8000-000000000001' as CustomerId;
const START = 1_790_000_000_000;

/** Operations per second on one core of what a registration costs beyond its transaction. */
export async function run(): Promise<Record<string, number>> {
  const random = secure();
  const directory = new Directory();
  const calendar = (now: number) => START + now;
  const digest = new DigestServer({ random, calendar, nonceLifetimeMs: 300_000 });
  const registrar = new Registrar({ directory, calendar, random });
  const gatekeeper = new Gatekeeper({ registeredFrom: () => false });
  const extensions = Array.from({ length: PHONES }, (_, i) => extension(`${1000 + i}`, uuid(random) as ExtensionId));
  const names = new Map(extensions.map((row) => [row.extension, row]));
  const lookUp = (username: string) => {
    const password = revealed(names.get(username)?.password ?? '');
    return password === undefined ? undefined : { password };
  };

  const challenged = perSecond(PHONES, () => digest.challenge('tandem', 0));
  const bytes = extensions.map((row) => signed(row, digest.challenge('tandem', 0)[0]!, 1));
  const requests = bytes.map((message) => parse(message).message as Request);
  const verified = perSecond(PHONES, (i) => {
    gatekeeper.admit(SOURCE, requests[i]!.to.uri.user, 0);
    if (digest.verify(requests[i]!, lookUp, 0).kind !== 'accepted') throw new Error(`phone ${i} is not accepted`);
    gatekeeper.succeeded(SOURCE, requests[i]!.to.uri.user, 0);
  });
  const registered = perSecond(PHONES, (i) => {
    for (const event of registrar.receive(requests[i]!, extensions[i]!, SOURCE, 5060, 0).events) {
      if (event.kind === 'bound') directory.putBinding(event.binding);
    }
  });
  const again = extensions.map((row) => signed(row, digest.challenge('tandem', 0)[0]!, 2));
  const whole = perSecond(PHONES, (i) => {
    const request = parse(again[i]!).message as Request;
    if (digest.verify(request, lookUp, 1).kind !== 'accepted') throw new Error(`phone ${i} is not accepted`);
    write(registrar.receive(request, extensions[i]!, SOURCE, 5060, 1).response);
  });
  return {
    challengesPerSecond: challenged,
    verificationsPerSecond: verified,
    firstRegistrationsPerSecond: registered,
    refreshesFromBytesToBytesPerSecond: whole,
  };
}

function extension(name: string, id: ExtensionId): Extension {
  const row = {
    id,
    customerId: CUSTOMER,
    extension: name,
    name: '',
    detail: '',
    password: `password of ${name}`,
    codecs: '',
    srtp: 'off' as const,
  };
  return { ...row, createdAt: START, updatedAt: null, deletedAt: null };
}

/** A REGISTER as a phone sends it, with the answer to this challenge. */
function signed(row: Extension, challenge: string, cseq: number): Uint8Array {
  const user = row.extension;
  const password = revealed(row.password) ?? '';
  const use = { username: user, password, method: 'REGISTER', uri: 'sip:tandem.example', cnonce: 'c0ffee', nc: 1 };
  return Buffer.from(
    [
      'REGISTER sip:tandem.example SIP/2.0',
      `Via: SIP/2.0/UDP 192.0.2.17:5060;branch=z9hG4bK${user}${cseq};rport`,
      'Max-Forwards: 70',
      `From: <sip:${user}@tandem.example>;tag=${user}`,
      `To: <sip:${user}@tandem.example>`,
      `Call-ID: ${user}@192.0.2.17`,
      `CSeq: ${cseq} REGISTER`,
      `Contact: <sip:${user}@192.0.2.17:5060>;expires=3600`,
      'User-Agent: Phone/1.0',
      `Authorization: ${answerChallenge(challenge, use)}`,
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n'),
  );
}

function perSecond(count: number, once: (index: number) => unknown): number {
  const begun = performance.now();
  for (let i = 0; i < count; i++) once(i);
  return Math.round((count * 1000) / (performance.now() - begun));
}

if (import.meta.main) console.table(await run());
