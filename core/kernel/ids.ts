import { fail } from './assert.ts';
import type { Random } from './random.ts';
import type { WallTime } from './time.ts';

declare const brand: unique symbol;
type Branded<Base, Name extends string> = Base & { readonly [brand]: Name };

/** Identifiers are UUIDs in lower case (RFC 9562) unless said otherwise; the brands keep them apart. */
export type CustomerId = Branded<string, 'CustomerId'>;
export type AgentId = Branded<string, 'AgentId'>;
export type AccesskeyId = Branded<string, 'AccesskeyId'>;
export type ExtensionId = Branded<string, 'ExtensionId'>;
export type CallId = Branded<string, 'CallId'>;
export type GroupcallId = Branded<string, 'GroupcallId'>;
export type BridgeId = Branded<string, 'BridgeId'>;
export type TrunkId = Branded<string, 'TrunkId'>;
export type ProviderId = Branded<string, 'ProviderId'>;
/** What calls go out through. */
export type GatewayId = ProviderId | TrunkId;
export type DialRouteId = Branded<string, 'DialRouteId'>;
export type OutboundConfigId = Branded<string, 'OutboundConfigId'>;
export type NumberId = Branded<string, 'NumberId'>;
export type FlowId = Branded<string, 'FlowId'>;
export type ActionId = Branded<string, 'ActionId'>;
export type MessageId = Branded<string, 'MessageId'>;
export type ActiveflowId = Branded<string, 'ActiveflowId'>;
export type ConferenceId = Branded<string, 'ConferenceId'>;
export type ConferencecallId = Branded<string, 'ConferencecallId'>;
export type RecordingId = Branded<string, 'RecordingId'>;
export type ExternalMediaId = Branded<string, 'ExternalMediaId'>;
export type ScriptSessionId = Branded<string, 'ScriptSessionId'>;

/** A place where one customer parks calls; no UUID. */
export type ParkSlotId = Branded<string, 'ParkSlotId'>;

/** One dialog and its stream. A small integer: it indexes tables of the media threads. Never reused within a process. */
export type LegId = Branded<number, 'LegId'>;

/** One mix of a conference in the media threads. A small integer, never reused within a process. */
export type MixId = Branded<number, 'MixId'>;

/** One recording as the media threads know it. A small integer, never reused within a process. */
export type RecordingNumber = Branded<number, 'RecordingNumber'>;

/** "No value" on the wire, where the reference shape wants a UUID. */
export const NIL_UUID = '00000000-0000-0000-0000-000000000000';

const UUID_BYTES = 16;
const DIGITS = Buffer.from('0123456789abcdef', 'latin1');
const DASH = 0x2d;
/** Random bytes, and the characters of an id, before they become one text: nothing else is allocated for it. */
const BYTES = Buffer.alloc(64);
const CHARACTERS = Buffer.alloc(36);

/** A random UUID (RFC 9562 §5.4, version 4). The caller brands it: `uuid(random) as AgentId`. */
export function uuid(random: Random): string {
  random.fill(BYTES, UUID_BYTES);
  BYTES[6] = (BYTES[6]! & 0x0f) | 0x40;
  return uuidText();
}

/**
 * A UUID that begins with its time (RFC 9562 §5.7, version 7): rows made together lie together in the store's index,
 * which halves the cost of writing them.
 */
export function timeOrderedUuid(random: Random, at: WallTime): string {
  random.fill(BYTES, UUID_BYTES);
  BYTES.writeUIntBE(Math.floor(at), 0, 6);
  BYTES[6] = (BYTES[6]! & 0x0f) | 0x70;
  return uuidText();
}

function uuidText(): string {
  BYTES[8] = (BYTES[8]! & 0x3f) | 0x80;
  let at = 0;
  for (let i = 0; i < UUID_BYTES; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) CHARACTERS[at++] = DASH;
    const byte = BYTES[i]!;
    CHARACTERS[at++] = DIGITS[byte >> 4]!;
    CHARACTERS[at++] = DIGITS[byte & 0x0f]!;
  }
  return CHARACTERS.toString('latin1');
}

/** `count` random bytes, 64 at most, as hexadecimal text. */
export function hexToken(random: Random, count: number): string {
  if (count > BYTES.length) fail(`a token has at most ${BYTES.length} bytes`);
  random.fill(BYTES, count);
  return BYTES.toString('hex', 0, count);
}
