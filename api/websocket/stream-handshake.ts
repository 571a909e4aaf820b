import type { ExternalMediaWish } from '../../core/calls/external-media-record.ts';
import type { RecordingReference } from '../../core/calls/recording-record.ts';
import type { Refusal } from '../../core/command.ts';
import type { CallId, ConferenceId } from '../../core/kernel/ids.ts';
import { invalid } from '../../core/refusal.ts';
import { directionFrom, packingFrom } from '../../flows/stream-terms.ts';

const STREAM_PATH = /^\/v1\.0\/(calls|conferences)\/([0-9a-f-]{36})\/media_stream$/;

/** What a request for a stream names; undefined when it is none. */
export function streamedAt(path: string): RecordingReference | undefined {
  const [, kind, id] = STREAM_PATH.exec(path) ?? [];
  if (id === undefined) return undefined;
  return kind === 'calls' ? { type: 'call', id: id as CallId } : { type: 'confbridge', id: id as ConferenceId };
}

/** What a program wants that connects to us, by the query of its request. */
export function streamWishFrom(query: URLSearchParams): ExternalMediaWish | Refusal {
  const packing = packingFrom(query.get('encapsulation') ?? '', query.get('rate') ?? '');
  if ('field' in packing) return invalid(packing.field, packing.expected, query.get(packing.field) ?? '');
  const directions: ExternalMediaWish['listen'][] = [];
  for (const field of ['direction_listen', 'direction_speak']) {
    const given = query.get(field) ?? '';
    const direction = directionFrom(given);
    if (direction === undefined) return invalid(field, 'in, out, both or none', given);
    directions.push(direction);
  }
  const [listen, speak] = directions as [ExternalMediaWish['listen'], ExternalMediaWish['speak']];
  return { ...packing, transport: 'websocket', listen, speak, target: undefined, parameters: {} };
}
