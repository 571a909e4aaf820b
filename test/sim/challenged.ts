import { hexToken } from '../../core/kernel/ids.ts';
import type { Random } from '../../core/kernel/random.ts';
import type { Response } from '../../sip/message.ts';
import { answerChallenge } from '../../sip/user-agent/digest.ts';

/** Whose request it was, and what it asked for. */
export interface Asked {
  readonly username: string;
  readonly password: string;
  readonly method: string;
  readonly uri: string;
  readonly random: Random;
}

/** What a party says to a challenge; undefined when the response is none. */
export function authorizationFor(response: Response, { random, ...asked }: Asked): string | undefined {
  const challenge = response.first('WWW-Authenticate');
  if (response.status !== 401 || challenge === undefined) return undefined;
  return answerChallenge(challenge, { ...asked, cnonce: hexToken(random, 8), nc: 1 });
}
