import { assert } from '../../core/kernel/assert.ts';

/** What a transaction says to one input, oldest first: two things at most, kept in place rather than in a list. */
export class Said<Output> {
  #first: Output | undefined;
  #second: Output | undefined;

  get isDrained(): boolean {
    return this.#first === undefined;
  }

  push(output: Output): void {
    if (this.#first === undefined) this.#first = output;
    else {
      assert(this.#second === undefined, 'one input has two outputs at most');
      this.#second = output;
    }
  }

  poll(): Output | undefined {
    const output = this.#first;
    this.#first = this.#second;
    this.#second = undefined;
    return output;
  }
}
