import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Authority } from './authority.ts';

/** A folder with the certificate of a server at 127.0.0.1, as `tandem serve` is given it. */
export class CertificateFolder {
  readonly certificate: string;
  readonly key: string;
  readonly #authority: Authority;

  constructor(authority: Authority) {
    const folder = mkdtempSync(join(tmpdir(), 'tandem-certificates-'));
    this.certificate = join(folder, 'server.pem');
    this.key = join(folder, 'server.key');
    this.#authority = authority;
    this.renew();
  }

  get settings(): readonly string[] {
    return ['--tls-certificate', this.certificate, '--tls-key', this.key];
  }

  /** Replaces certificate and key, one after the other. */
  renew(): void {
    const issued = this.#authority.issue({ names: ['127.0.0.1', 'localhost'] });
    writeFileSync(this.key, issued.key, { mode: 0o600 });
    writeFileSync(this.certificate, issued.certificate);
  }
}
