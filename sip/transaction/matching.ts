import type { Request, Response } from '../message.ts';

/** RFC 3261 §8.1.1.7: branches that are unique over space and time begin with this. */
export const MAGIC_COOKIE = 'z9hG4bK';

/**
 * What a request shares with the server transaction it belongs to (RFC 3261 §17.2.3). An ACK has the key of its
 * INVITE; without the magic cookie it is found by the rules for RFC 2543.
 */
export function serverKey(request: Request): string {
  return keyAs(request, request.method === 'ACK' ? 'INVITE' : request.method);
}

/** Key of the INVITE that a CANCEL is for (RFC 3261 §9.2). */
export function canceledKey(cancel: Request): string {
  return keyAs(cancel, 'INVITE');
}

function keyAs(request: Request, method: string): string {
  const via = request.topVia;
  if (via.branch.startsWith(MAGIC_COOKIE)) return `${method} ${via.branch} ${via.host}:${via.port}`;
  const { callId, fromTag, cseq, uri } = request;
  return `${method} ${callId} ${fromTag} ${cseq.number} ${uri.text} ${via.branch} ${via.host}:${via.port}`;
}

/** What a response shares with the client transaction it belongs to (RFC 3261 §17.1.3). */
export function clientKey(message: Response): string {
  return keyOfBranch(message.cseq.method, message.topVia.branch);
}

/** The same for a request of ours, whose branch we chose. */
export function keyOfBranch(method: string, branch: string): string {
  return `${method} ${branch}`;
}

/**
 * What two requests outside a dialog share when they are one request that arrived over two paths
 * (RFC 3261 §8.2.2.2).
 */
export function mergeKey(request: Request): string {
  return `${request.cseq.method} ${request.cseq.number} ${request.fromTag} ${request.callId}`;
}
