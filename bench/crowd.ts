import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TandemProcess } from '../test/interop/tandem-process.ts';
import { CROWD_PORT, Crowd, type CrowdReport, compile } from './crowd-generator.ts';
import { processCpuMs } from './process.ts';
import { TrunkCalls } from './trunk-calls.ts';

/** Legs in one conference; `CROWD_LEGS=2000,3000` tries one after the other, on `CROWD_WORKERS` media threads. */
const LEGS = (process.env['CROWD_LEGS'] ?? '2000').split(',').map(Number);
const WORKERS = process.env['CROWD_WORKERS'] ?? '2';
const SECONDS = Number(process.env['CROWD_SECONDS'] ?? 20);
const WARM_UP_S = 5;
const SOCKETS = 200;
const RTP_PORTS = '10000-19999';

/**
 * A crowd in one conference, all of them talking, with the generator (`crowd.c`) beside it on the same cores: what is lost
 * each way, and whether every fifth leg hears the tone of the first at its level, second by second.
 */
export async function run(): Promise<Record<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-crowd-'));
  try {
    const program = compile('crowd', folder);
    const figures: Record<string, number> = {};
    for (const count of LEGS) {
      const measured = await crowd(program, count);
      for (const [name, value] of Object.entries(measured)) figures[`${count} legs ${name}`] = value;
    }
    return figures;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function crowd(program: string, count: number): Promise<Record<string, number>> {
  const tandem = await TandemProcess.start({ args: ['--rtp', RTP_PORTS, '--workers', WORKERS] });
  const generator = await Crowd.start(program, { socketCount: SOCKETS, warmUpS: WARM_UP_S, seconds: SECONDS });
  try {
    const number = await conferenceNumber(tandem);
    const calls = await TrunkCalls.open(tandem.sipPort);
    for (let i = 0; i < count; i++) await calls.place(number, i, CROWD_PORT + 2 * (i % SOCKETS));
    const ports = await calls.ports();
    const receivedBefore = await tandem.metric('tandem_rtp_received_total');
    await generator.warmUp(ports);
    const before = await trouble(tandem);
    const cpuBefore = processCpuMs(tandem.program.pid);
    const report = await generator.report();
    const spentMs = processCpuMs(tandem.program.pid) - cpuBefore;
    const received = (await tandem.metric('tandem_rtp_received_total')) - receivedBefore;
    const after = await trouble(tandem);
    calls.close();
    const cores = spentMs / (1000 * report.seconds);
    const [ticksLate, ticksSkipped, framesMissing] = after.map((count, i) => count - before[i]!);
    const ticks = { ticksLate: ticksLate!, ticksSkipped: ticksSkipped!, framesMissing: framesMissing! };
    return { ...figuresOf(report, count, received), cores, legUs: (20_000 * cores) / count, ...ticks };
  } finally {
    generator.stop();
    await tandem.kill();
    rmSync(tandem.folder, { recursive: true, force: true });
  }
}

/** Ticks that came late, ticks that did not come, and frames that one media thread missed of the other. */
function trouble(tandem: TandemProcess): Promise<readonly number[]> {
  const names = [
    'tandem_media_ticks_late_total',
    'tandem_media_ticks_skipped_total',
    'tandem_mix_frames_missing_total',
  ];
  return Promise.all(names.map((name) => tandem.metric(name)));
}

function figuresOf(report: CrowdReport, count: number, received: number): Record<string, number> {
  const { seconds, sentTotal, heard, lost, generatorCpuS } = report;
  const due = (count * seconds * 1000) / 20;
  return {
    lossToTandem: Math.max(0, sentTotal - received) / sentTotal,
    lossFromTandem: lost / (heard + lost),
    heardOfDue: heard / due,
    silentLegs: report.silentLegs,
    secondsChecked: report.secondsChecked,
    secondsBad: report.secondsBad,
    levelMinDbov: report.levelMin,
    levelMaxDbov: report.levelMax,
    ownLevelMaxDbov: report.ownLevelMax,
    gapMsMax: report.gapMsMax,
    generatorLateMsMax: report.generatorLateMsMax,
    generatorSkippedMs: report.generatorSkippedMs,
    generatorCores: generatorCpuS / (seconds + WARM_UP_S),
  };
}

export async function conferenceNumber(tandem: TandemProcess): Promise<string> {
  await tandem.api('POST', '/v1.0/trunks', { domain_name: 'crowd', auth_types: ['ip'], allowed_ips: ['127.0.0.1'] });
  const room = await tandem.api('POST', '/v1.0/conferences', { type: 'conference', name: 'crowd' });
  const join = { type: 'conference_join', option: { conference_id: room.body['id'] } };
  const flow = await tandem.api('POST', '/v1.0/flows', { name: 'crowd', actions: [{ type: 'answer' }, join] });
  const number = '+49302000';
  await tandem.api('POST', '/v1.0/numbers', { number, call_flow_id: flow.body['id'] });
  return number;
}
