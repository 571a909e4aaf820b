import { execFileSync, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { bodyLines, field, mediaOf, respondText, sessionDescription, statusOf, uriOf } from '../cli/load/sip-text.ts';
import { TandemProcess } from '../test/interop/tandem-process.ts';

/** Legs in one conference; `CROWD_LEGS=2000,3000` tries one after the other, on `CROWD_WORKERS` media threads. */
const LEGS = (process.env['CROWD_LEGS'] ?? '2000').split(',').map(Number);
const WORKERS = process.env['CROWD_WORKERS'] ?? '2';
const SECONDS = process.env['CROWD_SECONDS'] ?? '20';
const WARM_UP_S = '5';
/** Apart from Tandem's, and from those that the system gives. Many legs share a socket, as those of a trunk do. */
const FIRST_PORT = 61_000;
const SOCKETS = 200;
const RTP_PORTS = '10000-19999';
const UNDER_WAY_MAX = 20;
const ANSWER_LIMIT_MS = 10_000;

/** What the generator in C prints. */
interface Report {
  readonly seconds: number;
  readonly sentTotal: number;
  readonly heard: number;
  readonly lost: number;
  readonly silentLegs: number;
  readonly secondsChecked: number;
  readonly secondsBad: number;
  readonly levelMin: number;
  readonly levelMax: number;
  readonly ownLevelMax: number;
  readonly gapMsMax: number;
  readonly generatorLateMsMax: number;
  readonly generatorSkippedMs: number;
  readonly generatorCpuS: number;
}

/**
 * A crowd in one conference, all of them talking, with the generator (`crowd.c`) beside it on the same cores: what is lost
 * each way, and whether every fifth leg hears the tone of the first at its level, second by second.
 */
export async function run(): Promise<Record<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-crowd-'));
  const program = join(folder, 'crowd');
  try {
    execFileSync('cc', ['-O2', '-o', program, join(import.meta.dirname, 'crowd.c'), '-lm'], { stdio: 'inherit' });
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
  const generator = spawn(program, [FIRST_PORT, SOCKETS, WARM_UP_S, SECONDS].map(String), {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const lines = createInterface({ input: generator.stdout })[Symbol.asyncIterator]();
    const said = async (): Promise<string> => {
      const line = await lines.next();
      if (line.done === true) throw new Error('the generator has ended');
      return line.value;
    };
    await said();
    const number = await conferenceNumber(tandem);
    const calls = await Calls.open(tandem.sipPort);
    for (let i = 0; i < count; i++) await calls.place(number, i, FIRST_PORT + 2 * (i % SOCKETS));
    const ports = await calls.ports();
    const receivedBefore = await tandem.metric('tandem_rtp_received_total');
    generator.stdin.end(ports.map((port, i) => `${i % SOCKETS} ${port}\n`).join(''));
    await said();
    const before = await trouble(tandem);
    const cpuBefore = cpuMs(tandem.program.pid);
    const line = await said();
    const spentMs = cpuMs(tandem.program.pid) - cpuBefore;
    const report = JSON.parse(line) as Report;
    const received = (await tandem.metric('tandem_rtp_received_total')) - receivedBefore;
    const after = await trouble(tandem);
    calls.close();
    const cores = spentMs / (1000 * report.seconds);
    const [ticksLate, ticksSkipped, framesMissing] = after.map((count, i) => count - before[i]!);
    const ticks = { ticksLate: ticksLate!, ticksSkipped: ticksSkipped!, framesMissing: framesMissing! };
    return { ...figuresOf(report, count, received), cores, legUs: (20_000 * cores) / count, ...ticks };
  } finally {
    generator.kill('SIGKILL');
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

function figuresOf(report: Report, count: number, received: number): Record<string, number> {
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
    generatorCores: generatorCpuS / (seconds + Number(WARM_UP_S)),
  };
}

async function conferenceNumber(tandem: TandemProcess): Promise<string> {
  await tandem.api('POST', '/v1.0/trunks', { domain_name: 'crowd', auth_types: ['ip'], allowed_ips: ['127.0.0.1'] });
  const room = await tandem.api('POST', '/v1.0/conferences', { type: 'conference', name: 'crowd' });
  const join = { type: 'conference_join', option: { conference_id: room.body['id'] } };
  const flow = await tandem.api('POST', '/v1.0/flows', { name: 'crowd', actions: [{ type: 'answer' }, join] });
  const number = '+49302000';
  await tandem.api('POST', '/v1.0/numbers', { number, call_flow_id: flow.body['id'] });
  return number;
}

/** Calls of a trunk whose media is somebody else's: places them, and learns where their audio goes. */
class Calls {
  readonly #socket: Socket;
  readonly #serverPort: number;
  readonly #underWay = new Map<string, (port: number) => void>();
  readonly #ports: Promise<number>[] = [];

  private constructor(socket: Socket, serverPort: number) {
    this.#socket = socket;
    this.#serverPort = serverPort;
    socket.on('message', (bytes) => this.#receive(bytes.toString('latin1')));
  }

  static async open(serverPort: number): Promise<Calls> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new Calls(socket, serverPort);
  }

  /** As soon as there is room for another one under way. */
  async place(number: string, index: number, mediaPort: number): Promise<void> {
    while (this.#underWay.size >= UNDER_WAY_MAX) await Promise.race(this.#ports.slice(-UNDER_WAY_MAX));
    const callId = `crowd${index}`;
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const giveUp = setTimeout(() => reject(new Error(`no answer to call ${index} in time`)), ANSWER_LIMIT_MS);
    this.#underWay.set(callId, (port) => {
      clearTimeout(giveUp);
      this.#underWay.delete(callId);
      if (port > 0) resolve(port);
      else reject(new Error(`call ${index} was refused`));
    });
    this.#ports.push(promise);
    promise.catch(() => undefined);
    const uri = `sip:${number}@127.0.0.1:${this.#serverPort}`;
    const contact = `Contact: <sip:trunk@127.0.0.1:${this.#socket.address().port}>\r\n`;
    this.#send('INVITE', uri, callId, `<${uri}>`, contact + bodyLines(sessionDescription('127.0.0.1', mediaPort)));
  }

  /** Tandem's port of each call, in the order in which they were placed. */
  ports(): Promise<readonly number[]> {
    return Promise.all(this.#ports);
  }

  close(): void {
    this.#socket.close();
  }

  #receive(text: string): void {
    const status = statusOf(text);
    if (status === 0) {
      this.#write(respondText(text, '200 OK', 'crowd'));
      return;
    }
    if (status < 200 || !field(text, 'CSeq').endsWith('INVITE')) return;
    const callId = field(text, 'Call-ID');
    if (status < 300) this.#send('ACK', uriOf(field(text, 'Contact')), callId, field(text, 'To'), bodyLines());
    this.#underWay.get(callId)?.(status < 300 ? (mediaOf(text)?.port ?? 0) : 0);
  }

  #send(method: string, uri: string, callId: string, to: string, rest: string): void {
    const own = this.#socket.address().port;
    this.#write(
      `${method} ${uri} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${own};branch=z9hG4bK${callId}${method};rport\r\n` +
        `Max-Forwards: 70\r\nFrom: <sip:+4930123456@127.0.0.1>;tag=${callId}\r\nTo: ${to}\r\n` +
        `Call-ID: ${callId}\r\nCSeq: 1 ${method}\r\n${rest}`,
    );
  }

  #write(text: string): void {
    this.#socket.send(Buffer.from(text, 'latin1'), this.#serverPort, '127.0.0.1');
  }
}

/** CPU time of the process, user and system (proc_pid_stat(5)). */
function cpuMs(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return 10 * (Number(fields[11]) + Number(fields[12]));
}
