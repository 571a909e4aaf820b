import { createRequire } from 'node:module';

/** What is used of koffi, a foreign function interface: calls into shared libraries with plain numbers. */
export interface Koffi {
  load(library: string | null): NativeLibrary;
  /** Address of the memory behind a buffer. */
  address(buffer: ArrayBuffer): bigint;
  /** The calling thread's error number after the last call. */
  errno(): number;
}

export interface NativeLibrary {
  func(name: string, result: string, parameters: readonly string[]): NativeFunction;
}

export type NativeFunction = (...values: readonly (number | string | null)[]) => number;

/**
 * The one door to native code. `addonPath` names koffi's addon as a file of its own, for a program that carries its
 * packages inside; without it the installed package is taken. Undefined where neither can be loaded.
 */
export function loadKoffi(addonPath?: string): Koffi | undefined {
  try {
    if (addonPath === undefined) return createRequire(import.meta.url)('koffi') as Koffi;
    const addon = { exports: {} };
    process.dlopen(addon, addonPath);
    return addon.exports as Koffi;
  } catch {
    return undefined; // No binary for this system: every caller has another way.
  }
}
