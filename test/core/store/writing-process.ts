/** A process that writes calls without end and prints the number of each that was acknowledged. */
import { Directory } from '../../../core/directory/directory.ts';
import { secure } from '../../../core/kernel/random.ts';
import { openStore } from '../../../core/store/open.ts';
import { callNumber } from './rows.ts';

const [dataFolder, first] = process.argv.slice(2) as [string, string];
const { store } = await openStore(
  { databaseUrl: '', dataFolder, durability: 'process', keepCallsMs: 1e12, random: secure() },
  new Directory(),
  0,
);
const FLIGHT = 16;
let next = Number(first);
const send = (): void => {
  store.write([{ kind: 'saveCall', row: callNumber(next) }], next);
  next += 1;
};
store.onEvent(() => {
  let text = '';
  for (let event = store.poll(); event !== undefined; event = store.poll()) {
    text += `${event.kind} ${event.receipt}\n`;
    send();
  }
  process.stdout.write(text);
});
process.stdout.write('open\n');
for (let i = 0; i < FLIGHT; i++) send();
