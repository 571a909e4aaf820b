/** Frames kept for a program whose socket broke; older ones are dropped. */
export const HISTORY_FRAMES_MAX = 1_000;
/** All of them are sent at once to a program that comes back. */
const HISTORY_CHARACTERS_MAX = 512 * 1024;

/** Numbered frames of one session, from 1 without holes; the first is kept for ever, it tells what the session is. */
export class FrameHistory {
  #first = '';
  readonly #frames: string[] = [];
  /** Number of the oldest frame in `#frames`. */
  #oldest = 1;
  #last = 0;
  #characters = 0;

  get first(): string {
    return this.#first;
  }

  get last(): number {
    return this.#last;
  }

  /** The smallest `after` for which nothing is missing. */
  get reach(): number {
    return this.#oldest - 1;
  }

  /** The frame's text with its number. */
  add(frame: object): string {
    this.#last += 1;
    const text = JSON.stringify({ n: this.#last, ...frame });
    if (this.#last === 1) this.#first = text;
    this.#frames.push(text);
    this.#characters += text.length;
    while (
      this.#frames.length > HISTORY_FRAMES_MAX ||
      (this.#characters > HISTORY_CHARACTERS_MAX && this.#frames.length > 1)
    ) {
      this.#characters -= this.#frames.shift()!.length;
      this.#oldest += 1;
    }
    return text;
  }

  /** Everything after this number, which lies between `reach` and `last`. */
  after(number: number): readonly string[] {
    return this.#frames.slice(number - this.reach);
  }
}
