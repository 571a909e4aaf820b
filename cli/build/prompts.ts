/** `node cli/build/prompts.ts`: speaks the prompts and makes the music anew. The files are kept with the sources: nothing of it is made at another time. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROMPT_TEXTS } from '../prompt-texts.ts';
import { MUSIC } from '../prompts.ts';
import { musicOnHold } from './music.ts';
import { ROOT } from './run-tool.ts';
import { Speaker, wav } from './speak.ts';

const folder = join(ROOT, 'cli/prompts');
mkdirSync(folder, { recursive: true });
const speaker = new Speaker();
let sizeBytes = 0;
for (const [name, text] of Object.entries(PROMPT_TEXTS)) {
  const speech = speaker.speak(text);
  writeFileSync(join(folder, `${name}.wav`), speech);
  sizeBytes += speech.length;
}
const music = wav(musicOnHold());
writeFileSync(join(folder, `${MUSIC}.wav`), music);
process.stdout.write(`${Object.keys(PROMPT_TEXTS).length} prompts and the music, ${sizeBytes + music.length} bytes\n`);
