/** What is left of R by its default values (ITU-T G.107 Table 3): no noise, echo or sidetone worth mentioning. */
const R_DEFAULT = 93.2;

/** Beyond this one-way delay people begin to talk at the same time. */
const DELAY_NOTICED_MS = 177.3;

interface Impairment {
  /** Ie: of the codec itself. */
  readonly codec: number;
  /** Bpl: how well it stands losses. */
  readonly robustness: number;
}

/**
 * ITU-T G.113 Appendix I. G.711 is rated with concealment. Codecs of more band than a telephone has are rated as G.711:
 * the scale ends there.
 */
const G711: Impairment = { codec: 0, robustness: 25.1 };
const IMPAIRMENTS: Readonly<Record<string, Impairment>> = { G729: { codec: 10, robustness: 19 } };

/** How a stream came through. */
export interface Passage {
  readonly codec: string;
  /** From mouth to ear. */
  readonly delayMs: number;
  /** 0 to 1. */
  readonly lossShare: number;
  /** How much longer losses in a row are than at random: 1 or more (G.107 §3.5). */
  readonly burstRatio: number;
}

/** The E-model of ITU-T G.107, simplified: R = 93.2 − Id − Ie,eff, and the MOS that belongs to it (G.107 Annex B), 1 to 4.5. */
export function meanOpinionScore({ codec, delayMs, lossShare, burstRatio }: Passage): number {
  const { codec: ie, robustness } = IMPAIRMENTS[codec] ?? G711;
  const lossPercent = 100 * lossShare;
  const effective = ie + ((95 - ie) * lossPercent) / (lossPercent / burstRatio + robustness);
  const delayed = 0.024 * delayMs + 0.11 * Math.max(0, delayMs - DELAY_NOTICED_MS);
  const r = R_DEFAULT - delayed - effective;
  if (r <= 0) return 1;
  if (r >= 100) return 4.5;
  return Math.max(1, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6);
}
