import type { OpenFile } from './backend.ts';

/** Where a WAV file keeps its samples, and how. */
interface WaveLayout {
  readonly channelCount: number;
  readonly sampleRateHz: number;
  readonly bitsPerSample: number;
  readonly dataStart: number;
  readonly dataSizeBytes: number;
}

/** Bytes looked at for the chunks before the samples. */
const HEAD_BYTES = 4_096;
const HEADER_BYTES = 44;
/** Bytes read from each file at a time. */
const BLOCK_BYTES = 65_536;
const PCM = 1;

/** Audio as a client downloads it; any part can be read without what stands before it. */
export interface Audio {
  readonly sizeBytes: number;
  /** The bytes from `start` to before `end`, in blocks. */
  blocks(start: number, end: number): AsyncGenerator<Uint8Array>;
  close(): Promise<void>;
}

/** One file as it is. */
export function wholeFile(file: OpenFile): Audio {
  return { sizeBytes: file.sizeBytes, blocks: (start, end) => blocksOf(file, start, end), close: () => file.close() };
}

/**
 * Two mono files as one stereo file, the first at the left, made while it is read: nothing is stored. The shorter one
 * ends in silence. Undefined when they are no PCM files of one format.
 */
export async function asStereo(left: OpenFile, right: OpenFile): Promise<Audio | undefined> {
  const [a, b] = [await layoutOf(left), await layoutOf(right)];
  if (a === undefined || b === undefined || a.sampleRateHz !== b.sampleRateHz) return undefined;
  if (a.channelCount !== 1 || b.channelCount !== 1 || a.bitsPerSample !== 16 || b.bitsPerSample !== 16)
    return undefined;
  const sampleCount = Math.floor(Math.max(a.dataSizeBytes, b.dataSizeBytes) / 2);
  const header = stereoHeader(a.sampleRateHz, sampleCount);
  async function* blocks(start: number, end: number): AsyncGenerator<Uint8Array> {
    if (start < HEADER_BYTES) yield header.subarray(start, Math.min(end, HEADER_BYTES));
    let position = Math.max(start, HEADER_BYTES) - HEADER_BYTES;
    const until = end - HEADER_BYTES;
    while (position < until) {
      // Whole frames of four bytes, the two ends of them cut off where only a part was asked for.
      const firstFrame = Math.floor(position / 4);
      const frameCount = Math.min(Math.ceil(until / 4) - firstFrame, BLOCK_BYTES / 2);
      const frames = await interleaved([left, right], [a!, b!], firstFrame, frameCount);
      const from = position - firstFrame * 4;
      const to = Math.min(frames.length, until - firstFrame * 4);
      yield frames.subarray(from, to);
      position += to - from;
    }
  }
  const close = async (): Promise<void> => void (await Promise.all([left.close(), right.close()]));
  return { sizeBytes: HEADER_BYTES + sampleCount * 4, blocks, close };
}

async function* blocksOf(file: OpenFile, start: number, end: number): AsyncGenerator<Uint8Array> {
  for (let position = start; position < end; ) {
    const block = await file.read(position, Math.min(BLOCK_BYTES, end - position));
    if (block.length === 0) return;
    yield block;
    position += block.length;
  }
}

async function interleaved(
  files: readonly [OpenFile, OpenFile],
  layouts: readonly [WaveLayout, WaveLayout],
  firstFrame: number,
  frameCount: number,
): Promise<Uint8Array> {
  const frames = Buffer.alloc(frameCount * 4);
  for (const side of [0, 1] as const) {
    const { dataStart, dataSizeBytes } = layouts[side];
    const wanted = Math.min(frameCount * 2, dataSizeBytes - firstFrame * 2);
    if (wanted <= 0) continue;
    const samples = await files[side].read(dataStart + firstFrame * 2, wanted);
    for (let i = 0; i + 1 < samples.length; i += 2) {
      frames[i * 2 + side * 2] = samples[i]!;
      frames[i * 2 + side * 2 + 1] = samples[i + 1]!;
    }
  }
  return frames;
}

/** Reads RIFF chunks up to the samples (WAVE format of IBM and Microsoft, 1991); undefined for anything but PCM. */
async function layoutOf(file: OpenFile): Promise<WaveLayout | undefined> {
  const head = Buffer.from(await file.read(0, HEAD_BYTES));
  if (head.length < 12 || head.toString('latin1', 0, 4) !== 'RIFF' || head.toString('latin1', 8, 12) !== 'WAVE') {
    return undefined;
  }
  let format: Pick<WaveLayout, 'channelCount' | 'sampleRateHz' | 'bitsPerSample'> | undefined;
  for (let position = 12; position + 8 <= head.length; ) {
    const name = head.toString('latin1', position, position + 4);
    const sizeBytes = head.readUInt32LE(position + 4);
    const start = position + 8;
    if (name === 'data' && format !== undefined) {
      const dataSizeBytes = Math.max(0, Math.min(sizeBytes, file.sizeBytes - start));
      return { ...format, dataStart: start, dataSizeBytes: dataSizeBytes - (dataSizeBytes % 2) };
    }
    if (name === 'fmt ' && start + 16 <= head.length) {
      if (head.readUInt16LE(start) !== PCM) return undefined;
      format = {
        channelCount: head.readUInt16LE(start + 2),
        sampleRateHz: head.readUInt32LE(start + 4),
        bitsPerSample: head.readUInt16LE(start + 14),
      };
    }
    position = start + sizeBytes + (sizeBytes % 2);
  }
  return undefined;
}

function stereoHeader(sampleRateHz: number, sampleCount: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(HEADER_BYTES - 8 + sampleCount * 4, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(PCM, 20);
  header.writeUInt16LE(2, 22);
  header.writeUInt32LE(sampleRateHz, 24);
  header.writeUInt32LE(sampleRateHz * 4, 28);
  header.writeUInt16LE(4, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(sampleCount * 4, 40);
  return header;
}
