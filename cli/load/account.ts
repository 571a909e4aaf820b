import { answerChallenge } from '../../sip/user-agent/digest.ts';
import { field } from './sip-text.ts';

/** One extension that the generator plays: its name, its password, and the challenge it was given last. */
export class Account {
  readonly user: string;
  readonly #password: string;
  #challenge = '';
  #used = 0;

  constructor(user: string, password: string) {
    this.user = user;
    this.#password = password;
  }

  /** Keeps the challenge of a 401. */
  challenged(response: string): void {
    this.#challenge = field(response, 'WWW-Authenticate');
    this.#used = 0;
  }

  /** Forgets the challenge, so that the next request meets a new one. */
  forget(): void {
    this.#challenge = '';
  }

  /** The Authorization line for a request; '' without a challenge, or when it cannot be answered. */
  authorization(method: string, uri: string): string {
    if (this.#challenge === '') return '';
    const nc = ++this.#used;
    const use = { username: this.user, password: this.#password, method, uri, cnonce: 'load', nc };
    const answer = answerChallenge(this.#challenge, use);
    return answer === undefined ? '' : `Authorization: ${answer}\r\n`;
  }
}
