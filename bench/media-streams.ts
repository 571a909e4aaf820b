import { readFileSync } from 'node:fs';
import { systemClock } from '../core/kernel/clock.ts';
import { seeded } from '../core/kernel/random.ts';
import { decodeWav } from '../media/audio-file.ts';
import { mapBytes, pcma, pcmu, ULAW_TO_ALAW } from '../media/codec/g711.ts';
import { g722 } from '../media/codec/g722.ts';
import { opus } from '../media/codec/opus.ts';
import { DigitsPlayer } from '../media/digits-player.ts';
import { tonesOf } from '../media/dsp/country-tones.ts';
import { DtmfDetector } from '../media/dsp/dtmf-detector.ts';
import { SteadyToneDetector } from '../media/dsp/steady-tone.ts';
import { sine, ToneGenerator } from '../media/dsp/tone.ts';
import { VoiceActivity } from '../media/dsp/voice-activity.ts';
import { openOpus } from '../media/io/opus-library.ts';
import { resample } from '../media/resample.ts';
import { Resampler } from '../media/resampler.ts';
import { JitterBuffer } from '../media/rtp/jitter-buffer.ts';
import { PacketView, writeRtpHeader } from '../media/rtp/packet-view.ts';
import { ReceiveStream } from '../media/rtp/receive-stream.ts';
import { SendStream } from '../media/rtp/send-stream.ts';
import { PCMA, PCMU, withEvents } from '../media/sdp/formats.ts';
import { LocalDescription } from '../media/sdp/local-description.ts';
import { negotiateAnswer } from '../media/sdp/negotiate.ts';
import { parseSdp } from '../media/sdp/parse.ts';

const FRAME = 160;
const WIDE_FRAME = 320;
const PACKET = 172;
const FORMATS = withEvents([PCMU, PCMA]);

/** Fastest of several rounds: the others were disturbed. Microseconds a turn. */
function measure(turns: number, work: (turn: number) => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 6; round++) {
    const started = systemClock.now();
    for (let turn = 0; turn < turns; turn++) work(turn);
    best = Math.min(best, systemClock.now() - started);
  }
  return (best * 1000) / turns;
}

/** What one stream costs per packet, frame or description, without sockets. `_ns` and `_us` are the units. */
export async function run(): Promise<Record<string, number>> {
  return {
    ...headers(),
    ...codecs(),
    ...wideband(),
    ...opusStreams(),
    ...detectors(),
    ...jitter(),
    ...descriptions(),
  };
}

function headers(): Record<string, number> {
  const packet = new Uint8Array(PACKET);
  const out = new Uint8Array(PACKET);
  const view = new PacketView();
  const receive = new ReceiveStream(8000);
  const send = new SendStream(1, 0, 0, 8000);
  const next = (turn: number): void => {
    writeRtpHeader(packet, 0, false, 0, turn & 0xffff, (turn * FRAME) >>> 0, 7);
    view.read(packet, 0, PACKET);
  };
  const both = measure(1_000_000, next) * 1000;
  const write = measure(1_000_000, (turn) => writeRtpHeader(packet, 0, false, 0, turn & 0xffff, turn, 7)) * 1000;
  let turns = 0;
  const relay = measure(500_000, () => {
    turns += 1;
    next(turns);
    receive.receive(view, turns * 20, 'timed');
    send.relay(view, 8, out, 0, turns * 20);
  });
  return { header_write_ns: write, header_read_ns: both - write, receive_and_relay_ns: relay * 1000 - both };
}

function codecs(): Record<string, number> {
  const random = seeded(1);
  const bytes = random.bytes(FRAME);
  const samples = new Int16Array(FRAME);
  const out = new Uint8Array(FRAME);
  const tone = new ToneGenerator(sine(1000, -20), 8000);
  const ringback = new ToneGenerator(tonesOf('US').dial, 8000);
  return {
    ulaw_decode_us: measure(200_000, () => pcmu.decode(bytes, 0, FRAME, samples, 0)),
    ulaw_encode_us: measure(200_000, () => pcmu.encode(samples, 0, FRAME, out, 0)),
    alaw_encode_us: measure(200_000, () => pcma.encode(samples, 0, FRAME, out, 0)),
    ulaw_to_alaw_us: measure(200_000, () => mapBytes(ULAW_TO_ALAW, bytes, 0, FRAME, out, 0)),
    sine_us: measure(50_000, () => tone.fill(samples, 0, FRAME)),
    dual_tone_us: measure(50_000, () => ringback.fill(samples, 0, FRAME)),
  };
}

