import type { LegId } from '../core/kernel/ids.ts';
import type { Random } from '../core/kernel/random.ts';
import type { SrtpPolicy } from '../core/kernel/srtp-policy.ts';
import type { Body, LegTerms } from '../core/ports.ts';
import type { AddressBook } from './io/address-book.ts';
import type { PlacementMode } from './io/port-pool.ts';
import type { StreamSettings } from './protocol.ts';
import { type Direction, sends } from './sdp/direction.ts';
import { COMFORT_NOISE, codecNameOf } from './sdp/formats.ts';
import { LocalDescription } from './sdp/local-description.ts';
import { LocalKeys, type ProtectionOffer, UNPROTECTED } from './sdp/local-keys.ts';
import { acceptAnswer, encodingsOf, type NegotiatedAudio } from './sdp/negotiate.ts';
import type { SessionDescription } from './sdp/session-description.ts';
import type { SpokenFormats } from './sdp/spoken-formats.ts';
import type { ProtectionState } from './srtp/protection.ts';
import { type InbandDigits, settingsBeforeAnswer, settingsOf } from './stream-settings.ts';

/** Where a leg's stream lives. */
export interface LegPlace {
  readonly worker: number;
  /** Which of the worker's streams it is. */
  readonly slot: number;
  readonly port: number;
  /** Ours, as the peer shall see it. */
  readonly address: string;
  readonly inbandDigits: InbandDigits;
  /** The numbers of IPv6 addresses on its thread. */
  readonly addresses: AddressBook;
}

/**
 * Offer and answer of one leg (RFC 3264): what has been described, what is settled. Knows no worker and sends
 * nothing; `settings` is what the stream has to do by now.
 */
export class PlaneLeg {
  readonly leg: LegId;
  #place: LegPlace;
  readonly signallingAddress: string;
  readonly #local: LocalDescription;
  readonly #spoken: SpokenFormats;
  /** The peer's offer that is not answered yet. */
  #pendingOffer: SessionDescription | undefined;
  /** What would be answered to it without a preference. */
  readonly #proposed: NegotiatedAudio | undefined;
  #negotiated: NegotiatedAudio | undefined;
  /** The offer that the leg was opened with, until something is settled. */
  #opening: SessionDescription | undefined;
  /** Our newest description as sent. */
  #described: Body | undefined;
  /** Whether it answered a later offer; then the next one asked for is a new offer. */
  #isRenegotiated = false;
  /** Whether the peer's address is certain from its description. */
  mode: PlacementMode;
  /** We hold the peer: nothing is sent to it, and nothing of it is heard. */
  #isHeld = false;
  /** The thread that carried it died. */
  lost = false;
  /** Encodings that this peer is to be offered, and of which the first is taken that it offers; none for any. */
  #wanted: readonly string[] = [];
  /** Ours, for SRTP; none where the stream is to stay in the clear. */
  #keys: LocalKeys | undefined;
  /** Number of the newest play request; 0 when nothing plays. */
  play = 0;

  constructor(
    leg: LegId,
    place: LegPlace,
    signallingAddress: string,
    mode: PlacementMode,
    offer: SessionDescription | undefined,
    proposed: NegotiatedAudio | undefined,
    sessionId: number,
    spoken: SpokenFormats,
  ) {
    this.#spoken = spoken;
    this.leg = leg;
    this.#place = place;
    this.signallingAddress = signallingAddress;
    this.mode = mode;
    this.#pendingOffer = offer;
    this.#proposed = proposed;
    this.#opening = offer;
    this.#local = new LocalDescription(sessionId);
  }

  get place(): LegPlace {
    return this.#place;
  }

  /** What is said of the peer beforehand; `random` must be unguessable. */
  agree({ encodings = [], srtp = 'off' }: LegTerms, random: Random): void {
    this.#wanted = encodings;
    this.#keys = srtp === 'off' ? undefined : new LocalKeys(srtp, random);
  }

