import { connectionOf } from './address.ts';
import type { Attribute, Connection, SessionDescription } from './session-description.ts';

const encoder = new TextEncoder();

/** The bytes of a session description, lines in the order of RFC 8866 §5, ended by CRLF. */
export function writeSdp(session: SessionDescription): Uint8Array {
  const { username, sessionId, version, address } = session.origin;
  const lines = [
    'v=0',
    `o=${username} ${sessionId} ${version} IN ${connectionOf(address).family} ${address}`,
    `s=${session.name}`,
  ];
  pushConnection(lines, session.connection);
  lines.push('t=0 0');
  pushAttributes(lines, session.attributes);
  for (const media of session.media) {
    lines.push(`m=${media.kind} ${media.port} ${media.profile} ${media.formats.join(' ')}`);
    pushConnection(lines, media.connection);
    pushAttributes(lines, media.attributes);
  }
  return encoder.encode(`${lines.join('\r\n')}\r\n`);
}

function pushConnection(lines: string[], connection: Connection | undefined): void {
  if (connection !== undefined) lines.push(`c=IN ${connection.family} ${connection.address}`);
}

function pushAttributes(lines: string[], attributes: readonly Attribute[]): void {
  for (const { name, value } of attributes) lines.push(value === undefined ? `a=${name}` : `a=${name}:${value}`);
}
