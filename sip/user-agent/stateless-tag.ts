import type { Request } from '../message.ts';

/** The same tag for every copy of a request, remembered by nobody (RFC 3261 §8.2.7): FNV-1a of what names it. */
export function statelessTag(request: Request): string {
  const text = `${request.callId} ${request.fromTag} ${request.topVia.branch} ${request.cseq.number}`;
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
