import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getRawAsset, isSea } from 'node:sea';
import { fileURLToPath } from 'node:url';
import { PROMPT_TEXTS } from './prompt-texts.ts';

/** Name of the music that those hear who are on hold (`prompt:music`). */
export const MUSIC = 'music';
/** All that a flow can play as `prompt:NAME`. */
export const PROMPT_NAMES: readonly string[] = [...Object.keys(PROMPT_TEXTS), MUSIC];

/** Asset of a prompt in a single executable. */
export function promptAsset(name: string): string {
  return `prompts/${name}.wav`;
}

/**
 * The folder of WAV files that flows play as `prompt:NAME`, without a slash at its end: beside the code, or, in a
 * single executable, where files are needed, written out into the data folder.
 */
export function promptsFolder(dataFolder: string): string {
  if (!isSea()) return fileURLToPath(new URL('./prompts', import.meta.url));
  const folder = join(dataFolder, 'prompts');
  mkdirSync(folder, { recursive: true });
  for (const name of PROMPT_NAMES) {
    writeFileSync(join(folder, `${name}.wav`), new Uint8Array(getRawAsset(promptAsset(name))));
  }
  return folder;
}
