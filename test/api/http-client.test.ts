import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { AddressGuard, type Resolver } from '../../api/address-guard.ts';
import { OutgoingHttp, type OutgoingHttpOptions } from '../../api/http-client.ts';
import { FileDownloads } from '../../cli/downloads.ts';
import type { HttpEvent, HttpRequest } from '../../core/ports.ts';

const LOOPBACK = ['127.0.0.0/8'];
const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A server of some user; the origin without a slash at its end. */
async function serve(handler: Handler): Promise<string> {
  const server: Server = createServer(handler);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  open.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A client whose outcomes can be awaited by number. */
function client(options: Partial<OutgoingHttpOptions> = {}) {
  const waiting = new Map<number, (event: HttpEvent) => void>();
  let lastNumber = 0;
  const http = new OutgoingHttp({
    guard: new AddressGuard(LOOPBACK),
    downloads: new FileDownloads(),
    received: (event) => waiting.get(event.number)?.(event),
    ...options,
  });
  open.push(() => http.close());
  const ask = (url: string, more: Partial<HttpRequest> = {}): Promise<HttpEvent> =>
    new Promise((resolve) => {
      const number = ++lastNumber;
      waiting.set(number, resolve);
      const base = {
        owner: 'flows',
        method: 'GET',
        headers: {},
        body: '',
        timeoutMs: 5_000,
        answerBytesMax: 1_000,
      } as const;
      http.request({ ...base, number, url, ...more });
    });
  return { http, ask };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

test('method, headers and body arrive, the answer comes back', async () => {
  const origin = await serve(async (request, response) => {
    const body = await bodyOf(request);
    const { 'x-one': one, host, 'content-length': length } = request.headers;
    response.writeHead(201, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ method: request.method, url: request.url, one, host, length, body }));
  });
  const headers = { 'X-One': '1', Host: 'elsewhere', 'Content-Length': '99', 'Transfer-Encoding': 'chunked' };
  const event = await client().ask(`${origin}/a?b=c`, { method: 'PUT', headers, body: 'grüße' });
  expect(event).toMatchObject({
    kind: 'answered',
    owner: 'flows',
    number: 1,
    status: 201,
    contentType: 'application/json',
  });
  expect(JSON.parse((event as { body: string }).body)).toEqual({
    method: 'PUT',
    url: '/a?b=c',
    one: '1',
    host: origin.slice('http://'.length),
    length: '7',
    body: 'grüße',
  });
});

test('a header that would begin another one fails and sends nothing', async () => {
  const event = await client().ask('http://127.0.0.1:9/', { headers: { 'x-a': 'b\r\nx-c: d' } });
  expect(event).toMatchObject({ kind: 'failed' });
});

test('what does not answer in time fails in that time, also in the middle of a body', async () => {
  const origin = await serve((request, response) => {
    if (request.url === '/half') response.writeHead(200, { 'content-length': '10' }).write('half');
  });
  const { ask } = client();
  const events = await Promise.all([
    ask(`${origin}/never`, { timeoutMs: 60 }),
    ask(`${origin}/half`, { timeoutMs: 60 }),
  ]);
  for (const event of events) expect(event).toMatchObject({ kind: 'failed', detail: 'no answer in 60 ms' });
});

test('an answer longer than allowed fails, announced or not', async () => {
  const origin = await serve((request, response) => {
    if (request.url === '/announced') response.setHeader('content-length', '1001');
    response.write('x'.repeat(600));
    response.end('x'.repeat(401));
  });
  const { ask } = client();
  expect(await ask(`${origin}/announced`)).toMatchObject({
    kind: 'failed',
    detail: 'expected an answer of at most 1000 bytes, got 1001',
  });
  expect(await ask(`${origin}/chunked`)).toMatchObject({
    kind: 'failed',
    detail: 'expected an answer of at most 1000 bytes, got more',
  });
});

test('an answer that breaks off is no answer', async () => {
  const origin = await serve((_request, response) => {
    response.writeHead(200, { 'content-length': '10' });
    response.write('12345', () => response.destroy());
  });
  expect(await client().ask(origin)).toMatchObject({ kind: 'failed' });
});

