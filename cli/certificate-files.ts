import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import { systemClock } from '../core/kernel/clock.ts';
import type { Settings } from '../core/kernel/config.ts';
import { Fault } from '../core/kernel/fault.ts';
import type { Log } from '../core/kernel/log.ts';
import { expiryOf, type TlsIdentity } from '../sip/transport/tls-identity.ts';
import type { SipTransports } from '../sip/transport/transports.ts';

type TlsSettings = Pick<Settings, 'tlsCertificate' | 'tlsKey' | 'tlsAuthorities' | 'tlsClients'>;

/** Who renews a certificate writes several files, one after another: they are read when it is quiet. */
const QUIET_MS = 500;
/** Those who renew do it a month before, or a third of the time. */
const EXPIRES_SOON_MS = 14 * 86_400_000;

/** What the settings say of TLS, read from its files. Throws INVALID_SETTING or FILE_UNREADABLE. */
export function readIdentity(settings: TlsSettings): TlsIdentity {
  const { tlsCertificate, tlsKey, tlsAuthorities, tlsClients } = settings;
  if ((tlsCertificate === '') !== (tlsKey === '')) {
    const [given, missing] = tlsKey === '' ? ['certificate', 'key'] : ['key', 'certificate'];
    throw new Fault('INVALID_SETTING', `--tls-${given} is given: expected --tls-${missing} too, got none`, {});
  }
  if (tlsClients === 'certified' && tlsAuthorities === '') {
    throw new Fault('INVALID_SETTING', '--tls-clients certified: expected --tls-authorities, got none', {});
  }
  return {
    certificate: textOf(tlsCertificate),
    key: textOf(tlsKey),
    authorities: textOf(tlsAuthorities),
    clients: tlsClients,
  };
}

/**
 * Reads the files again whenever something changes where they are, and gives them to the transports when they are good;
 * else the old ones stay, and the log tells why. Folders are watched, since renewals replace files or links to them.
 */
export function watchIdentity(
  settings: TlsSettings,
  transports: Pick<SipTransports, 'identify'>,
  log: Log,
): { close(): void } {
  const first = readIdentity(settings);
  warnOfExpiry(first, log);
  let known = JSON.stringify(first);
  let quiet: NodeJS.Timeout | undefined;
  const reload = (): void => {
    try {
      const identity = readIdentity(settings);
      const text = JSON.stringify(identity);
      if (text === known) return;
      transports.identify(identity);
      known = text;
      log.info('TLS certificate read again', { expires: expiryOf(identity)?.toISOString() });
      warnOfExpiry(identity, log);
    } catch (error) {
      log.warn('TLS certificate not changed: the old one stays in use', { error });
    }
  };
  const changed = (): void => {
    clearTimeout(quiet);
    quiet = setTimeout(reload, QUIET_MS);
  };
  const files = [settings.tlsCertificate, settings.tlsKey, settings.tlsAuthorities].filter((path) => path !== '');
  const watchers = [...new Set(files.map((path) => dirname(path)))].map((folder): FSWatcher => {
    const watcher = watch(folder, { persistent: false }, changed);
    watcher.on('error', (error) => log.warn('changes of certificates are seen no more', { folder, error }));
    return watcher;
  });
  return {
    close: () => {
      clearTimeout(quiet);
      for (const watcher of watchers) watcher.close();
    },
  };
}

function warnOfExpiry(identity: TlsIdentity, log: Log): void {
  const expiresAt = expiryOf(identity);
  const now = systemClock.wallTime();
  if (expiresAt === undefined || expiresAt.getTime() - now > EXPIRES_SOON_MS) return;
  const what = expiresAt.getTime() <= now ? 'ran out: clients will not connect' : 'runs out soon';
  log.warn(`the TLS certificate ${what}`, { expires: expiresAt.toISOString() });
}

function textOf(path: string): string {
  if (path === '') return '';
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Fault('FILE_UNREADABLE', `${path} cannot be read: ${(error as Error).message}`, { path }, error);
  }
}
