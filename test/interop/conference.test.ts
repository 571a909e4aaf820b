import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Goertzel } from '../../media/dsp/goertzel.ts';
import { TandemProcess } from './tandem-process.ts';
import { Trunk, type TrunkLine } from './trunk-line.ts';
import { readVoice } from './voice.ts';

const CONFERENCE = '+899000000102';
/** Far enough apart that a window of 500 ms tells them from each other. */
const TONES_HZ = [400, 500, 600, 700, 800, 900, 1000, 1100, 1200, 1300];
const WINDOW = 4_000;
/** A sine of amplitude 3,000 of 32,768 is at −23.8 dBov. */
const SPOKEN_DBOV = 20 * Math.log10(3_000 / 32_768 / Math.SQRT2);

let tandem: TandemProcess;
let trunk: Trunk;

beforeAll(async () => {
  tandem = await TandemProcess.start();
  await tandem.api('POST', '/v1.0/trunks', { domain_name: 'peer', auth_types: ['ip'], allowed_ips: ['127.0.0.1'] });
  trunk = await Trunk.open(tandem.sipPort);
}, 30_000);
afterAll(async () => {
  await trunk.stop();
  await tandem.stop();
}, 60_000);

/** Level of each tone in the last 500 ms that the line heard. */
function levels(samples: Int16Array): number[] {
  const from = samples.length - WINDOW;
  expect(from).toBeGreaterThanOrEqual(0);
  return TONES_HZ.map((tone) => new Goertzel(tone, 8000).levelDbov(samples, from, WINDOW));
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
    // The welcome is over.
    await pause(6_000);
    const { body } = await tandem.api('GET', '/v1.0/conferencecalls');
    expect(body['result']).toHaveLength(10);
    for (const [index, line] of lines.entries()) {
      const heard = levels(line.heard(Math.max(0, line.heardCount - 40)));
      for (const [other, level] of heard.entries()) {
        if (other === index) expect(level, `${index} hears itself`).toBeLessThan(-45);
        else expect(Math.abs(level - SPOKEN_DBOV), `${index} hears ${other} at ${level}`).toBeLessThan(1);
      }
    }
  });

  test('its recording holds all ten; one who leaves is gone', { timeout: 60_000 }, async () => {
    const conference = await onlyRow('/v1.0/conferences');
    const recording = { format: 'wav', duration: 0, on_end_flow_id: '00000000-0000-0000-0000-000000000000' };
    const started = await tandem.api('POST', `/v1.0/conferences/${conference['id']}/recording_start`, recording);
    expect(started.status, JSON.stringify(started.body)).toBe(200);
    await pause(1_500);
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
    for (const level of levels(samples)) expect(Math.abs(level - SPOKEN_DBOV)).toBeLessThan(1.5);

    lines[3]!.hangup();
    await tandem.settled('tandem_conference_members', 9);
    await pause(1_000);
    const heard = levels(lines[0]!.heard(lines[0]!.heardCount - 30));
    expect(heard[3]).toBeLessThan(-45);
    expect(Math.abs(heard[4]! - SPOKEN_DBOV)).toBeLessThan(1);
    for (const line of lines) line.hangup();
    await tandem.settled('tandem_calls_live', 0);
  });
});