/** What a frame costs those who listen in: to a voice, to keys, to nothing. */
function detectors(): Record<string, number> {
  const voice = decodeWav(readFileSync(new URL('../cli/prompts/menu.wav', import.meta.url)));
  if (!('samples' in voice)) throw new Error('the prompt cannot be read');
  const speech = voice.samples;
  const frames = Math.floor(speech.length / FRAME);
  const keys = new DigitsPlayer(undefined);
  keys.send('1234567890*#', 65, 65);
  const dialled = new Int16Array(150 * FRAME);
  for (let at = 0; at < dialled.length; at += FRAME) keys.take(dialled.subarray(at, at + FRAME));
  const digits = new DtmfDetector();
  const tones = new SteadyToneDetector();
  const activity = new VoiceActivity();
  return {
    dtmf_of_speech_us: measure(100_000, (turn) => {
      digits.receive(speech, (turn % frames) * FRAME, FRAME);
    }),
    dtmf_of_keys_us: measure(100_000, (turn) => {
      digits.receive(dialled, (turn % 150) * FRAME, FRAME);
      digits.poll();
    }),
    steady_tone_us: measure(100_000, (turn) => tones.receive(speech, (turn % frames) * FRAME, FRAME)),
    voice_activity_us: measure(100_000, (turn) => {
      const at = (turn % frames) * FRAME;
      activity.receive(speech, at, FRAME / 2);
      activity.receive(speech, at + FRAME / 2, FRAME / 2);
    }),
  };
}

/** What turns a telephone into wide band and back, by frames of 20 ms. */
function wideband(): Record<string, number> {
  const speech = wideSpeech();
  const frames = Math.floor(speech.length / WIDE_FRAME);
  const bytes = new Uint8Array(FRAME);
  const samples = new Int16Array(WIDE_FRAME);
  const [encoder, decoder] = [g722.encoder(''), g722.decoder()];
  const [up, down] = [new Resampler(8000, 16_000), new Resampler(16_000, 8000)];
  const at = (turn: number) => (turn % frames) * WIDE_FRAME;
  return {
    g722_encode_us: measure(2000, (turn) => encoder.encode(speech, at(turn), WIDE_FRAME, bytes, 0)),
    g722_decode_us: measure(2000, () => decoder.decode(bytes, 0, FRAME, samples, 0)),
    resample_8_to_16_us: measure(10_000, (turn) => up.resample(speech, at(turn), FRAME, samples, 0)),
    resample_16_to_8_us: measure(10_000, (turn) => down.resample(speech, at(turn), WIDE_FRAME, samples, 0)),
  };
}

/** Opus at 16 kHz as streams use it, and the calls of the library alone. */
function opusStreams(): Record<string, number> {
  const library = openOpus();
  if (library === undefined) return {};
  const speech = wideSpeech();
  const frames = Math.floor(speech.length / WIDE_FRAME);
  const [encoder, decoder] = [opus(library).encoder(''), opus(library).decoder()];
  const [plain, plainDecoder] = [library.createEncoder(16_000), library.createDecoder(16_000)];
  library.set(plain, 4010, library.kind === 'system' ? 5 : 1);
  library.set(plain, 4002, 24_000);
  const bytes = new Uint8Array(1500);
  const samples = new Int16Array(WIDE_FRAME);
  const at = (turn: number) => (turn % frames) * WIDE_FRAME;
  const throughStreamsUs = measure(frames, (turn) => {
    const sizeBytes = encoder.encode(speech, at(turn), WIDE_FRAME, bytes, 0);
    decoder.decode(bytes, 0, sizeBytes, samples, 0);
  });
  const libraryUs = measure(frames, (turn) => {
    library.samples.set(speech.subarray(at(turn), at(turn) + WIDE_FRAME));
    library.decode(plainDecoder, library.encode(plain, WIDE_FRAME, 1275), 1920, 'packet');
  });
  encoder.close();
  decoder.close();
  library.destroyEncoder(plain);
  library.destroyDecoder(plainDecoder);
  return {
    opus_both_ways_us: throughStreamsUs,
    opus_library_both_ways_us: libraryUs,
    opus_to_library: throughStreamsUs / libraryUs,
  };
}

/** A spoken prompt at 16 kHz. */
function wideSpeech(): Int16Array {
  const decoded = decodeWav(readFileSync(new URL('../cli/prompts/welcome.wav', import.meta.url)));
  if (decoded.kind === 'refused') throw new Error(decoded.detail);
  return resample(decoded.samples, 8000, 16_000);
}

function jitter(): Record<string, number> {
  const buffer = new JitterBuffer();
  const payload = new Uint8Array(FRAME);
  let n = 0;
  const both = measure(200_000, () => {
    n += 1;
    buffer.put(n & 0xffff, (n * FRAME) >>> 0, payload, 0, FRAME, n * 20);
    buffer.take(n * 20 + 10);
  });
  return { jitter_put_and_take_us: both };
}

function descriptions(): Record<string, number> {
  const offer = new LocalDescription(1).offer({ address: '192.0.2.1', port: 4000 }, FORMATS, 'sendrecv');
  const local = { address: '192.0.2.2', port: 5000 };
  return {
    sdp_parse_us: measure(20_000, () => parseSdp(offer)),
    sdp_answer_us: measure(20_000, () => {
      const { session } = parseSdp(offer);
      const chosen = session && negotiateAnswer(session, FORMATS);
      if (session && chosen) new LocalDescription(2).answer(session, chosen, local);
    }),
  };
}
