import type { IncomingMessage } from 'node:http';

/** One that breaks off more often is given up. */
const RESUMES_MAX = 3;

/**
 * The bytes of an answer. One that breaks off is asked for from there on (RFC 9110 §14.2), if its server told by a strong
 * entity tag how to know that it is still the same; what broke it is thrown otherwise.
 */
export async function* resumedBody(
  first: IncomingMessage,
  askAgain: (headers: Readonly<Record<string, string>>) => Promise<IncomingMessage>,
): AsyncGenerator<Buffer> {
  const tag = first.headers.etag ?? '';
  let response = first;
  let sizeBytes = 0;
  for (let left = tag.startsWith('"') ? RESUMES_MAX : 0; ; left--) {
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        sizeBytes += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      if (left === 0) throw error;
      response = await askAgain({ range: `bytes=${sizeBytes}-`, 'if-range': tag });
      if (!isRest(response, sizeBytes)) {
        response.destroy();
        throw error;
      }
    }
  }
}

function isRest({ statusCode, headers }: IncomingMessage, fromBytes: number): boolean {
  if (fromBytes === 0 && statusCode === 200) return true;
  return statusCode === 206 && (headers['content-range'] ?? '').startsWith(`bytes ${fromBytes}-`);
}
