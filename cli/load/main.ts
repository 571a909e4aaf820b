/** `node cli/load/main.ts`: a load generator in a process of its own. Prints one line of JSON. */
import { systemClock } from '../../core/kernel/clock.ts';
import { hexToken } from '../../core/kernel/ids.ts';
import { secure } from '../../core/kernel/random.ts';
import { parseIpv4 } from '../../media/io/addresses.ts';
import { openPacketIo } from '../../media/io/open-packet-io.ts';
import { EXIT } from '../terminal.ts';
import { Generator } from './generator.ts';
import { LOAD_USAGE, type LoadOptions, parseLoadOptions } from './load-options.ts';

const options = read();
if (options === undefined) process.exitCode = EXIT.usage;
else {
  const { io } = openPacketIo({ address: parseIpv4('127.0.0.1')! });
  try {
    const report = await new Generator(options, io, systemClock, hexToken(secure(), 4)).run();
    process.stdout.write(`${JSON.stringify(report)}\n`);
    process.exitCode = Object.keys(report.failed).length === 0 ? EXIT.done : EXIT.failed;
  } finally {
    io.close();
  }
}

function read(): LoadOptions | undefined {
  try {
    return parseLoadOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${LOAD_USAGE}`);
    return undefined;
  }
}
