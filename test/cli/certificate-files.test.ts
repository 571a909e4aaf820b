import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readIdentity, watchIdentity } from '../../cli/certificate-files.ts';
import { LineLog } from '../../core/kernel/log.ts';
import { tlsContexts } from '../../sip/transport/tls-identity.ts';
import { Authority } from '../certificates/authority.ts';
import { until } from '../interop/program.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-certificates-'));
const file = join(folder, 'a.pem');
writeFileSync(file, 'a text');
const NONE = { tlsCertificate: '', tlsKey: '', tlsAuthorities: '', tlsClients: 'anyone' } as const;

test('what the files hold is what is shown', () => {
  expect(readIdentity(NONE)).toEqual({ certificate: '', key: '', authorities: '', clients: 'anyone' });
  expect(readIdentity({ ...NONE, tlsCertificate: file, tlsKey: file })).toMatchObject({
    certificate: 'a text',
    key: 'a text',
  });
});

test.each([
  [{ tlsCertificate: file }, /expected --tls-key too/],
  [{ tlsKey: file }, /expected --tls-certificate too/],
  [{ tlsClients: 'certified' }, /expected --tls-authorities/],
  [{ tlsAuthorities: join(folder, 'nowhere.pem') }, /nowhere\.pem cannot be read/],
] as const)('settings that do not fit together are refused: %j', (given, expected) => {
  expect(() => readIdentity({ ...NONE, ...given })).toThrow(expected);
});

/** Files of a certificate with this much time left, watched; and what the log says. */
function watched(leftMs: number) {
  const settings = { ...NONE, tlsCertificate: join(folder, `${leftMs}.pem`), tlsKey: join(folder, `${leftMs}.key`) };
  const { certificate, key } = new Authority().issue({ names: ['a'], expiresAt: new Date(Date.now() + leftMs) });
  writeFileSync(settings.tlsCertificate, certificate);
  writeFileSync(settings.tlsKey, key);
  const lines: string[] = [];
  const log = new LineLog({ level: 'info', format: 'text', sink: (line) => lines.push(line), wallTime: () => 0 });
  const watch = watchIdentity(settings, { identify: tlsContexts }, log);
  return { settings, lines, watch };
}

test.each([
  [-1_000, ['the TLS certificate ran out: clients will not connect']],
  [86_400_000, ['the TLS certificate runs out soon']],
  [30 * 86_400_000, []],
])('a certificate with %i ms left: the log says %j', (leftMs, expected) => {
  const { lines, watch } = watched(leftMs);
  watch.close();
  expect(lines).toEqual(expected.map((text) => expect.stringContaining(text)));
});

test('a file that is broken, or half of a renewal, changes nothing, and the log tells why', async () => {
  const { settings, lines, watch } = watched(86_400_000 * 60);
  writeFileSync(settings.tlsKey, new Authority().issue({ names: ['b'] }).key);
  await until(
    () => lines[0],
    5_000,
    () => 'a line of the log',
  );
  watch.close();
  expect(lines).toEqual([expect.stringMatching(/the old one stays in use.*expected the key of the certificate/)]);
});
