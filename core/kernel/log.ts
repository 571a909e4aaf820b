import { LIMITS } from './limits.ts';
import { type Instant, rfc3339, type WallTime } from './time.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export type LogContext = Readonly<Record<string, unknown>>;

export interface Log {
  debug(message: string, context?: LogContext): void;
  info(message: string, context?: LogContext): void;
  warn(message: string, context?: LogContext): void;
  error(message: string, context?: LogContext): void;
}

export interface LineLogOptions {
  /** Lines below it are not made. */
  readonly level: LogLevel;
  readonly format: 'json' | 'text';
  /** Gets each line without its end. */
  readonly sink: (line: string) => void;
  readonly wallTime: () => WallTime;
}

/** A log of one line for each message. Values under names of secrets are not written, whatever they are. */
export class LineLog implements Log {
  readonly #options: LineLogOptions;

  constructor(options: LineLogOptions) {
    this.#options = options;
  }

  debug(message: string, context?: LogContext): void {
    this.#write('debug', message, context);
  }

  info(message: string, context?: LogContext): void {
    this.#write('info', message, context);
  }

  warn(message: string, context?: LogContext): void {
    this.#write('warn', message, context);
  }

  error(message: string, context?: LogContext): void {
    this.#write('error', message, context);
  }

  #write(level: LogLevel, message: string, context: LogContext | undefined): void {
    const { level: lowest, format, sink, wallTime } = this.#options;
    if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(lowest)) return;
    const time = rfc3339(wallTime());
    const entries = Object.entries(context ?? {}).map(([name, value]) => [name, textOf(name, value)] as const);
    if (format === 'json') sink(JSON.stringify({ time, level, message, ...Object.fromEntries(entries) }));
    else sink(`${time} ${level.padEnd(5)} ${printable(message)}${entries.map(pair).join('')}`);
  }
}

const SECRET = /password|passwd|secret|token|accesskey|authorization|cookie|credential|api_?key/i;
export const REDACTED = '[redacted]';

/** A URL as it may be shown: what stands between the user's name and the host is taken out. */
export function withoutPassword(url: string): string {
  return url.replace(/(\/\/[^/@:]*):[^@]*@/, `$1:${REDACTED}@`);
}

function textOf(name: string, value: unknown): unknown {
  if (SECRET.test(name)) return REDACTED;
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value;
  if (value instanceof Error) return cut(causes(value));
  if (typeof value === 'string') return cut(value);
  return cut(
    JSON.stringify(value, (key, inner: unknown) => (SECRET.test(key) ? REDACTED : plain(inner))) ?? 'undefined',
  );
}

/** What JSON cannot write. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Error ? causes(value) : value;
}

/** The error's stack and those of its causes, a few deep: a cause may lead back to its error. */
function causes(error: Error): string {
  let text = error.stack ?? error.message;
  let cause = error.cause;
  for (let depth = 0; depth < 3 && cause instanceof Error; depth++) {
    text += `\ncaused by ${cause.stack ?? cause.message}`;
    cause = cause.cause;
  }
  return text;
}

function cut(text: string): string {
  const max = LIMITS.logValueCharactersMax;
  return text.length <= max ? text : `${text.slice(0, max)}… (${text.length} characters)`;
}

function pair([name, value]: readonly [string, unknown]): string {
  if (typeof value !== 'string') return ` ${name}=${String(value)}`;
  return /^[\w.:@/+-]+$/.test(value) ? ` ${name}=${value}` : ` ${name}=${JSON.stringify(value)}`;
}

/** A peer's text cannot begin a line of its own, nor command the terminal. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be written
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

interface Repeated {
  lastAt: Instant;
  suppressed: number;
}

/**
 * Warnings that peers can cause as often as they like: a message is written at once, then at most once in the interval,
 * with the number of times that it was left out. Only so many messages are told apart; the rest counts as one.
 */
export class Summary {
  readonly #log: Log;
  readonly #intervalMs: number;
  readonly #keysMax: number;
  readonly #seen = new Map<string, Repeated>();

  constructor(log: Log, intervalMs: number, keysMax: number = LIMITS.summaryKeysMax) {
    this.#log = log;
    this.#intervalMs = intervalMs;
    this.#keysMax = keysMax;
  }

  warn(message: string, now: Instant, context: LogContext = {}): void {
    if (!this.#seen.has(message) && this.#seen.size >= this.#keysMax) this.#forget(now);
    const isRoom = this.#seen.has(message) || this.#seen.size < this.#keysMax;
    const key = isRoom ? message : OTHERS;
    const repeated = this.#seen.get(key);
    if (repeated !== undefined && now - repeated.lastAt < this.#intervalMs) {
      repeated.suppressed += 1;
      return;
    }
    const more = repeated === undefined || repeated.suppressed === 0 ? {} : { leftOut: repeated.suppressed };
    this.#seen.set(key, { lastAt: now, suppressed: 0 });
    this.#log.warn(key === OTHERS ? `${message} (${OTHERS})` : message, { ...context, ...more });
  }

  /** Messages whose interval is over make room; what was left out of them is told now. */
  #forget(now: Instant): void {
    for (const [key, { lastAt, suppressed }] of this.#seen) {
      if (now - lastAt < this.#intervalMs) continue;
      this.#seen.delete(key);
      if (suppressed > 0) this.#log.warn(key, { leftOut: suppressed });
    }
  }
}

const OTHERS = 'one of many different messages';
