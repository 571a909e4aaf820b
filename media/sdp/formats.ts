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

export const PCMU = format('PCMU', 0);
export const PCMA = format('PCMA', 8);
/** RFC 4733: digits and flash. */
export const TELEPHONE_EVENT = format('telephone-event', 101, '0-16');

/** What a leg can speak, best first. */
export const SUPPORTED_FORMATS: readonly AudioFormat[] = [PCMU, PCMA, TELEPHONE_EVENT];

/** Payload types that mean something without `a=rtpmap` (RFC 3551 §6): those that phones still offer bare. */
const STATIC_FORMATS: ReadonlyMap<number, AudioFormat> = new Map(
  [PCMU, format('GSM', 3), format('G723', 4), PCMA, format('G722', 9), format('G729', 18)].map((f) => [
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
  return (
    (a.name === b.name || a.name.toLowerCase() === b.name.toLowerCase()) &&
    a.clockRateHz === b.clockRateHz &&
    a.channelCount === b.channelCount
  );
}

export function isTelephoneEvent(format: AudioFormat): boolean {
  return format.name === TELEPHONE_EVENT.name || format.name.toLowerCase() === TELEPHONE_EVENT.name;
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
