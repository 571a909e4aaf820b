import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { CAUSES } from '../core/calls/cause.ts';
import { Fault } from '../core/kernel/fault.ts';
import { NEVER } from '../core/kernel/time.ts';
import { decodeWav } from '../media/audio-file.ts';
import { formatHostPort } from '../sip/grammar/host.ts';
import { readIdentity } from './certificate-files.ts';
import type { DialString } from './phone/dial-string.ts';
import { failureOf } from './phone/failure.ts';
import type { CallProgress, CallResult } from './phone/phone-call.ts';
import { PhoneLine } from './phone/phone-line.ts';
import { EXIT, type Format, printFailure } from './terminal.ts';

export interface CallOptions {
  readonly target: DialString;
  /** '' for none. */
  readonly user: string;
  readonly password: string;
  readonly play: string | undefined;
  readonly record: string | undefined;
  readonly digits: string;
  readonly seconds: number | undefined;
  /** PEM file of roots; '' for none. */
  readonly tlsAuthorities: string;
  readonly format: Format;
}

/**
 * `tandem call`: one call from the command line, until the other side hangs up, the time is over, or SIGINT or SIGTERM.
 * Resolves with the exit code: 0 answered and ended well, 1 not, 69 when nothing could be sent at all.
 */
export async function call(options: CallOptions): Promise<number> {
  const { target, format } = options;
  let line: PhoneLine;
  try {
    if (options.play !== undefined) requirePlayable(options.play);
    if (options.record !== undefined) await requireWritable(options.record);
    line = await PhoneLine.open(lineOptions(options));
  } catch (error) {
    return notPlaced(format, error);
  }
  hangUpOnSignal(line);
  say(
    format,
    `calling ${target.user} at ${formatHostPort(target.host, target.port)} over ${target.transport.toUpperCase()}`,
  );
  line.dial();
  const result = await line.over.finally(() => line.close());
  return report(options, result, line);
}

/** Nothing was sent. A host that cannot be reached has failed the call; anything else prevents every call. */
function notPlaced(format: Format, error: unknown): number {
  if (!(error instanceof Fault) || error.code !== 'UNREACHABLE') {
    printFailure(format, error);
    return EXIT.cannotStart;
  }
  const { code, message } = error;
  const advice = 'Check the name of the host, and the network.';
  const text = format === 'json' ? JSON.stringify({ error: { code, message, advice } }) : `${message}. ${advice}`;
  process.stderr.write(`${text}\n`);
  return EXIT.failed;
}

function lineOptions(options: CallOptions) {
  const { target, user, password, play, record, digits, seconds, tlsAuthorities, format } = options;
  const talkMaxMs = seconds === undefined ? NEVER : seconds * 1000;
  return {
    target,
    credentials: user === '' ? undefined : { username: user, password },
    identity: readIdentity({ tlsCertificate: '', tlsKey: '', tlsAuthorities, tlsClients: 'anyone' }),
    order: { play, record, digits, talkMaxMs },
    progress: (progress: Exclude<CallProgress, { kind: 'over' }>) => say(format, progressText(progress)),
  };
}

function progressText(progress: Exclude<CallProgress, { kind: 'over' }>): string {
  return progress.kind === 'ringing' ? 'ringing' : `answered after ${inSeconds(progress.setupMs)} s`;
}

/** The first signal hangs up and lets the other side know; a second one does not wait for its agreement. */
function hangUpOnSignal(line: PhoneLine): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      line.hangup();
      process.once(signal, () => void line.close().finally(() => process.exit(EXIT.failed)));
    });
  }
}

function report(options: CallOptions, result: CallResult, line: PhoneLine): number {
  const { recordingFailure, connectionFailure } = line;
  const { target, user, record, format } = options;
  const unwritten =
    recordingFailure === '' ? undefined : `The recording ${record} is not whole: ${recordingFailure}. Check the disk.`;
  const failure = failureOf(result, target, user, connectionFailure) ?? unwritten;
  if (format === 'json') process.stdout.write(`${JSON.stringify(resultObject(options, result, failure))}\n`);
  else {
    process.stdout.write(`${endText(result)}\n`);
    if (failure !== undefined) process.stderr.write(`${failure}\n`);
  }
  return failure === undefined ? EXIT.done : EXIT.failed;
}

/** The end for people: cause, duration, and how the stream was. */
function endText({ answered, cause, status, endedBy, talkMs, report }: CallResult): string {
  if (!answered) return `ended: ${CAUSES[cause].text} (${status})`;
  const who = endedBy === 'remote' ? 'by the other side' : 'here';
  const ended = `ended ${who} after ${inSeconds(talkMs)} s: ${CAUSES[cause].text}`;
  if (report === undefined) return ended;
  const { packetsSent, packetsReceived, packetsLost, jitterMs } = report;
  return `${ended}\nsent ${packetsSent} packets, received ${packetsReceived}, lost ${packetsLost}, jitter ${jitterMs.toFixed(1)} ms`;
}

/** The end for programs; figures of the stream are null when there was none. */
function resultObject({ target, user }: CallOptions, result: CallResult, failure: string | undefined) {
  const { answered, status, cause, endedBy, setupMs, talkMs, report: stream } = result;
  return {
    to: target.uri,
    from: user,
    answered,
    status,
    cause,
    endedBy,
    setupMs: setupMs === undefined ? null : rounded(setupMs),
    seconds: rounded(talkMs) / 1000,
    packetsSent: stream?.packetsSent ?? null,
    packetsReceived: stream?.packetsReceived ?? null,
    lost: stream?.packetsLost ?? null,
    jitterMs: stream === undefined ? null : rounded(stream.jitterMs),
    remoteLossShare: stream?.remoteLossShare ?? null,
    remoteJitterMs: stream === undefined ? null : rounded(stream.remoteJitterMs),
    roundTripMs: stream === undefined || stream.roundTripMs < 0 ? null : rounded(stream.roundTripMs),
    failure: failure ?? null,
  };
}

/** To a thousandth. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function inSeconds(durationMs: number): string {
  return (durationMs / 1000).toFixed(1);
}

/** Said to people as it happens; programs get one object at the end. */
function say(format: Format, text: string): void {
  if (format === 'text') process.stdout.write(`${text}\n`);
}

/** Better now than after somebody has answered. Throws FILE_UNREADABLE. */
function requirePlayable(path: string): void {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw unreadable(path, (error as Error).message, error);
  }
  const decoded = decodeWav(bytes);
  if (decoded.kind === 'refused') throw unreadable(path, decoded.detail);
}

function unreadable(path: string, detail: string, cause?: unknown): Fault {
  return new Fault('FILE_UNREADABLE', `${path} cannot be played: ${detail}`, { path }, cause);
}

/** Throws FILE_UNREADABLE when the file cannot be created or written; one that is there keeps what it holds so far. */
async function requireWritable(path: string): Promise<void> {
  try {
    const file = await open(path, 'a');
    await file.close();
  } catch (error) {
    const { message } = error as Error;
    throw new Fault('FILE_UNREADABLE', `${path} cannot be recorded to: ${message}`, { path }, error);
  }
}
