import { connectionOf } from './address.ts';
import type { Attribute, Connection, SessionDescription } from './session-description.ts';

/** The bytes of a session description, lines in the order of RFC 8866 §5, ended by CRLF. */
export function writeSdp(session: SessionDescription): Uint8Array {
  const { username, sessionId, version, address } = session.origin;
  let text = `v=0\r\no=${username} ${sessionId} ${version} IN ${connectionOf(address).family} ${address}\r\n`;
  text += `s=${session.name}\r\n${connectionLine(session.connection)}t=0 0\r\n${attributeLines(session.attributes)}`;
  for (const { kind, port, profile, formats, connection, attributes } of session.media) {
    text += `m=${kind} ${port} ${profile} ${formats.join(' ')}\r\n`;
    text += connectionLine(connection) + attributeLines(attributes);
  }
  // Of the pool of small buffers, which costs less than memory of its own.
  return Buffer.from(text, 'utf8');
}

function connectionLine(connection: Connection | undefined): string {
  return connection === undefined ? '' : `c=IN ${connection.family} ${connection.address}\r\n`;
}

function attributeLines(attributes: readonly Attribute[]): string {
  let lines = '';
  for (const { name, value } of attributes) lines += value === undefined ? `a=${name}\r\n` : `a=${name}:${value}\r\n`;
  return lines;
}