  /** Our address in the next descriptions. */
  tell(address: string): void {
    if (address !== this.#place.address) this.#place = { ...this.#place, address };
  }

  /** Encodings to prefer on another leg: the settled one, else those that the peer offered. */
  get encodings(): readonly string[] {
    if (this.#negotiated !== undefined) {
      const { format, sendNoisePayloadType } = this.#negotiated;
      return sendNoisePayloadType === undefined ? [codecNameOf(format)] : [codecNameOf(format), COMFORT_NOISE.name];
    }
    return this.#opening === undefined ? [] : encodingsOf(this.#opening);
  }

  /** Our first description is made: the stream exists on its worker. */
  get isDescribed(): boolean {
    return this.#described !== undefined;
  }

  get srtp(): SrtpPolicy {
    return this.#keys?.policy ?? 'off';
  }

  get negotiated(): NegotiatedAudio | undefined {
    return this.#negotiated;
  }

  /** The peer does not want to be sent to. */
  get isHolding(): boolean {
    return this.#negotiated !== undefined && !sends(this.#negotiated.direction);
  }

  /** Its codec is relayed, and nothing here encodes it. */
  get hearsNothingOfOurs(): boolean {
    return this.#negotiated !== undefined && codecNameOf(this.#negotiated.format) === 'G729';
  }

  /** What we would do with the stream ourselves. */
  get willing(): Direction {
    return this.#isHeld ? 'sendonly' : 'sendrecv';
  }

  /** Our new offer that holds the peer, or takes it back. Has its effect at once, whatever the peer answers. */
  hold(mode: 'held' | 'active'): Body {
    this.#isHeld = mode === 'held';
    this.#pendingOffer = undefined;
    const formats = this.#spoken.offered(this.encodings, []);
    this.#described = this.#local.offer(this.#place, formats, this.willing, this.#protectionOffer());
    this.#isRenegotiated = false;
    return this.#described;
  }

  /**
   * The answer to the pending offer, else our offer; the same bytes until something changes. Without a preference the
   * peer's own order counts.
   */
  describe(preferred: readonly string[] | undefined): Body {
    if (this.#described !== undefined && !this.#isRenegotiated) return this.#described;
    const offer = this.#pendingOffer;
    const chosen = offer === undefined ? undefined : this.#choose(offer, this.wishes(preferred ?? []));
    if (offer !== undefined && chosen !== undefined) {
      this.#settle(chosen);
      this.#described = this.#answer(offer, chosen);
    } else {
      // What both speak already goes on, whatever was wanted.
      const wanted = this.#negotiated === undefined ? this.#wanted : [];
      const formats = this.#spoken.offered(preferred ?? this.encodings, wanted);
      this.#described = this.#local.offer(this.#place, formats, this.willing, this.#protectionOffer());
    }
    this.#isRenegotiated = false;
    return this.#described;
  }

  /** What to prefer in an answer when the other side speaks these. */
  wishes(preferred: readonly string[]): readonly string[] {
    return this.#spoken.wishes(this.#wanted, preferred);
  }

  /** The offer was looked at when the leg was opened: a preference for what was found then changes nothing. */
  #choose(offer: SessionDescription, preferred: readonly string[]): NegotiatedAudio | undefined {
    const proposed = this.#proposed;
    const isPreferred =
      preferred.length === 0 || (proposed !== undefined && preferred[0] === codecNameOf(proposed.format));
    if (proposed !== undefined && offer === this.#opening && isPreferred && !this.#isHeld) return proposed;
    return this.#spoken.negotiate(offer, preferred, this.willing, this.srtp);
  }

  /** Takes the answer to our offer; false when it is none, and nothing has changed. */
  accept(answer: SessionDescription): boolean {
    const offer = this.#local.current;
    const negotiated = offer === undefined ? undefined : acceptAnswer(offer, answer);
    if (negotiated === undefined) return false;
    this.#settle(negotiated);
    return true;
  }

  /** The answer to a later offer of which `chosen` was taken. */
  renegotiate(offer: SessionDescription, chosen: NegotiatedAudio): Body {
    this.#settle(chosen);
    this.#described = this.#answer(offer, chosen);
    this.#isRenegotiated = true;
    return this.#described;
  }

  /** What the peer described is not kept beyond that: it would be a quarter of a call's objects. */
  #settle(negotiated: NegotiatedAudio): void {
    this.#negotiated = negotiated;
    this.#pendingOffer = undefined;
    this.#opening = undefined;
  }

  #answer(offer: SessionDescription, chosen: NegotiatedAudio): Body {
    return this.#local.answer(offer, chosen, this.#place, chosen.crypto && this.#keys?.lineFor(chosen.crypto));
  }

  /** What is settled goes on as it is: under the same keys, or in the clear. */
  #protectionOffer(): ProtectionOffer {
    if (this.#keys === undefined) return UNPROTECTED;
    if (this.#negotiated === undefined) return this.#keys.offer();
    const { crypto } = this.#negotiated;
    return crypto === undefined ? UNPROTECTED : this.#keys.offerAgain(crypto, this.#local.audio?.profile ?? '');
  }

  /** While our offer of keys is unanswered, nothing goes either way: what came would be noise. */
  get #protection(): ProtectionState | undefined {
    if (this.#keys === undefined) return undefined;
    if (this.#negotiated === undefined) return 'awaited';
    return this.#negotiated.crypto && this.#keys.agreed(this.#negotiated.crypto);
  }

  /** The answer to an offer of which nothing can be taken; the leg stays as it was. */
  reject(offer: SessionDescription): { readonly answer: Body } {
    return { answer: this.#local.reject(offer, this.#place) };
  }

  /** What the stream does with what is known so far. Only after `describe`. */
  settings(): StreamSettings {
    const { port, inbandDigits, addresses } = this.#place;
    const placement = { port, inbandDigits, addresses, mode: this.mode, signallingAddress: this.signallingAddress };
    const described = this.#local.formats;
    const protection = this.#protection;
    if (this.#negotiated === undefined) return settingsBeforeAnswer(placement, described, protection);
    const settings = settingsOf(placement, this.#negotiated, described, protection);
    return this.#isHeld ? { ...settings, sends: false, receives: false } : settings;
  }
}
