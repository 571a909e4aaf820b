import { createHmac, timingSafeEqual } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import type { RecordingFile, RecordingRecord } from '../../core/calls/recording-record.ts';
import type { WallTime } from '../../core/kernel/time.ts';
import { notFound, type Refused, refuse, send, stateInvalid } from '../answer.ts';
import type { Backend } from '../backend.ts';
import { operation } from '../operation.ts';
import { principalOf } from '../principal.ts';
import { type Audio, asStereo, wholeFile } from '../recording-audio.ts';
import { findRow } from '../rows.ts';
import { readId } from '../schema.ts';

/** How long an address that needs no credential can be used. */
const ADDRESS_LIFETIME_MS = 15 * 60_000;

const Channel = Type.Optional(
  Type.Enum(['in', 'out'], { description: 'in or out: one side alone; left out, in is left and out is right' }),
);
const Asked = Type.Object({ channel: Channel });
const Signed = Type.Object({
  channel: Channel,
  expires: Type.Optional(Type.String()),
  signature: Type.Optional(Type.String()),
});

/** `GET /recordingfiles/{id}`: sends whoever may to an address that anybody can download from for a while. */
export function recordingfiles(app: FastifyInstance, backend: Backend): void {
  const summary = 'The audio of one recording: redirects to an address that needs no credential for 15 minutes';
  app.get(
    '/recordingfiles/:id',
    operation('recordingfiles', summary, { query: Asked, answer: Type.String(), status: 307 }),
    async (request, reply) => {
      const found = await findRow(backend, principalOf(request), 'recording', request.params);
      if ('refusal' in found) return send(reply, found);
      const { row } = found;
      if (row.status !== 'ended') {
        return send(reply, stateInvalid(`recording ${row.id} is not over`, 'an ended recording', row.status));
      }
      const expires = backend.clock.wallTime() + ADDRESS_LIFETIME_MS;
      const { channel } = request.query as Static<typeof Asked>;
      const query = new URLSearchParams({ expires: String(expires), signature: signatureOf(backend, row.id, expires) });
      if (channel !== undefined) query.set('channel', channel);
      return reply
        .header('cache-control', 'no-store')
        .redirect(`/v1.0/recordingfiles/${row.id}/download?${query}`, 307);
    },
  );
}

/** `GET /recordingfiles/{id}/download`: the audio, for whoever holds a fresh signature of ours. */
export function recordingDownloads(app: FastifyInstance, backend: Backend): void {
  const summary = 'The audio of one recording, with the signature that /recordingfiles/{id} gave';
  const parts = { query: Signed, answer: Type.Unsafe<string>({ type: 'string', format: 'binary' }), type: 'audio/wav' };
  app.get(
    '/recordingfiles/:id/download',
    operation('recordingfiles', summary, { ...parts, isPublic: true }),
    (request, reply) => download(backend, request, reply),
  );
}

async function download(backend: Backend, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const read = readId(request.params);
  if ('refusal' in read) return send(reply, read);
  const { channel, expires, signature } = request.query as Static<typeof Signed>;
  if (!isSigned(backend, read.id, Number(expires), signature ?? '')) {
    const message = 'the address is not one of ours, or too old';
    return send(reply, refuse({ code: 'INVALID_CREDENTIALS', message }));
  }
  const recording = await backend.get('recording', read.id);
  if (recording === undefined) return send(reply, notFound('recording', read.id));
  const opened = await open(backend, recording, channel);
  return 'refusal' in opened ? send(reply, opened) : sendAudio(backend, request, reply, recording, opened);
}

/** Both sides as one, one side, or the one file that there is. */
async function open(
  backend: Backend,
  recording: RecordingRecord,
  channel: 'in' | 'out' | undefined,
): Promise<Audio | Refused> {
  const chosen = recording.files.filter((file) => channel === undefined || sideOf(file) === channel);
  const files = await Promise.all(chosen.slice(0, 2).map((file) => backend.openRecordingFile(file.name)));
  const [first, second] = files;
  if (first !== undefined && second !== undefined) {
    const stereo = await asStereo(first, second).catch(async (error: unknown) => {
      await Promise.all([first.close(), second.close()]);
      throw error;
    });
    if (stereo !== undefined) return stereo;
    await second.close();
  }
  const one = first ?? second;
  return one === undefined ? notFound('recording', recording.id) : wholeFile(one);
}

function sideOf({ name }: RecordingFile): 'in' | 'out' {
  return /_out\.\w+$/.test(name) ? 'out' : 'in';
}

/** Sends it whole, or the one range that was asked for (RFC 9110 §14.2). */
function sendAudio(
  backend: Backend,
  request: FastifyRequest,
  reply: FastifyReply,
  recording: RecordingRecord,
  audio: Audio,
): FastifyReply {
  const { sizeBytes } = audio;
  const close = (): void => void audio.close().catch((error: unknown) => backend.report(error, request.id));
  const range = rangeOf(request.headers.range, sizeBytes);
  reply.headers({
    'content-type': recording.format === 'ogg' ? 'audio/ogg' : 'audio/wav',
    'accept-ranges': 'bytes',
    'cache-control': 'private, max-age=900',
    'content-disposition': `attachment; filename="${recording.id}.${recording.format}"`,
  });
  if (range === 'beyond') {
    close();
    return reply.code(416).header('content-range', `bytes */${sizeBytes}`).send();
  }
  const [start, end] = range ?? [0, sizeBytes];
  reply.code(range === undefined ? 200 : 206).header('content-length', end - start);
  if (range !== undefined) reply.header('content-range', `bytes ${start}-${end - 1}/${sizeBytes}`);
  const stream = Readable.from(audio.blocks(start, end), { objectMode: false });
  // Also when the client goes away before the end, or before the first byte.
  stream.once('close', close);
  return reply.send(stream);
}

/** Start and end of the one range asked for; undefined for none that we serve, which means the whole. */
function rangeOf(header: string | undefined, sizeBytes: number): readonly [number, number] | 'beyond' | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  const [first, last] = [match?.[1] ?? '', match?.[2] ?? ''];
  if (first === '' && last === '') return undefined;
  if (first === '') {
    return Number(last) === 0 ? 'beyond' : [Math.max(0, sizeBytes - Number(last)), sizeBytes];
  }
  if (Number(first) >= sizeBytes) return 'beyond';
  const end = last === '' ? sizeBytes : Math.min(sizeBytes, Number(last) + 1);
  return end > Number(first) ? [Number(first), end] : undefined;
}

function signatureOf(backend: Backend, id: string, expires: WallTime): string {
  return createHmac('sha256', backend.tokenSecret).update(`recordingfile ${id} ${expires}`).digest('hex');
}

function isSigned(backend: Backend, id: string, expires: WallTime, signature: string): boolean {
  if (!(expires > backend.clock.wallTime())) return false;
  const expected = Buffer.from(signatureOf(backend, id, expires));
  const given = Buffer.from(signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
