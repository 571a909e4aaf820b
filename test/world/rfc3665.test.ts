import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expectLadder } from './golden.ts';
import { expectLegalJournal, expectNothingLeft, explained } from './invariants.ts';
import { CALL_FLOWS } from './rfc3665.ts';
import { BAD_LINK, CALLED_AT, OVER_AT } from './scenarios.ts';

const GIVEN = process.env['TANDEM_SEEDS'];
/** Of each call flow; ten thousand of all would be too many. */
const SEEDS = GIVEN === undefined ? 3 : Math.ceil(Number(GIVEN) / 10);

test.each(CALL_FLOWS)('RFC 3665 §$section: $title', ({ name, stage }) => {
  const { scene, columns, heard, expected, bindings } = stage({}, 1_000);
  scene.run(OVER_AT);
  expect(heard()).toEqual(expected);
  if (bindings !== undefined) expect(scene.tandem.directory.bindingCount).toBe(bindings);
  expectLegalJournal(scene);
  expectNothingLeft(scene);
  expectLadder({ ladder: scene.world.ladder(columns) }, `rfc3665-${name}`);
});

test.each(CALL_FLOWS)(
  'RFC 3665 §$section, with a fifth of the packets lost, others doubled and overtaken: it ends, and nothing is left',
  async ({ name, stage }) => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const { scene, second } = stage({ seed, link: BAD_LINK }, CALLED_AT);
      await explained(seed, name, scene, () => {
        scene.run(OVER_AT);
        for (const tandem of second === undefined ? [scene.tandem] : [scene.tandem, second]) {
          expectLegalJournal({ tandem });
          expectNothingLeft({ tandem });
        }
      });
    }
  },
);

test('the table of ladders names each call flow of RFC 3665 with its file', () => {
  const table = readFileSync(new URL('../ladders/README.md', import.meta.url), 'utf8');
  const rows = Array.from(table.matchAll(/^\| (\d\.\d+) \|.*`(rfc3665-[\w-]+)\.txt` \|$/gm), (row) => row.slice(1));
  expect(rows).toEqual(CALL_FLOWS.map(({ section, name }) => [section, `rfc3665-${name}`]));
});
