/** What one subject measured: a name with its unit last (`relayMicroseconds`) and the figure. */
export type Figures = Readonly<Record<string, number>>;

/**
 * A table of figures beside those of the baseline. A figure that the baseline lacks stands alone; one that was not
 * measured this time is left out.
 */
export function compare(subject: string, measured: Figures, baseline: Figures | undefined): string {
  const rows = Object.entries(measured).map(([name, figure]) => {
    const before = baseline?.[name];
    return [name, format(figure), before === undefined ? '–' : format(before), change(figure, before)];
  });
  const table = [['figure', 'now', 'baseline', 'change'], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]!.length)));
  const lines = table.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  '),
  );
  return [subject, ...lines.map((line) => `  ${line}`)].join('\n');
}

function format(figure: number): string {
  if (!Number.isFinite(figure)) return String(figure);
  const digits = Math.abs(figure) >= 100 ? 0 : Math.abs(figure) >= 1 ? 2 : 4;
  return figure.toLocaleString('en-US', { maximumFractionDigits: digits });
}

function change(now: number, before: number | undefined): string {
  if (before === undefined || before === 0) return '';
  const percent = Math.round((now / before - 1) * 100);
  return `${percent > 0 ? '+' : ''}${percent} %`;
}