test.each(['ftp://example.org/', 'file:///etc/passwd', 'nonsense', ''])('%j is no URL to ask', async (url) => {
  expect(await client().ask(url)).toMatchObject({ kind: 'failed', detail: expect.stringMatching(/^expected /) });
});

test('a private address is refused by naming the flag, and gets no connection', async () => {
  let connections = 0;
  const origin = await serve(() => void connections++);
  const { ask } = client({ guard: new AddressGuard() });
  expect(await ask(origin)).toMatchObject({ kind: 'failed', detail: expect.stringContaining('--allow-private') });
  expect(connections).toBe(0);
});

test('a name that resolves to a private address is refused when connecting', async () => {
  let connections = 0;
  const origin = await serve(() => void connections++);
  const resolve: Resolver = (_host, done) => done(null, [{ address: '127.0.0.1', family: 4 }]);
  const url = origin.replace('127.0.0.1', 'inside.example');
  const refused = await client({ guard: new AddressGuard([], resolve) }).ask(url);
  expect(refused).toMatchObject({ kind: 'failed', detail: expect.stringContaining('--allow-private') });
  expect(connections).toBe(0);
});

test('a redirect to a private address is refused', async () => {
  let privateCount = 0;
  const inside = await serve((_request, response) => {
    privateCount += 1;
    response.end();
  });
  const outside = await serve((_request, response) => {
    response.writeHead(302, { location: inside.replace('127.0.0.1', '127.0.0.2') }).end();
  });
  const guard = new AddressGuard(['127.0.0.1/32']);
  expect(await client({ guard }).ask(outside)).toMatchObject({
    kind: 'failed',
    detail: '127.0.0.2 is a private address: not reached unless --allow-private names its network',
  });
  expect(privateCount).toBe(0);
});

test('five redirects are followed, a sixth is not', async () => {
  const origin = await serve((request, response) => {
    const left = Number(request.url!.slice(1));
    if (left === 0) response.end('there');
    else response.writeHead(302, { location: `/${left - 1}` }).end();
  });
  const { ask } = client();
  expect(await ask(`${origin}/5`)).toMatchObject({ kind: 'answered', status: 200, body: 'there' });
  expect(await ask(`${origin}/6`)).toMatchObject({
    kind: 'failed',
    detail: 'expected at most 5 redirects, got one more',
  });
});

test('a 307 repeats the message, a 303 asks anew; another origin gets no credentials', async () => {
  const echo: Handler = async (request, response) => {
    const body = await bodyOf(request);
    response.end(JSON.stringify([request.method, body, request.headers.authorization ?? '']));
  };
  const other = await serve(echo);
  const origin = await serve((request, response) => {
    if (request.url === '/end') return echo(request, response);
    const location = request.url === '/away' ? other : '/end';
    response.writeHead(request.url === '/ask' ? 303 : 307, { location }).end();
  });
  const { ask } = client();
  const post = { method: 'POST', body: 'b', headers: { Authorization: 'Bearer x' } } as const;
  expect(await ask(`${origin}/repeat`, post)).toMatchObject({ body: '["POST","b","Bearer x"]' });
  expect(await ask(`${origin}/ask`, post)).toMatchObject({ body: '["GET","","Bearer x"]' });
  expect(await ask(`${origin}/away`, post)).toMatchObject({ body: '["POST","b",""]' });
});

test('a saved answer is a whole file; one that breaks off or tells of an error leaves none', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'downloads-'));
  const origin = await serve((request, response) => {
    if (request.url === '/missing') response.writeHead(404);
    if (request.url === '/broken') response.setHeader('content-length', '10');
    if (request.url !== '/broken') response.end('sound');
    else response.write('12345', () => response.destroy());
  });
  const { ask } = client();
  const saved = join(folder, 'a.wav');
  expect(await ask(origin, { saveTo: saved })).toMatchObject({ kind: 'answered', status: 200, body: '' });
  expect(readFileSync(saved, 'utf8')).toBe('sound');
  expect(await ask(`${origin}/broken`, { saveTo: join(folder, 'b.wav') })).toMatchObject({ kind: 'failed' });
  expect(await ask(`${origin}/missing`, { saveTo: join(folder, 'c.wav') })).toMatchObject({ status: 404, body: '' });
  expect(await ask(origin, { saveTo: join(folder, 'd.wav'), answerBytesMax: 4 })).toMatchObject({ kind: 'failed' });
  expect(await ask(origin, { saveTo: join(folder, 'none', 'e.wav') })).toMatchObject({ kind: 'failed' });
  expect(readdirSync(folder)).toEqual(['a.wav']);
});

