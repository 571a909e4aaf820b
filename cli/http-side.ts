import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AddressGuard } from '../api/address-guard.ts';
import { OutgoingHttp } from '../api/http-client.ts';
import { ApiServer } from '../api/server.ts';
import { EventSockets } from '../api/websocket/event-sockets.ts';
import { Heartbeat } from '../api/websocket/heartbeat.ts';
import { ScriptSockets } from '../api/websocket/script-sockets.ts';
import { StreamSockets } from '../api/websocket/stream-sockets.ts';
import { WebSockets, type WebSocketsOptions } from '../api/websocket/web-sockets.ts';
import type { Settings } from '../core/kernel/config.ts';
import type { Disposal } from '../core/kernel/disposal.ts';
import type { StreamLinkEvent } from '../core/ports.ts';
import { ProgramLinks } from '../media/io/program-links.ts';
import type { Machines } from './assemble.ts';
import { FileDownloads } from './downloads.ts';
import type { RunFile } from './running-process.ts';

/** Opens the way out to servers and programs of users, and joins what comes back to the node. */
function openWaysOut(
  machines: Machines,
  settings: Settings,
  disposal: Disposal,
): Pick<WebSocketsOptions, 'scripts' | 'streams' | 'heartbeat'> {
  const { node, wake, clock, effects } = machines;
  const guard = new AddressGuard(settings.allowPrivate);
  const client = new OutgoingHttp({
    guard,
    downloads: new FileDownloads(),
    received: (event) => {
      node.http(event, clock.now());
      wake();
    },
  });
  disposal.add('http client', () => client.close());
  effects.request = (request) => client.request(request);
  const heartbeat = new Heartbeat({ clock });
  const scripts = new ScriptSockets({
    guard,
    heartbeat,
    received: (event) => {
      node.script(event, clock.now());
      wake();
    },
  });
  effects.scripts = scripts;
  const streams = openPrograms(machines, guard, heartbeat, disposal);
  return { scripts, streams, heartbeat };
}

/** Joins the sockets of programs that hear and speak to the node; those of WebSockets are served as well. */
function openPrograms(
  { node, wake, clock, effects }: Machines,
  guard: AddressGuard,
  heartbeat: Heartbeat,
  disposal: Disposal,
): StreamSockets {
  const received = (event: StreamLinkEvent): void => {
    node.link(event, clock.now());
    wake();
  };
  const streams = new StreamSockets({
    guard,
    heartbeat,
    clock,
    received,
  });
  const links = new ProgramLinks({
    guard,
    clock,
    received,
  });
  disposal.add('links to programs', () => links.terminateAll());
  effects.link = (order) => {
    const { id } = order;
    if (order.kind === 'open') {
      const { transport, target } = order;
      if (transport === 'websocket') streams.open(id, target);
      else links.open(id, transport, target);
    } else if (order.kind === 'send') {
      // Each knows its own.
      streams.send(id, order.message);
      links.send(id, order.message);
    } else {
      streams.close(id, order.reason);
      links.close(id);
    }
  };
  return streams;
}

/** Binds HTTP, and tells the command line of this machine where it is. Throws PORT_IN_USE or ADDRESS_UNAVAILABLE. */
export async function openHttp(machines: Machines, settings: Settings, disposal: Disposal): Promise<ApiServer> {
  const { backend, journal, clock } = machines;
  const events = new EventSockets({ journal, directory: backend.directory, clock });
  machines.onTurn(() => events.notify());
  const waysOut = openWaysOut(machines, settings, disposal);
  const server = await ApiServer.listen(backend, settings.http, new WebSockets({ backend, events, ...waysOut }));
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
