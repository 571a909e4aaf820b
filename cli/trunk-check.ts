import type { TrunkReport } from '../api/backend.ts';
import { Fault } from '../core/kernel/fault.ts';
import { RunningProcess } from './running-process.ts';
import { EXIT, type Format, print } from './terminal.ts';
import { type Step, stepsOf } from './trunk-steps.ts';

/** `tandem trunk check`: tries a provider or an own trunk step by step, and says what is wrong and what to change. Returns the exit code. */
export async function checkTrunk(options: {
  readonly data: string;
  readonly name: string;
  readonly format: Format;
}): Promise<number> {
  const { data, name, format } = options;
  const process = RunningProcess.require(data);
  const report = (await process.ask('POST', 'trunk-check', { name })) as TrunkReport;
  if (report.providers.length > 1) {
    throw new Fault(
      'INVALID_ARGUMENT',
      `${report.providers.length} providers or trunks are called ${name}: expected one, or an id`,
    );
  }
  const steps = stepsOf(report);
  print(format, { [report.kind]: report.providers[0], steps }, () => steps.map(textOf).join('\n'));
  return steps.some(({ result }) => result === 'wrong') ? EXIT.failed : EXIT.done;
}

function textOf({ step, result, found, advice }: Step): string {
  const line = `${MARKS[result]}  ${step.padEnd(12)} ${found}`;
  return advice === '' ? line : `${line}\n      ${''.padEnd(12)}→ ${advice}`;
}

const MARKS: Readonly<Record<Step['result'], string>> = { ok: 'ok   ', wrong: 'WRONG', skipped: '–    ' };
