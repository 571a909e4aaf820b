import { assert } from './assert.ts';

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads what somebody else counts, at the moment when it is asked for. */
export type Reading = () => number | readonly Sample[];

export interface Counter {
  /** Adds 1, or `n`. */
  add(n?: number): void;
}

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  readonly read: Reading;
}

/** Named numbers in the Prometheus text format (version 0.0.4). Costs nothing until somebody reads it. */
export class Metrics {
  readonly #metrics = new Map<string, Metric>();

  /** A value that goes up and down. */
  gauge(name: string, help: string, read: Reading): void {
    this.#add({ name, help, type: 'gauge', read });
  }

  /** A count that somebody else keeps; it never falls while the process lives. */
  counted(name: string, help: string, read: Reading): void {
    this.#add({ name, help, type: 'counter', read });
  }

  /** A count that is kept here. */
  counter(name: string, help: string): Counter {
    let value = 0;
    this.counted(name, help, () => value);
    return {
      add: (n = 1) => {
        value += n;
      },
    };
  }

  /** Every metric, in the order in which they were named. */
  text(): string {
    let text = '';
    for (const { name, help, type, read } of this.#metrics.values()) {
      text += `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n`;
      const reading = read();
      if (typeof reading === 'number') text += `${name} ${numberText(reading)}\n`;
      else for (const { labels, value } of reading) text += `${name}${labelText(labels)} ${numberText(value)}\n`;
    }
    return text;
  }

  #add(metric: Metric): void {
    assert(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(metric.name), `${metric.name} is a metric's name`);
    assert(!this.#metrics.has(metric.name), `the metric ${metric.name} is named once`);
    this.#metrics.set(metric.name, metric);
  }
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
