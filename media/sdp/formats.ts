import { attributeValue, type MediaDescription } from './session-description.ts';

/** One format of an audio line: what a payload type means (RFC 8866 §6.6). */
export interface AudioFormat {
  readonly name: string;
  readonly clockRateHz: number;
  readonly channelCount: number;
  /** Static type (RFC 3551 §6), or the dynamic one (96 … 127) that our own offers use. */
  readonly payloadType: number;
  /** `a=fmtp`, or undefined. */
  readonly parameters: string | undefined;
}

const format = (name: string, payloadType: number, parameters?: string): AudioFormat => ({
  name,
  clockRateHz: 8000,
  channelCount: 1,
  payloadType,
  parameters,
});

const linear = (clockRateHz: number, payloadType: number): AudioFormat => ({
  ...format('L16', payloadType),
  clockRateHz,
});

export const PCMU = format('PCMU', 0);
export const PCMA = format('PCMA', 8);
/** Timestamps at 8 kHz for sound at 16 (RFC 3551 §4.5.2). */
export const G722 = format('G722', 9);
/** RFC 7587 §7: always of this rate and of two channels, whatever is in it. We repair losses by what the next packet tells. */
export const OPUS: AudioFormat = {
  name: 'opus',
  clockRateHz: 48_000,
  channelCount: 2,
  payloadType: 107,
  parameters: 'useinbandfec=1',
};
/** Without frames of comfort noise, which not every peer takes that another one is relayed to (RFC 4856 §2.1.9). */
export const G729 = format('G729', 18, 'annexb=no');

/** Every codec that a leg can speak. G.729 is relayed alone: only where the other side speaks it too. */
export const CODEC_FORMATS: readonly AudioFormat[] = [
  PCMU,
  PCMA,
  G722,
  OPUS,
  linear(48_000, 112),
  linear(24_000, 113),
  linear(16_000, 114),
  linear(8000, 115),
  G729,
];

/** RFC 4733: digits and flash, by the clock of the audio that they interrupt (§2.1). */
function telephoneEvent(clockRateHz: number): AudioFormat {
  return { ...format('telephone-event', EVENT_TYPES.get(clockRateHz)!, '0-16'), clockRateHz };
}

const EVENT_TYPES: ReadonlyMap<number, number> = new Map([
  [8000, 101],
  [48_000, 102],
  [16_000, 103],
  [24_000, 104],
]);

export const TELEPHONE_EVENT = telephoneEvent(8000);

/** RFC 3389 §4: in pauses of codecs with this clock. */
export const COMFORT_NOISE = format('CN', 13);

/** The codecs, and telephone-events for each clock among them. */
export function withEvents(codecs: readonly AudioFormat[]): readonly AudioFormat[] {
  const clocks = new Set(codecs.map(({ clockRateHz }) => clockRateHz));
  return [...codecs, ...Array.from(clocks, telephoneEvent)];
}

/** Better than a telephone: above 4 kHz there is something to hear. */
export function isWideband(codec: AudioFormat): boolean {
  return codec.clockRateHz > 8000 || codec.name === 'G722';
}

/** What tells the codec from others of its name: `L16/16000`; for most the name alone. */
export function codecNameOf({ name, clockRateHz }: AudioFormat): string {
  return isSameName(name, 'L16') ? `L16/${clockRateHz}` : name;
}

/** Whether the codec is meant: `L16` means it at any rate. */
export function isNamed(codec: AudioFormat, name: string): boolean {
  return isSameName(codec.name, name) || isSameName(codecNameOf(codec), name);
}

function isSameName(a: string, b: string): boolean {
  return a === b || a.toLowerCase() === b.toLowerCase();
}

/** Payload types that mean something without `a=rtpmap` (RFC 3551 §6): those that phones still offer bare. */
const STATIC_FORMATS: ReadonlyMap<number, AudioFormat> = new Map(
  [PCMU, format('GSM', 3), format('G723', 4), PCMA, G722, COMFORT_NOISE, format('G729', 18)].map((f) => [
    f.payloadType,
    f,
  ]),
);

