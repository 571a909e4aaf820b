/**
 * `npm run bench [-- SUBJECT…] [--save]`: runs every subject of this folder, one after the other, and prints its
 * figures beside those of `baseline.json`; `--save` makes the new figures the baseline.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { compare, type Figures } from './compare.ts';

interface Subject {
  run(): Promise<Figures>;
}

const FOLDER = new URL('.', import.meta.url);
const BASELINE = new URL('baseline.json', FOLDER);
const NOT_SUBJECTS = new Set(['main', 'compare']);

const wanted = process.argv.slice(2).filter((argument) => argument !== '--save');
const subjects = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length))
  .filter((name) => !NOT_SUBJECTS.has(name));
const unknown = wanted.filter((name) => !subjects.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`No such subject: expected some of ${subjects.join(', ')}, got ${unknown.join(', ')}.\n`);
  process.exit(2);
}

const baseline = JSON.parse(readFileSync(BASELINE, 'utf8')) as Record<string, Figures>;
for (const name of wanted.length === 0 ? subjects : wanted) {
  const subject: Partial<Subject> = await import(new URL(`${name}.ts`, FOLDER).href);
  if (subject.run === undefined) continue;
  const figures = await subject.run();
  process.stdout.write(`${compare(name, figures, baseline[name])}\n`);
  baseline[name] = figures;
}
if (process.argv.includes('--save')) writeFileSync(BASELINE, `${JSON.stringify(baseline, null, 2)}\n`);
