import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readIdentity } from '../../cli/certificate-files.ts';

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