/** Formats of an audio line in its order; those without a meaning, or with a malformed one, are left out. */
export function formatsOf(media: MediaDescription): readonly AudioFormat[] {
  const formats: AudioFormat[] = [];
  for (const text of media.formats) {
    const payloadType = wholeNumber(text, 0, text.length, 3);
    if (payloadType < 0 || payloadType > 127 || formats.some((known) => known.payloadType === payloadType)) continue;
    const mapped = valueFor(media, 'rtpmap', payloadType);
    const meaning = mapped === undefined ? STATIC_FORMATS.get(payloadType) : parseRtpmap(mapped);
    if (meaning === undefined) continue;
    const { name, clockRateHz, channelCount } = meaning;
    const parameters = valueFor(media, 'fmtp', payloadType);
    formats.push({ name, clockRateHz, channelCount, payloadType, parameters });
  }
  return formats;
}

/** What the first attribute of this name says of the payload type: the text behind `<payload type> `. */
function valueFor(media: MediaDescription, attribute: string, payloadType: number): string | undefined {
  for (const { name, value } of media.attributes) {
    if (name !== attribute || value === undefined) continue;
    const space = value.search(SPACE);
    if (space < 0 || wholeNumber(value, 0, space, 3) !== payloadType) continue;
    const text = value.slice(space).trimStart();
    if (text !== '') return text;
  }
  return undefined;
}

const SPACE = /\s/;

/** `<encoding>/<clock rate>[/<channels>]`. */
function parseRtpmap(value: string): Pick<AudioFormat, 'name' | 'clockRateHz' | 'channelCount'> | undefined {
  const text = value.trim();
  const nameEnd = text.indexOf('/');
  if (nameEnd < 1 || nameEnd > 64 || SPACE.test(text)) return undefined;
  const slash = text.indexOf('/', nameEnd + 1);
  const clockRateHz = wholeNumber(text, nameEnd + 1, slash < 0 ? text.length : slash, 6);
  const channelCount = slash < 0 ? 1 : wholeNumber(text, slash + 1, text.length, 2);
  if (clockRateHz < 0 || channelCount < 0) return undefined;
  return { name: text.slice(0, nameEnd), clockRateHz, channelCount };
}

/** The number in at most so many digits that is all of the text from `start` to `end`, else -1. */
function wholeNumber(text: string, start: number, end: number, digitsMax: number): number {
  if (end <= start || end - start > digitsMax) return -1;
  let number = 0;
  for (let index = start; index < end; index++) {
    const digit = text.charCodeAt(index) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
}

/** The same encoding: names are case-insensitive (RFC 8866 §6.6), rates and channels must agree. */
export function isSameEncoding(a: AudioFormat, b: AudioFormat): boolean {
  return isSameName(a.name, b.name) && a.clockRateHz === b.clockRateHz && a.channelCount === b.channelCount;
}

export function isTelephoneEvent(format: AudioFormat): boolean {
  return isSameName(format.name, 'telephone-event');
}

export function isComfortNoise(format: AudioFormat): boolean {
  return isSameName(format.name, COMFORT_NOISE.name);
}

const PTIME_DEFAULT_MS = 20;
const PTIME_MIN_MS = 10;
const PTIME_MAX_MS = 60;

/** Milliseconds of audio a packet to this peer should hold: `a=ptime` within `a=maxptime`, in steps of 10, 10 … 60. */
export function packetTimeOf(media: MediaDescription): number {
  const wanted = milliseconds(media, 'ptime') ?? PTIME_DEFAULT_MS;
  const most = Math.max(PTIME_MIN_MS, Math.min(PTIME_MAX_MS, milliseconds(media, 'maxptime') ?? PTIME_MAX_MS));
  return Math.max(PTIME_MIN_MS, Math.floor(Math.min(wanted, most) / 10) * 10);
}

function milliseconds(media: MediaDescription, name: string): number | undefined {
  const value = attributeValue(media.attributes, name);
  return value !== undefined && /^\d{1,4}$/.test(value) && Number(value) > 0 ? Number(value) : undefined;
}
