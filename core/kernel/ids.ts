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
export type NumberId = Branded<string, 'NumberId'>;
export type FlowId = Branded<string, 'FlowId'>;
export type ActionId = Branded<string, 'ActionId'>;
export type ActiveflowId = Branded<string, 'ActiveflowId'>;
export type ConferenceId = Branded<string, 'ConferenceId'>;
export type ConferencecallId = Branded<string, 'ConferencecallId'>;
export type RecordingId = Branded<string, 'RecordingId'>;
export type ScriptSessionId = Branded<string, 'ScriptSessionId'>;

/** One dialog and its stream. A small integer: it indexes tables of the media threads. Never reused within a process. */
export type LegId = Branded<number, 'LegId'>;

/** One mix of a conference in the media threads. A small integer, never reused within a process. */
export type MixId = Branded<number, 'MixId'>;

/** One recording as the media threads know it. A small integer, never reused within a process. */
export type RecordingNumber = Branded<number, 'RecordingNumber'>;

/** "No value" on the wire, where the reference shape wants a UUID. */
export const NIL_UUID = '00000000-0000-0000-0000-000000000000';

const HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));

/** A random UUID (RFC 9562 §5.4, version 4). The caller brands it: `uuid(random) as AgentId`. */
export function uuid(random: Random): string {
  const b = random.bytes(16);
  b[6] = (b[6]! & 0x0f) | 0x40;
  return uuidText(b);
}

/**
 * A UUID that begins with its time (RFC 9562 §5.7, version 7): rows made together lie together in the store's index,
 * which halves the cost of writing them.
 */
export function timeOrderedUuid(random: Random, at: WallTime): string {
  const b = random.bytes(16);
  const ms = Math.floor(at);
  for (let i = 0; i < 6; i++) b[i] = Math.floor(ms / 2 ** (40 - 8 * i)) & 0xff;
  b[6] = (b[6]! & 0x0f) | 0x70;
  return uuidText(b);
}

function uuidText(b: Uint8Array): string {
  b[8] = (b[8]! & 0x3f) | 0x80;
  let text = '';
  for (let i = 0; i < 16; i++) text += (i === 4 || i === 6 || i === 8 || i === 10 ? '-' : '') + HEX[b[i]!]!;
  return text;
}

/** `count` random bytes as hexadecimal text. */
export function hexToken(random: Random, count: number): string {
  let text = '';
  for (const byte of random.bytes(count)) text += HEX[byte]!;
  return text;
}
