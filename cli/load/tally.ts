import { Histogram } from './histogram.ts';

/** What became of registrations and calls. Counts of the measured time are differences of two readings. */
export class Tally {
  registeredCount = 0;
  placedCount = 0;
  answeredCount = 0;
  endedCount = 0;
  readonly registerMs = new Histogram();
  readonly setupMs = new Histogram();
  /** `register 403`, `invite 486`, `bye 408` … → how often. */
  readonly failures = new Map<string, number>();

  registered(tookMs: number): void {
    this.registeredCount++;
    this.registerMs.add(tookMs);
  }

  answered(tookMs: number): void {
    this.answeredCount++;
    this.setupMs.add(tookMs);
  }

  failed(what: 'register' | 'invite' | 'bye' | 'answer', status: number): void {
    const key = `${what} ${status}`;
    this.failures.set(key, (this.failures.get(key) ?? 0) + 1);
  }

  get failedCount(): number {
    let sum = 0;
    for (const count of this.failures.values()) sum += count;
    return sum;
  }
}
