import type { Histogram } from './histogram.ts';
import type { Usage } from './process-usage.ts';
import type { Audio, Streams } from './streams.ts';
import type { Tally } from './tally.ts';

export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** What one run found. Counts are of the whole run, save those under `measured`. */
export interface LoadReport {
  readonly registered: number;
  readonly placed: number;
  readonly answered: number;
  readonly ended: number;
  readonly failed: Readonly<Record<string, number>>;
  /** Requests that had to be repeated, and messages that belonged to nothing. */
  readonly repeated: number;
  readonly strays: number;
  readonly registerMs: Quantiles;
  readonly setupMs: Quantiles;
  readonly measured: {
    readonly seconds: number;
    readonly registered: number;
    readonly answered: number;
    readonly ended: number;
    readonly liveCalls: number;
    readonly audio: Audio;
    readonly gapMs: Quantiles;
    readonly delayMs: Quantiles;
    /** How late the generator sent, packets that it skipped, and what its kernel dropped or refused. */
    readonly sentLateMs: Quantiles;
    readonly skipped: number;
    readonly dropped: number;
    /** CPU time of the process that was named, and of the generator. */
    readonly cpu: Usage;
    readonly ownCpu: Usage;
  };
}

/** Counts at one instant, to be subtracted from later ones. */
export interface Reading {
  readonly at: number;
  readonly registered: number;
  readonly answered: number;
  readonly ended: number;
  readonly dropped: number;
  readonly cpu: Usage;
  readonly ownCpu: Usage;
}

export function audioReport(streams: Streams): {
  audio: Audio;
  gapMs: Quantiles;
  delayMs: Quantiles;
  sentLateMs: Quantiles;
  skipped: number;
} {
  return {
    audio: streams.audio(),
    gapMs: quantiles(streams.times.gapMs),
    delayMs: quantiles(streams.times.delayMs),
    sentLateMs: quantiles(streams.lateMs),
    skipped: streams.skipped,
  };
}

export function callReport(
  tally: Tally,
): Pick<LoadReport, 'registered' | 'placed' | 'answered' | 'ended' | 'failed' | 'registerMs' | 'setupMs'> {
  return {
    registered: tally.registeredCount,
    placed: tally.placedCount,
    answered: tally.answeredCount,
    ended: tally.endedCount,
    failed: Object.fromEntries(tally.failures),
    registerMs: quantiles(tally.registerMs),
    setupMs: quantiles(tally.setupMs),
  };
}

function quantiles(histogram: Histogram): Quantiles {
  return {
    p50: histogram.quantileMs(0.5),
    p99: histogram.quantileMs(0.99),
    p999: histogram.quantileMs(0.999),
    max: Math.round(histogram.maxMs * 10) / 10,
  };
}
