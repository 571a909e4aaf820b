interface Part {
  readonly name: string;
  readonly close: () => void | Promise<void>;
}

/**
 * Who was opened is closed: parts in the reverse order of their opening, each within a time, and each whatever became
 * of the others.
 */
export class Disposal {
  readonly #limitMs: number;
  readonly #parts: Part[] = [];
  #disposing: Promise<void> | undefined;

  /** `limitMs` is what each part may take. */
  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /** What to close with the rest; `name` stands in the error when that fails. */
  add(name: string, close: () => void | Promise<void>): void {
    this.#parts.push({ name, close });
  }

  /** Rejects with an `AggregateError` of all parts that failed or took too long. Called again, it tells the same. */
  dispose(): Promise<void> {
    this.#disposing ??= this.#closeAll();
    return this.#disposing;
  }

  async #closeAll(): Promise<void> {
    const errors: Error[] = [];
    for (let part = this.#parts.pop(); part !== undefined; part = this.#parts.pop()) {
      try {
        await this.#within(part);
      } catch (cause) {
        const detail = cause instanceof Error ? cause.message : String(cause);
        errors.push(new Error(`closing ${part.name} failed: ${detail}`, { cause }));
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, errors.map((error) => error.message).join('; '));
  }

  async #within({ close }: Part): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not closed within ${this.#limitMs} ms`)), this.#limitMs);
    });
    try {
      await Promise.race([close(), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
