/** Rates that a mix can have. */
export const RATES_HZ: readonly number[] = [8000, 16_000, 24_000, 48_000];

/** Members of the same mix that are counted elsewhere, by place in `RATES_HZ`. */
export interface MembersElsewhere {
  membersElsewhere(rate: number): number;
}

/** The rate of a mix: the highest that two of its members have in common, so that at least one hears the gain. */
export class MixRate {
  /** Members by their own rate, as in `RATES_HZ`. */
  readonly counts = new Int32Array(RATES_HZ.length);

  /** Rates that are no rate of a mix, such as that of a codec that is only relayed, do not count. */
  add(rateHz: number): void {
    this.#change(rateHz, 1);
  }

  remove(rateHz: number): void {
    this.#change(rateHz, -1);
  }

  rateHz(elsewhere: MembersElsewhere | undefined): number {
    let members = 0;
    for (let i = RATES_HZ.length - 1; i > 0; i--) {
      members += this.counts[i]! + (elsewhere?.membersElsewhere(i) ?? 0);
      if (members >= 2) return RATES_HZ[i]!;
    }
    return RATES_HZ[0]!;
  }

  #change(rateHz: number, by: number): void {
    const index = RATES_HZ.indexOf(rateHz);
    if (index >= 0) this.counts[index]! += by;
  }
}
