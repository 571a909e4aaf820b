import { hexToken } from '../../core/kernel/ids.ts';
import type { Random } from '../../core/kernel/random.ts';
import type { DialRequest } from '../../core/ports.ts';
import type { HeaderName, Request, Response } from '../message.ts';
import { answerChallenge } from '../user-agent/digest.ts';
import type { Field } from './session-messages.ts';

/** The header that answers the first challenge of a 401 or 407 that we understand (RFC 3261 §22.2, §22.3). */
export function authorizationFor(
  response: Response,
  credentials: NonNullable<DialRequest['credentials']>,
  uri: string,
  random: Random,
): Field | undefined {
  const [asked, name]: [HeaderName, HeaderName] =
    response.status === 401 ? ['WWW-Authenticate', 'Authorization'] : ['Proxy-Authenticate', 'Proxy-Authorization'];
  const { method } = response.cseq;
  const cnonce = hexToken(random, 8);
  for (const challenge of response.all(asked)) {
    const value = answerChallenge(challenge, { ...credentials, method, uri, cnonce, nc: 1 });
    if (value !== undefined) return [name, value];
  }
  return undefined;
}

/** Who is challenged all the same has the wrong ones. */
export function hasCredentials(request: Request): boolean {
  return request.first('Authorization') !== undefined || request.first('Proxy-Authorization') !== undefined;
}

/** Whether a response asks for credentials (RFC 3261 §22.2, §22.3). */
export function isChallenge({ status }: Response): boolean {
  return status === 401 || status === 407;
}
