import type { SrtpPolicy } from '../../core/kernel/srtp-policy.ts';
import type { Direction } from './direction.ts';
import {
  type AudioFormat,
  CODEC_FORMATS,
  COMFORT_NOISE,
  codecNameOf,
  G729,
  isNamed,
  isWideband,
  OPUS,
  withEvents,
} from './formats.ts';
import { type NegotiatedAudio, negotiateAnswer } from './negotiate.ts';
import type { SessionDescription } from './session-description.ts';

const OFFERS_KEPT_MAX = 100;

/**
 * Which codecs a switch speaks, and in which order it offers them. Those of the other leg come first, the better ones
 * before the others, so that nothing need be transcoded; then the usual ones.
 */
export class SpokenFormats {
  readonly #known: readonly AudioFormat[];
  /** What is offered to whoever has not said what the other side speaks: linear samples take too much for most links. */
  readonly #usual: readonly AudioFormat[];
  /** What can be decoded here; and all, where the other side may speak it too. */
  readonly #decoded: readonly AudioFormat[];
  readonly #relayed: readonly AudioFormat[];

  /** Offers made before, by what was wished for: most calls wish for the same. */
  readonly #offers = new Map<string, readonly AudioFormat[]>();

  /** `names` are the codecs allowed, best first; without a library for it there is no Opus. */
  constructor(names: readonly string[], hasOpus: boolean) {
    const named = names.flatMap((name) => CODEC_FORMATS.filter((codec) => isNamed(codec, name)));
    this.#known = named.filter((codec) => hasOpus || codec !== OPUS);
    this.#usual = this.#known.filter((codec) => codec !== G729 && codec.name !== 'L16');
    this.#decoded = [...withEvents(this.#known.filter((codec) => codec !== G729)), COMFORT_NOISE];
    this.#relayed = [...withEvents(this.#known), COMFORT_NOISE];
  }

  /**
   * The choice for an answer, as `negotiateAnswer`. What nothing here decodes is chosen where the other side prefers it, or
   * where nothing else is in common: rather that than no call.
   */
  negotiate(
    offer: SessionDescription,
    preferred: readonly string[] = [],
    willing: Direction = 'sendrecv',
    srtp: SrtpPolicy = 'off',
  ): NegotiatedAudio | undefined {
    return (
      this.renegotiate(offer, preferred, willing, srtp) ??
      negotiateAnswer(offer, this.#relayed, preferred, willing, srtp)
    );
  }

  /** As `negotiate`, where there is a session that can go on as it was: nothing becomes silent by it. */
  renegotiate(
    offer: SessionDescription,
    preferred: readonly string[],
    willing: Direction,
    srtp: SrtpPolicy,
  ): NegotiatedAudio | undefined {
    const formats = preferred[0] === G729.name ? this.#relayed : this.#decoded;
    return negotiateAnswer(offer, formats, preferred, willing, srtp);
  }

  /**
   * What to prefer in an answer to a peer for which `wanted` are named, when the other side speaks `preferred`: those that are
   * named first, but G.729 only where the other side has it, and nothing else where that has G.729 alone.
   */
  wishes(wanted: readonly string[], preferred: readonly string[]): readonly string[] {
    if (wanted.length === 0 || (preferred[0] === G729.name && codecCount(preferred) === 1)) return preferred;
    return [...wanted.filter((name) => !isNamed(G729, name) || preferred.includes(G729.name)), ...preferred];
  }

  /**
   * Formats for an offer. `encodings` are the only ones that this peer is offered, in their order, if we speak any of
   * them; G.729 it is offered where the other leg has it, and alone where that has nothing else; comfort noise where the
   * other leg has that: who is not asked for pauses makes none.
   */
  offered(preferred: readonly string[], encodings: readonly string[]): readonly AudioFormat[] {
    const wishes = `${preferred.join()};${encodings.join()}`;
    const known = this.#offers.get(wishes);
    if (known !== undefined) return known;
    const formats = this.#order(preferred, encodings);
    if (this.#offers.size >= OFFERS_KEPT_MAX) this.#offers.clear();
    this.#offers.set(wishes, formats);
    return formats;
  }

  #order(preferred: readonly string[], encodings: readonly string[]): readonly AudioFormat[] {
    const alike = preferred.flatMap((name) => this.#known.filter((codec) => codecNameOf(codec) === name));
    if (alike.length === 1 && alike[0] === G729) return withEvents(alike);
    const first = [...alike.filter(isWideband), ...alike.filter((codec) => !isWideband(codec) && codec !== G729)];
    const usual = this.#usual.filter((codec) => !first.includes(codec));
    const formats = [...first, ...usual, ...alike.filter((codec) => codec === G729)];
    const speakable = [...formats, ...this.#known.filter((codec) => codec.name === 'L16' && !formats.includes(codec))];
    const named = encodings.flatMap((name) => speakable.filter((codec) => isNamed(codec, name)));
    const chosen = named.length === 0 ? formats : named;
    const hasNoise = preferred.includes(COMFORT_NOISE.name) && chosen.some(({ clockRateHz }) => clockRateHz === 8000);
    return hasNoise ? [...withEvents(chosen), COMFORT_NOISE] : withEvents(chosen);
  }
}

function codecCount(names: readonly string[]): number {
  return names.filter((name) => name !== COMFORT_NOISE.name).length;
}
