import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sessionDescription } from '../cli/load/sip-text.ts';
import { openCiphers } from '../media/io/openssl-ciphers.ts';
import { PACKET_SIZE_MAX_BYTES } from '../media/io/packet-io.ts';
import { RTP_HEADER_BYTES, writeRtpHeader } from '../media/rtp/packet-view.ts';
import { masterBytes, type SrtpSuite } from '../media/srtp/crypto-suite.ts';
import { Protection } from '../media/srtp/protection.ts';
import { TandemProcess } from '../test/interop/tandem-process.ts';
import { CROWD_PORT, type CrowdMeasured, compile, measureCrowd } from './crowd-generator.ts';
import { LOAD_CORE, pinnedTo, SERVER_CORE } from './process.ts';
import { type RelayedCallsOptions, relayedCalls } from './relayed-trunks.ts';
import { plainly } from './trunk-calls.ts';

const CALLS = 150;
const WARM_UP_S = 8;
const SECONDS = 10;
/** More than anybody sends: a packet that came before is none (RFC 3711 §3.3.2). */
const PACKETS = 50 * (WARM_UP_S + SECONDS + 5);
const PACKET_BYTES = RTP_HEADER_BYTES + 160;
const SUITE: SrtpSuite = 'AES_CM_128_HMAC_SHA1_80';
/** Of all phones: they may, since nobody listens in. */
const KEY = Buffer.alloc(masterBytes(SUITE), 7).toString('base64');

/**
 * Calls between two trunks through two whole Tandems on one core, at the same time: through one in the clear, through the
 * other protected on both sides. CPU µs of a call for 20 ms, two packets in and two out, and what SRTP adds to each pair of a
 * packet in and one out.
 */
export async function run(): Promise<Record<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-protected-'));
  try {
    const crowd = compile('crowd', folder);
    const bare: Side = { ports: '10000-13999', ...recorded(join(folder, 'clear'), undefined), describe: plainly };
    const guarded: Side = {
      ports: '14000-17999',
      ...recorded(join(folder, 'protected'), SUITE),
      firstPort: CROWD_PORT + 4 * CALLS,
      srtp: 'required',
      describe: protectedly,
    };
    // Both come to their end, also where one fails.
    const sides = await Promise.allSettled([measured(crowd, bare), measured(crowd, guarded)]);
    const [clear, protectedOnes] = sides.map((side) => {
      if (side.status === 'rejected') throw side.reason;
      return side.value;
    }) as [CrowdMeasured, CrowdMeasured];
    return {
      clearCallUs: callUs(clear),
      protectedCallUs: callUs(protectedOnes),
      addsUsPerPacketPair: (callUs(protectedOnes) - callUs(clear)) / 2,
      clearLoss: clear.loss,
      protectedLoss: protectedOnes.loss,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Side extends RelayedCallsOptions {
  /** Tandem's. */
  readonly ports: string;
  readonly packets: { readonly path: string; readonly sizeBytes: number };
}

async function measured(crowd: string, side: Side): Promise<CrowdMeasured> {
  const tandem = await TandemProcess.start({ within: pinnedTo(SERVER_CORE), args: ['--rtp', side.ports] });
  try {
    const { packets, firstPort = CROWD_PORT } = side;
    const generator = { within: pinnedTo(LOAD_CORE), firstPort, packets, socketCount: 2 * CALLS };
    return await relayedCalls(tandem, CALLS, side, (ports) =>
      measureCrowd(crowd, tandem.program.pid, ports, { ...generator, warmUpS: WARM_UP_S, seconds: SECONDS }),
    );
  } finally {
    await tandem.kill();
    rmSync(tandem.folder, { recursive: true, force: true });
  }
}

/** By what was heard: what the generator came too late to send costs nobody anything. */
function callUs({ spentMs, heard }: CrowdMeasured): number {
  return (2 * 1_000 * spentMs) / heard;
}

/** What every phone sends, made beforehand. */
function recorded(path: string, suite: SrtpSuite | undefined): Pick<Side, 'packets'> {
  const memory = new Uint8Array(PACKET_SIZE_MAX_BYTES);
  const protection = suite === undefined ? undefined : new Protection(openCiphers([memory]));
  if (suite !== undefined) protection?.use({ suite, sendKey: KEY, receiveKey: KEY });
  const packets: Uint8Array[] = [];
  for (let i = 1; i <= PACKETS; i++) {
    writeRtpHeader(memory, 0, false, 0, i, i * 160, 0x10000);
    memory.fill(0xf0 | (i & 7), RTP_HEADER_BYTES, PACKET_BYTES);
    packets.push(memory.slice(0, protection?.protectRtp(memory, 0, PACKET_BYTES) ?? PACKET_BYTES));
  }
  protection?.close();
  writeFileSync(path, Buffer.concat(packets));
  return { packets: { path, sizeBytes: packets[0]!.length } };
}

/** The same audio by SDES (RFC 4568): offered as the first, answered as the offer has it. */
function protectedly(mediaPort: number, request = ''): string {
  const tag = new RegExp(`a=crypto:(\\d+) ${SUITE} `).exec(request)?.[1] ?? '1';
  const plain = sessionDescription('127.0.0.1', mediaPort);
  return `${plain.replace('RTP/AVP', 'RTP/SAVP')}a=crypto:${tag} ${SUITE} inline:${KEY}\r\n`;
}
