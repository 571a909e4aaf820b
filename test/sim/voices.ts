import { type Instant, NEVER } from '../../core/kernel/time.ts';
import { keyOfIpv6, parseIpv6, portOf } from '../../media/io/addresses.ts';
import { PacketView } from '../../media/rtp/packet-view.ts';
import { rtp } from '../media/phones.ts';
import type { MemoryPacketIo, Packet } from './memory-packet-io.ts';
import type { Phone } from './phone.ts';
import type { SimulatedSwitch } from './switch.ts';
import type { Party } from './world.ts';

const PACKET_MS = 20;
const SAMPLES = 160;
/** Says, with the index of the phone, that a packet is from one of ours; sound of the switch itself never begins like it. */
const OURS = 0x5eed_0000;

/** One packet that a phone heard: when, who said it (`switch` for music and tones), and the how manieth of theirs it is. */
export interface Heard {
  readonly at: Instant;
  readonly by: string;
  readonly number: number;
  readonly sequence: number;
  readonly ssrc: number;
}

interface Voice {
  readonly phone: Phone;
  readonly index: number;
  /** Address of the phone, in the form in which packets say it. */
  readonly address: string;
  said: number;
  readonly heard: Heard[];
}

/** Lets phones talk while their calls last: each sends a numbered packet every 20 ms and notes what it hears. */
export class Voices implements Party {
  readonly name = 'voices';
  readonly addresses = [];
  readonly #tandem: SimulatedSwitch;
  readonly #voices: Voice[];
  readonly #view = new PacketView();
  #now: Instant = 0;
  #nextAt: Instant = 0;

  constructor(tandem: SimulatedSwitch, phones: readonly Phone[]) {
    this.#tandem = tandem;
    this.#voices = phones.map((phone, index) => ({ phone, index, address: addressOf(phone), said: 0, heard: [] }));
    tandem.onMedia = (packet, from) => this.#hear(packet, from);
  }

  /** What a phone heard, in order. */
  heardBy({ name }: Phone): readonly Heard[] {
    return this.#voice(name).heard;
  }

  /** How many packets a phone has sent. */
  saidBy({ name }: Phone): number {
    return this.#voice(name).said;
  }

  receive(): void {}

  expire(now: Instant): void {
    this.#now = now;
    this.#nextAt = now + PACKET_MS;
    for (const voice of this.#voices) if (voice.phone.isSpeaking) this.#speak(voice, now);
  }

  /** Silent, and at rest, while nobody is in a call. */
  deadline(): Instant {
    return this.#voices.some(({ phone }) => phone.isSpeaking) ? this.#nextAt : NEVER;
  }

  poll(): undefined {
    return undefined;
  }

  #voice(name: string): Voice {
    return this.#voices.find(({ phone }) => phone.name === name)!;
  }

  #speak(voice: Voice, now: Instant): void {
    const { phone, index } = voice;
    const text = new TextDecoder().decode(phone.remoteDescription);
    const port = Number(/^m=audio (\d+)/m.exec(text)![1]);
    const number = voice.said++;
    const payload = new Uint8Array(SAMPLES);
    new DataView(payload.buffer).setUint32(0, number);
    new DataView(payload.buffer).setUint32(4, OURS + index);
    const header = {
      sequence: number & 0xffff,
      timestamp: number * SAMPLES,
      ssrc: 1_000 + index,
      marker: number === 0,
    };
    this.#tandem.receiveMediaFrom(voice.address, phone.mediaPort, port, rtp(header, payload), now);
  }

  #hear({ remote, isRtcp, bytes }: Packet, from: MemoryPacketIo): void {
    const heardAt = from.addressIn(remote);
    const voice = this.#voices.find(({ phone, address }) => address === heardAt && phone.mediaPort === portOf(remote));
    const view = this.#view;
    if (voice === undefined || isRtcp || !view.read(bytes, 0, bytes.length)) return;
    const payload = new DataView(bytes.buffer, bytes.byteOffset + view.payloadStart);
    const by = this.#voices[payload.getUint32(4) - OURS]?.phone.name ?? 'switch';
    const { sequence, ssrc } = view;
    voice.heard.push({ at: this.#now, by, number: payload.getUint32(0), sequence, ssrc });
  }
}

function addressOf(phone: Phone): string {
  const { address } = phone.addresses[0]!;
  const groups = parseIpv6(address);
  return groups === undefined ? address : keyOfIpv6(groups);
}
