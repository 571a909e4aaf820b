/** A text that is known in clear only where it is used: as it is, or sealed until it is needed first. */
export type Secret = string | SealedText;

/** Opens what was sealed; undefined when it was sealed with another key, or changed. */
export type Unseal = (sealed: string) => string | undefined;

/** A text that is kept sealed until somebody needs it, and in clear from then on. */
export class SealedText {
  readonly sealed: string;
  readonly #unseal: Unseal;
  #text: string | undefined | null = null;

  constructor(sealed: string, unseal: Unseal) {
    this.sealed = sealed;
    this.#unseal = unseal;
  }

  /** Another text that was sealed with the same key, not opened yet. */
  another(sealed: string): SealedText {
    return new SealedText(sealed, this.#unseal);
  }

  /** The same, not opened yet. */
  again(): SealedText {
    return this.another(this.sealed);
  }

  /** Undefined when it does not open: then nobody has it right. */
  get text(): string | undefined {
    if (this.#text === null) this.#text = this.#unseal(this.sealed);
    return this.#text;
  }
}

/** The text in clear; undefined when it does not open. */
export function revealed(secret: Secret): string | undefined {
  return typeof secret === 'string' ? secret : secret.text;
}
