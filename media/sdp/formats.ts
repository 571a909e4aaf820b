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
  const mapped = new Map<number, string>();
  const parameters = new Map<number, string>();
  for (const { name, value } of media.attributes) {
    const target = name === 'rtpmap' ? mapped : name === 'fmtp' ? parameters : undefined;
    const parts = /^(\d{1,3})\s+(.+)$/.exec(value ?? '');
    if (target !== undefined && parts !== null && !target.has(Number(parts[1])))
      target.set(Number(parts[1]), parts[2]!);
  }
  const formats: AudioFormat[] = [];
  for (const text of media.formats) {
    const payloadType = /^\d{1,3}$/.test(text) ? Number(text) : 128;
    if (payloadType > 127 || formats.some((known) => known.payloadType === payloadType)) continue;
    const meaning = mapped.has(payloadType) ? parseRtpmap(mapped.get(payloadType)!) : STATIC_FORMATS.get(payloadType);
    if (meaning !== undefined) formats.push({ ...meaning, payloadType, parameters: parameters.get(payloadType) });
  }
  return formats;
}

/** `<encoding>/<clock rate>[/<channels>]`. */
function parseRtpmap(value: string): Omit<AudioFormat, 'payloadType' | 'parameters'> | undefined {
  const parts = /^([^\s/]{1,64})\/(\d{1,6})(?:\/(\d{1,2}))?$/.exec(value.trim());
  if (parts === null) return undefined;
  return { name: parts[1]!, clockRateHz: Number(parts[2]), channelCount: Number(parts[3] ?? 1) };
}

/** The same encoding: names are case-insensitive (RFC 8866 §6.6), rates and channels must agree. */
export function isSameEncoding(a: AudioFormat, b: AudioFormat): boolean {
  return (
    a.name.toLowerCase() === b.name.toLowerCase() &&
    a.clockRateHz === b.clockRateHz &&
    a.channelCount === b.channelCount
  );
}

export function isTelephoneEvent(format: AudioFormat): boolean {
  return format.name.toLowerCase() === TELEPHONE_EVENT.name;
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
