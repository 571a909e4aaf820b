import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getRawAsset, isSea } from 'node:sea';

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
 * The one door to native code: the installed package, or, in a single executable, the asset `koffi.node`. `addonPath`
 * names the addon as a file of its own instead. Undefined where it cannot be loaded.
 */
export function loadKoffi(addonPath?: string): Koffi | undefined {
  try {
    if (addonPath !== undefined) return openAddon(addonPath);
    return isSea() ? embeddedAddon() : (createRequire(import.meta.url)('koffi') as Koffi);
  } catch {
    return undefined; // No binary for this system: every caller has another way.
  }
}

/** The loader maps the file and does not need it afterwards. */
function embeddedAddon(): Koffi {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-koffi-'));
  try {
    const file = join(folder, 'koffi.node');
    writeFileSync(file, new Uint8Array(getRawAsset('koffi.node')));
    return openAddon(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function openAddon(path: string): Koffi {
  const addon = { exports: {} };
  process.dlopen(addon, path);
  return addon.exports as Koffi;
}
