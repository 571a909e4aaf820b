import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiServer } from '../api/server.ts';
import type { Settings } from '../core/kernel/config.ts';
import type { Disposal } from '../core/kernel/disposal.ts';
import type { TandemBackend } from './backend.ts';
import type { RunFile } from './running-process.ts';

/** Binds HTTP, and tells the command line of this machine where it is. Throws PORT_IN_USE or ADDRESS_UNAVAILABLE. */
export async function openHttp(backend: TandemBackend, settings: Settings, disposal: Disposal): Promise<ApiServer> {
  const server = await ApiServer.listen(backend, settings.http);
  disposal.add('http', () => server.close());
  const path = join(settings.data, 'run.json');
  const run: RunFile = {
    pid: process.pid,
    http: hostPort(reachable(server.host), server.port),
    token: backend.operatorToken,
  };
  rmSync(path, { force: true });
  writeFileSync(path, `${JSON.stringify(run)}\n`, { mode: 0o600, flag: 'wx' });
  disposal.add('run file', () => rmSync(path, { force: true }));
  return server;
}

/** RFC 3986 §3.2.2: IPv6 addresses stand in brackets before a port. */
export function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function reachable(host: string): string {
  return host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
}
