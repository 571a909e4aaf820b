import type { StatusReport } from '../api/backend.ts';
import { systemClock } from '../core/kernel/clock.ts';
import { rfc3339 } from '../core/kernel/time.ts';
import { RunningProcess } from './running-process.ts';
import { type Format, print, table } from './terminal.ts';

/** `tandem status`: what the process that serves the data folder is doing. */
export async function status(options: { readonly data: string; readonly format: Format }): Promise<void> {
  const report = (await RunningProcess.require(options.data).ask('GET', 'status')) as StatusReport;
  print(options.format, report, () => describe(report, systemClock.wallTime()));
}

function describe(report: StatusReport, at: number): string {
  return table([
    ['version', report.version],
    ['process', `${report.pid}, ${report.state}`],
    ['started', `${rfc3339(report.startedAt)} (${elapsed(at - report.startedAt)} ago)`],
    ['data folder', report.dataFolder],
    ...report.listeners.map((listener) => ['listening', listener] as const),
    ...report.providers.map((line) => ['provider', line] as const),
    ...report.trunks.map((line) => ['trunk', line] as const),
    ...Object.entries(report.figures),
  ]);
}

/** A duration for people: the two largest units. */
export function elapsed(durationMs: number): string {
  const seconds = Math.max(0, Math.floor(durationMs / 1000));
  const units: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ];
  const first = units.findIndex(([count]) => count > 0);
  if (first < 0) return '0 s';
  return units
    .slice(first, first + 2)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}
