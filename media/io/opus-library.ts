import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { getRawAsset, isSea } from 'node:sea';
import { assert } from '../../core/kernel/assert.ts';
import type { OpusLibrary } from '../codec/opus.ts';
import { type Koffi, loadKoffi, type NativeLibrary } from './native.ts';

const APPLICATION_VOIP = 2048;
/** What crosses the border: 120 ms at 48 kHz one way, the longest payload the other. */
const SAMPLES = 5760;
const BYTES = 4096;

/** Of libopus as this machine has it, or else of the WebAssembly that the package `@evan/opus` brings; undefined without both. */
export function openOpus(koffiAddonPath?: string): OpusLibrary | undefined {
  return openSystemOpus(koffiAddonPath) ?? openWasmOpus();
}

/** `libopus.so.0` of this machine: twice as fast as WebAssembly. */
export function openSystemOpus(koffiAddonPath?: string): OpusLibrary | undefined {
  const koffi = loadKoffi(koffiAddonPath);
  try {
    return koffi === undefined ? undefined : new SystemOpus(koffi, koffi.load('libopus.so.0'));
  } catch {
    return undefined; // Not installed.
  }
}

/** Read and checked now, compiled when it is first used. */
export function openWasmOpus(): OpusLibrary | undefined {
  try {
    const code = wasmBytes();
    return wasmRuntime().validate(code) ? new WasmOpus(code) : undefined;
  } catch {
    return undefined; // The package is not installed: it is optional.
  }
}

function wasmBytes(): Uint8Array<ArrayBuffer> {
  if (isSea()) return new Uint8Array(getRawAsset('opus.wasm'));
  return new Uint8Array(readFileSync(createRequire(import.meta.url).resolve('@evan/opus/wasm/simd.wasm')));
}

class SystemOpus implements OpusLibrary {
  readonly kind = 'system';
  readonly samples: Int16Array;
  readonly bytes: Uint8Array;
  readonly #samplesAt: number;
  readonly #bytesAt: number;
  readonly #calls: ReturnType<typeof bindOpus>;

  constructor(koffi: Koffi, library: NativeLibrary) {
    // Held for life: its address is known to nobody else.
    const memory = new ArrayBuffer(2 * SAMPLES + BYTES);
    this.samples = new Int16Array(memory, 0, SAMPLES);
    this.bytes = new Uint8Array(memory, 2 * SAMPLES);
    this.#samplesAt = Number(koffi.address(memory));
    this.#bytesAt = this.#samplesAt + 2 * SAMPLES;
    this.#calls = bindOpus(library);
  }

  createEncoder(sampleRateHz: number, channelCount = 1): number {
    const encoder = this.#calls.createEncoder(sampleRateHz, channelCount, APPLICATION_VOIP, 0);
    assert(encoder !== 0, 'libopus makes encoders');
    return encoder;
  }

  createDecoder(sampleRateHz: number): number {
    const decoder = this.#calls.createDecoder(sampleRateHz, 1, 0);
    assert(decoder !== 0, 'libopus makes decoders');
    return decoder;
  }

  destroyEncoder(encoder: number): void {
    this.#calls.destroyEncoder(encoder);
  }

  destroyDecoder(decoder: number): void {
    this.#calls.destroyDecoder(decoder);
  }

