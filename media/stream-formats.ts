import type { Codec } from './codec/codec.ts';
import { pcma, pcmu } from './codec/g711.ts';
import { g722 } from './codec/g722.ts';
import { l16 } from './codec/l16.ts';
import { type OpusLibrary, opus } from './codec/opus.ts';

/** What a payload type means to a stream: an index into tables of the hot path. The laws of G.711 are 1 and 2. */
export const NO_FORMAT = 0;
export const PCMU_FORMAT = 1;
export const PCMA_FORMAT = 2;
export const EVENT_FORMAT = 3;
export const NOISE_FORMAT = 11;

const FORMATS = {
  PCMU: PCMU_FORMAT,
  PCMA: PCMA_FORMAT,
  'telephone-event': EVENT_FORMAT,
  G722: 4,
  opus: 5,
  'L16/8000': 6,
  'L16/16000': 7,
  'L16/24000': 8,
  'L16/48000': 9,
  /** Relayed alone: nothing here encodes or decodes it. */
  G729: 10,
  /** Comfort noise (RFC 3389): what is heard in a pause of a codec with a clock of 8 kHz. */
  CN: NOISE_FORMAT,
} as const;

export const FORMAT_COUNT = 12;

export type StreamFormat = keyof typeof FORMATS;
export type AudioCodec = Exclude<StreamFormat, 'telephone-event' | 'CN'>;

export function formatOf(name: StreamFormat): number {
  return FORMATS[name];
}

const NAMES = new Map<number, string>(Object.entries(FORMATS).map(([name, format]) => [format, name]));

/** '' for none. */
export function formatName(format: number): string {
  return NAMES.get(format) ?? '';
}

/** Clock rates of the timestamps of codecs that nothing here decodes. */
const RELAYED_CLOCK_RATE_HZ = 8000;

/** The codecs by format. Without a library there is no Opus: it is not offered then. */
export type CodecTable = readonly (Codec | undefined)[];

export function codecTable(library: OpusLibrary | undefined): CodecTable {
  const table: (Codec | undefined)[] = new Array(FORMAT_COUNT).fill(undefined);
  for (const codec of [pcmu, pcma, g722]) table[FORMATS[codec.name as 'PCMU' | 'PCMA' | 'G722']] = codec;
  for (const rateHz of [8000, 16_000, 24_000, 48_000] as const) table[FORMATS[`L16/${rateHz}`]] = l16(rateHz);
  if (library !== undefined) table[FORMATS.opus] = opus(library);
  return table;
}

export function clockRateOf(codecs: CodecTable, format: number): number {
  return codecs[format]?.clockRateHz ?? RELAYED_CLOCK_RATE_HZ;
}

/** One of the two laws of G.711: bytes that stand for samples, each for itself. */
export function isG711(format: number): boolean {
  return format === PCMU_FORMAT || format === PCMA_FORMAT;
}

/** Whether what came in the one format can go out in the other as it is, or mapped byte by byte. */
export function isRelayed(format: number, sendFormat: number): boolean {
  return format === sendFormat || (isG711(format) && isG711(sendFormat));
}
