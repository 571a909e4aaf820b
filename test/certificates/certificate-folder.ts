import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Authority } from './authority.ts';

/** A folder with the certificate of a server, as `tandem serve` is given it. */
export class CertificateFolder {
  readonly folder = mkdtempSync(join(tmpdir(), 'tandem-certificates-'));
  readonly certificate: string;
  readonly key: string;
  readonly #authority: Authority;
  readonly #names: readonly string[];

  constructor(authority: Authority, names: readonly string[] = ['127.0.0.1', 'localhost']) {
    this.certificate = join(this.folder, 'server.pem');
    this.key = join(this.folder, 'server.key');
    this.#authority = authority;
    this.#names = names;
    this.renew();
  }

  get settings(): readonly string[] {
    return ['--tls-certificate', this.certificate, '--tls-key', this.key];
  }

  /** Replaces certificate and key, one after the other. */
  renew(): void {
    const issued = this.#authority.issue({ names: this.#names });
    writeFileSync(this.key, issued.key, { mode: 0o600 });
    writeFileSync(this.certificate, issued.certificate);
  }
}
