import { parseSdp } from '../../../media/sdp/parse.ts';
import type { SessionDescription } from '../../../media/sdp/session-description.ts';

/** Bytes of a description: a head with `c=` for 192.0.2.10, then these lines. */
export function sdpBytes(...lines: readonly string[]): Uint8Array {
  const head = ['v=0', 'o=phone 17 1 IN IP4 192.0.2.10', 's=-', 'c=IN IP4 192.0.2.10', 't=0 0'];
  return new TextEncoder().encode(`${[...head, ...lines].join('\r\n')}\r\n`);
}

export function parsed(bytes: Uint8Array): SessionDescription {
  const { session, defects } = parseSdp(bytes);
  if (session === undefined) throw new Error(`not readable: ${JSON.stringify(defects)}`);
  return session;
}

/** The description with these lines behind its head. */
export function sdp(...lines: readonly string[]): SessionDescription {
  return parsed(sdpBytes(...lines));
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
