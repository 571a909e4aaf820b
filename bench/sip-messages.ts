import { parse } from '../sip/parser.ts';
import { write } from '../sip/writer.ts';

const SDP = [
  'v=0',
  'o=alice 2890844526 2890844526 IN IP4 192.0.2.10',
  's=-',
  'c=IN IP4 192.0.2.10',
  't=0 0',
  'm=audio 49172 RTP/AVP 0 8 9 101',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:9 G722/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=fmtp:101 0-16',
  'a=sendrecv',
  '',
].join('\r\n');

const INVITE = Buffer.from(
  [
    'INVITE sip:1001@example.com SIP/2.0',
    'Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK776asdhds;rport',
    'Max-Forwards: 70',
    'To: <sip:1001@example.com>',
    'From: "Alice Example" <sip:1000@example.com>;tag=1928301774',
    'Call-ID: a84b4c76e66710@192.0.2.10',
    'CSeq: 314159 INVITE',
    'Contact: <sip:1000@192.0.2.10:5060;transport=udp>',
    'Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, NOTIFY, REFER, UPDATE',
    'Supported: timer, replaces',
    'User-Agent: ExamplePhone/1.0.0',
    'Content-Type: application/sdp',
    `Content-Length: ${SDP.length}`,
    '',
    SDP,
  ].join('\r\n'),
);

const DURATION_MS = 1500;

/** Calls per second of `work`, after a warm-up of a third of the time. `work` returns something, so that it is done. */
function rate(work: () => number): number {
  let sum = 0;
  const repeat = (untilMs: number): number => {
    let count = 0;
    while (performance.now() < untilMs) {
      for (let index = 0; index < 200; index++) sum += work();
      count += 200;
    }
    return count;
  };
  repeat(performance.now() + DURATION_MS / 3);
  const started = performance.now();
  const count = repeat(started + DURATION_MS);
  const seconds = (performance.now() - started) / 1000;
  if (sum < 0) throw new Error('lengths are not negative');
  return Math.round(count / seconds);
}

/** Messages per second on one core, of an INVITE with SDP. */
export async function run(): Promise<Record<string, number>> {
  const { message } = parse(INVITE);
  if (message === undefined) throw new Error('the sample INVITE must parse');
  return {
    parse: rate(() => parse(INVITE).message!.body.length),
    parseAndRead: rate(() => {
      const parsed = parse(INVITE).message!;
      const { topVia, from, to, cseq, contacts } = parsed;
      return topVia.branch.length + from.uri.user.length + to.uri.user.length + cseq.number + contacts.length;
    }),
    write: rate(() => write(message).length),
  };
}

if (import.meta.main) {
  for (const [name, perSecond] of Object.entries(await run())) {
    console.log(`${name.padEnd(14)} ${perSecond.toLocaleString('en')} messages/s, ${(1e6 / perSecond).toFixed(2)} µs`);
  }
}