test('RFC 9110 §14.2: a saved answer that breaks off is gone on with where it broke, while it is the same', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'resumed-'));
  const sound = 'a sound that is longer than its server likes';
  const asked: string[] = [];
  const origin = await serve(({ headers, url }, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
    asked.push(`${url} ${headers.range ?? ''} ${headers['if-range'] ?? ''}`);
    const isChanged = url === '/changed' && from > 0;
    if (url !== '/plain') response.setHeader('etag', isChanged ? '"2"' : '"1"');
    if (from > 0 && !isChanged) {
      response.writeHead(206, { 'content-range': `bytes ${from}-${sound.length - 1}/${sound.length}` });
    }
    const rest = sound.slice(isChanged ? 0 : from);
    if (rest.length < 20 || isChanged) response.end(rest);
    // What has not been read when it breaks off is lost.
    else response.write(rest.slice(0, 15), () => setTimeout(() => response.destroy(), 20));
  });
  const { ask } = client();
  const saved = join(folder, 'a.wav');
  expect(await ask(`${origin}/same`, { saveTo: saved })).toMatchObject({ kind: 'answered', status: 200 });
  expect(readFileSync(saved, 'utf8')).toBe(sound);
  expect(asked.splice(0)).toEqual(['/same  ', '/same bytes=15- "1"', '/same bytes=30- "1"']);
  expect(await ask(`${origin}/changed`, { saveTo: join(folder, 'b.wav') })).toMatchObject({ kind: 'failed' });
  expect(await ask(`${origin}/plain`, { saveTo: join(folder, 'c.wav') })).toMatchObject({ kind: 'failed' });
  expect(asked.at(-1)).toBe('/plain  ');
  expect(readdirSync(folder)).toEqual(['a.wav']);
});

test('a server that takes no connection is given up early', async () => {
  // Its name is never found.
  const guard = new AddressGuard([]);
  Object.defineProperty(guard, 'lookup', { value: () => undefined });
  const { ask } = client({ guard, connectMaxMs: 40 });
  expect(await ask('http://example.org/')).toMatchObject({ kind: 'failed', detail: 'not connected in 40 ms' });
});

test('so many requests are on their way at once, so many wait, the rest fails', async () => {
  let atOnce = 0;
  let mostAtOnce = 0;
  const held: (() => void)[] = [];
  const origin = await serve((_request, response) => {
    atOnce += 1;
    mostAtOnce = Math.max(mostAtOnce, atOnce);
    held.push(() => {
      atOnce -= 1;
      response.end();
    });
    if (held.length === 2) for (const answer of held.splice(0)) answer();
  });
  const { http, ask } = client({ activeMax: 2, waitingMax: 4 });
  const asked = Array.from({ length: 7 }, () => ask(origin));
  expect(http.activeCount).toBe(2);
  expect(http.waitingCount).toBe(4);
  const events = await Promise.all(asked);
  expect(events.map(({ kind }) => kind)).toEqual([...new Array(6).fill('answered'), 'failed']);
  expect(mostAtOnce).toBe(2);
  expect(http.refusedTotal).toBe(1);
  expect(http.activeCount).toBe(0);
});

test('closing ends what is under way, and nothing begins afterwards', async () => {
  const origin = await serve(() => undefined);
  const { http, ask } = client();
  const asked = ask(origin);
  http.close();
  expect(await asked).toMatchObject({ kind: 'failed' });
  expect(await ask(origin)).toMatchObject({ kind: 'failed', detail: 'the process is ending' });
});
