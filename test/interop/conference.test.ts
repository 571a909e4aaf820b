import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Goertzel } from '../../media/dsp/goertzel.ts';
import { PORT_SHARING } from '../sim/port-sharing.ts';
import { until } from './program.ts';
import { TandemProcess } from './tandem-process.ts';
import { Trunk, type TrunkLine } from './trunk-line.ts';
import { readVoice } from './voice.ts';

const CONFERENCE = '+899000000102';
/** Far enough apart that a window of 500 ms tells them from each other. */
const TONES_HZ = [400, 500, 600, 700, 800, 900, 1000, 1100, 1200, 1300];
const WINDOW = 4_000;
/** Frames heard in such a window. */
const WINDOW_FRAMES = 25;
const TOLERANCE_DB = 1;
const SILENT_DBOV = -45;
const HEARD_LIMIT_MS = 20_000;
/** A sine of amplitude 3,000 of 32,768 is at −23.8 dBov. */
const SPOKEN_DBOV = 20 * Math.log10(3_000 / 32_768 / Math.SQRT2);

let tandem: TandemProcess;
let trunk: Trunk;

beforeAll(async () => {
  tandem = await TandemProcess.start();
  await tandem.api('POST', '/v1.0/trunks', { domain_name: 'peer', auth_types: ['ip'], allowed_ips: ['127.0.0.1'] });
  trunk = await Trunk.open(tandem.sipPort);
});
afterAll(async () => {
  await trunk.stop();
  await tandem.stop();
}, 60_000);

/** Level of each tone in the 500 ms from that sample on. */
function levels(samples: Int16Array, from: number): number[] {
  return TONES_HZ.map((tone) => new Goertzel(tone, 8000).levelDbov(samples, from, WINDOW));
}

/** What is wrong with these levels where everybody is heard but these; '' when nothing is. */
function complaint(heard: readonly number[], missing: readonly number[]): string {
  const wrong = heard.map((level, index) => {
    const isRight = missing.includes(index) ? level < SILENT_DBOV : Math.abs(level - SPOKEN_DBOV) < TOLERANCE_DB;
    return isRight ? '' : `${index} at ${level.toFixed(1)} dBov`;
  });
  return wrong.filter((text) => text !== '').join(', ');
}

/**
 * The line hears everybody but these at their level, for 500 ms of what came to it. All that speak are in this process: on a
 * busy machine one of them is late now and then, and is missing from the mix for a moment; so these are any 500 ms.
 */
async function hearsAllBut(line: TrunkLine, missing: readonly number[]): Promise<void> {
  let judged = line.heardCount;
  let last = 'nothing was heard';
  await until(
    () => {
      for (; judged + WINDOW_FRAMES <= line.heardCount; judged += 5) {
        last = complaint(levels(line.heard(judged, judged + WINDOW_FRAMES), 0), missing);
        if (last === '') return true;
      }
      return undefined;
    },
    HEARD_LIMIT_MS,
    () => `everybody but ${missing.join(' and ')}: ${last}`,
  );
}

async function onlyRow(path: string): Promise<Record<string, unknown>> {
  const { body } = await tandem.api('GET', path);
  const rows = body['result'] as Record<string, unknown>[];
  expect(rows).toHaveLength(1);
  return rows[0]!;
}

describe('ten phones in a conference', () => {
  const lines: TrunkLine[] = [];

  test('each hears the nine others at their level, and not itself', { timeout: 60_000 }, async () => {
    for (const tone of TONES_HZ) {
      const line = await trunk.call(CONFERENCE, `+49301${tone}`);
      line.speak(tone);
      lines.push(line);
    }
    // They are let in when their welcome is over.
    await tandem.settled('tandem_conference_members', 10);
    const { body } = await tandem.api('GET', '/v1.0/conferencecalls');
    expect(body['result']).toHaveLength(10);
    // These tests run more than once, and it is the settings that make the difference.
    expect((await tandem.metric('tandem_rtp_ports_used')) === 10).toBe(PORT_SHARING === 'off');
    expect(tandem.program.output.includes("Node's own sockets")).toBe(process.env['TANDEM_RTP_IO'] === 'dgram');
    await Promise.all(lines.map((line, index) => hearsAllBut(line, [index])));
  });

  test('its recording holds all ten; one who leaves is gone', { timeout: 60_000 }, async () => {
    const conference = await onlyRow('/v1.0/conferences');
    const recording = { format: 'wav', duration: 0, on_end_flow_id: '00000000-0000-0000-0000-000000000000' };
    const started = await tandem.api('POST', `/v1.0/conferences/${conference['id']}/recording_start`, recording);
    expect(started.status, JSON.stringify(started.body)).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const stopped = await tandem.api('POST', `/v1.0/conferences/${conference['id']}/recording_stop`);
    expect(stopped.status, JSON.stringify(stopped.body)).toBe(200);
    await tandem.settled('tandem_recordings_live', 0);
    const row = await onlyRow('/v1.0/recordings');
    const file = await fetch(`http://127.0.0.1:${tandem.httpPort}/v1.0/recordingfiles/${row['id']}`, {
      headers: { authorization: 'Bearer vb_test_key_of_the_suite_0123456789' },
    });
    expect(file.status).toBe(200);
    const path = join(mkdtempSync(join(tmpdir(), 'tandem-recording-')), 'mix.wav');
    writeFileSync(path, new Uint8Array(await file.arrayBuffer()));
    const samples = readVoice(path);
    expect(samples.length / 8000).toBeGreaterThan(1);
    expect(samples.length / 8000).toBeLessThan(3);
    const starts = Array.from({ length: Math.floor((samples.length - WINDOW) / 800) }, (_, index) => index * 800);
    expect(starts.map((from) => complaint(levels(samples, from), []))).toContain('');

    lines[3]!.hangup();
    await tandem.settled('tandem_conference_members', 9);
    await hearsAllBut(lines[0]!, [0, 3]);
    for (const line of lines) line.hangup();
    await tandem.settled('tandem_calls_live', 0);
  });
});