  set(encoder: number, request: number, value: number): void {
    assert(this.#calls.control(encoder, request, 'int', value) === 0, `request ${request} is known`);
  }

  encode(encoder: number, count: number, sizeBytesMax: number): number {
    return this.#calls.encode(encoder, this.#samplesAt, count, this.#bytesAt, sizeBytesMax);
  }

  decode(decoder: number, sizeBytes: number, count: number, mode: 'packet' | 'lost'): number {
    const from = sizeBytes === 0 ? 0 : this.#bytesAt;
    return this.#calls.decode(decoder, from, sizeBytes, this.#samplesAt, count, mode === 'lost' ? 1 : 0);
  }
}

function bindOpus(library: NativeLibrary) {
  const [pointer, int] = ['uintptr_t', 'int'];
  return {
    createEncoder: library.func('opus_encoder_create', pointer, [int, int, int, pointer]),
    createDecoder: library.func('opus_decoder_create', pointer, [int, int, pointer]),
    destroyEncoder: library.func('opus_encoder_destroy', 'void', [pointer]),
    destroyDecoder: library.func('opus_decoder_destroy', 'void', [pointer]),
    control: library.func('opus_encoder_ctl', int, [pointer, int, '...']),
    encode: library.func('opus_encode', int, [pointer, pointer, int, pointer, int]),
    decode: library.func('opus_decode', int, [pointer, pointer, int, pointer, int, int]),
  };
}

/** What the WebAssembly exports. */
interface WasmCalls {
  readonly memory: { readonly buffer: ArrayBuffer };
  _initialize(): void;
  malloc(sizeBytes: number): number;
  free(pointer: number): void;
  opus_encoder_get_size(channels: number): number;
  opus_encoder_init(encoder: number, rateHz: number, channels: number, application: number): number;
  opus_encoder_ctl_set(encoder: number, request: number, value: number): number;
  opus_encode(encoder: number, samples: number, count: number, bytes: number, sizeBytesMax: number): number;
  opus_decoder_get_size(channels: number): number;
  opus_decoder_init(decoder: number, rateHz: number, channels: number): number;
  opus_decode(decoder: number, bytes: number, sizeBytes: number, samples: number, count: number, lost: number): number;
}

/** The part of the WebAssembly interface that is used here; Node's types leave it to those of browsers. */
interface WasmRuntime {
  validate(code: Uint8Array<ArrayBuffer>): boolean;
  readonly Module: new (code: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}

function wasmRuntime(): WasmRuntime {
  return (globalThis as unknown as { readonly WebAssembly: WasmRuntime }).WebAssembly;
}

class WasmOpus implements OpusLibrary {
  readonly kind = 'wasm';
  readonly #code: Uint8Array<ArrayBuffer>;
  #calls: WasmCalls | undefined;
  #samplesAt = 0;
  #bytesAt = 0;
  #samples = new Int16Array(0);
  #bytes = new Uint8Array(0);

  constructor(code: Uint8Array<ArrayBuffer>) {
    this.#code = code;
  }

  get samples(): Int16Array {
    return this.#samples;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  createEncoder(sampleRateHz: number, channelCount = 1): number {
    const calls = this.#calls ?? this.#start();
    const encoder = this.#allocate(calls.opus_encoder_get_size(channelCount));
    assert(
      calls.opus_encoder_init(encoder, sampleRateHz, channelCount, APPLICATION_VOIP) === 0,
      'libopus makes encoders',
    );
    return encoder;
  }

  createDecoder(sampleRateHz: number): number {
    const calls = this.#calls ?? this.#start();
    const decoder = this.#allocate(calls.opus_decoder_get_size(1));
    assert(calls.opus_decoder_init(decoder, sampleRateHz, 1) === 0, 'libopus makes decoders');
    return decoder;
  }

  destroyEncoder(encoder: number): void {
    this.#calls!.free(encoder);
  }

  destroyDecoder(decoder: number): void {
    this.#calls!.free(decoder);
  }

  set(encoder: number, request: number, value: number): void {
    assert(this.#calls!.opus_encoder_ctl_set(encoder, request, value) === 0, `request ${request} is known`);
  }

  encode(encoder: number, count: number, sizeBytesMax: number): number {
    return this.#calls!.opus_encode(encoder, this.#samplesAt, count, this.#bytesAt, sizeBytesMax);
  }

  decode(decoder: number, sizeBytes: number, count: number, mode: 'packet' | 'lost'): number {
    const from = sizeBytes === 0 ? 0 : this.#bytesAt;
    return this.#calls!.opus_decode(decoder, from, sizeBytes, this.#samplesAt, count, mode === 'lost' ? 1 : 0);
  }

  #start(): WasmCalls {
    const nothing = (): number => 0;
    const { Module, Instance } = wasmRuntime();
    const instance = new Instance(new Module(this.#code), {
      wasi_snapshot_preview1: { fd_seek: nothing, fd_write: nothing, fd_close: nothing, proc_exit: nothing },
      env: { emscripten_notify_memory_growth: () => this.#look() },
    });
    const calls = instance.exports as WasmCalls;
    calls._initialize();
    this.#calls = calls;
    this.#samplesAt = calls.malloc(2 * SAMPLES);
    this.#bytesAt = calls.malloc(BYTES);
    this.#look();
    return calls;
  }

  #allocate(sizeBytes: number): number {
    const pointer = this.#calls!.malloc(sizeBytes);
    assert(pointer !== 0, 'there is memory for one more state of libopus');
    return pointer;
  }

  /** Memory that has grown lies behind new arrays. */
  #look(): void {
    const { buffer } = this.#calls!.memory;
    this.#samples = new Int16Array(buffer, this.#samplesAt, SAMPLES);
    this.#bytes = new Uint8Array(buffer, this.#bytesAt, BYTES);
  }
}
