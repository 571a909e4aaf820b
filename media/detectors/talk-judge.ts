/** So much voice, less the silence between, is somebody who talks, and no click. */
const BEGIN_MS = 60;
/** So much silence ends it: pauses between words are shorter. */
const END_MS = 500;

export type TalkChange = 'begun' | 'ended';

/** When somebody begins and ends to talk, from what is voice and what is not. */
export class TalkJudge {
  #isTalking = false;
  #voicedMs = 0;
  #silentMs = 0;

  get isTalking(): boolean {
    return this.#isTalking;
  }

  /** So long was voice, or was none; tells what that changes. */
  receive(isVoiced: boolean, durationMs: number): TalkChange | undefined {
    if (isVoiced) {
      this.#silentMs = 0;
      this.#voicedMs = Math.min(BEGIN_MS, this.#voicedMs + durationMs);
    } else {
      this.#silentMs = Math.min(END_MS, this.#silentMs + durationMs);
      this.#voicedMs = Math.max(0, this.#voicedMs - durationMs);
    }
    if (!this.#isTalking && this.#voicedMs >= BEGIN_MS) {
      this.#isTalking = true;
      return 'begun';
    }
    if (this.#isTalking && this.#silentMs >= END_MS) {
      this.#isTalking = false;
      this.#voicedMs = 0;
      return 'ended';
    }
    return undefined;
  }
}
