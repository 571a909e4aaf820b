/** `node cli/build/prompts.ts`: speaks the prompts anew. The files are kept with the sources: speech is made at no other time. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROMPT_TEXTS } from '../prompt-texts.ts';
import { ROOT } from './run-tool.ts';
import { Speaker } from './speak.ts';

const folder = join(ROOT, 'cli/prompts');
mkdirSync(folder, { recursive: true });
const speaker = new Speaker();
let sizeBytes = 0;
for (const [name, text] of Object.entries(PROMPT_TEXTS)) {
  const speech = speaker.speak(text);
  writeFileSync(join(folder, `${name}.wav`), speech);
  sizeBytes += speech.length;
}
process.stdout.write(`${Object.keys(PROMPT_TEXTS).length} prompts, ${sizeBytes} bytes\n`);
