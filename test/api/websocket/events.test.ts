import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { PERMISSION } from '../../../core/directory/records.ts';
import { EventClient } from '../../clients/event-client.ts';
import { type Frame, RefusedUpgrade } from '../../clients/socket-client.ts';
import { NOBODY, Side, type SideOptions } from './side.ts';

const sides: Side[] = [];
afterEach(async () => {
  for (const side of sides.splice(0)) await side.close();
});

async function open(options: SideOptions = {}): Promise<Side> {
  const side = await Side.open(options);
  sides.push(side);
  return side;
}

/** A client of the whole customer, and what its subscription was answered. */
async function subscribed(side: Side, after?: number): Promise<{ client: EventClient; answer: Frame }> {
  const client = await EventClient.open(side.origin, 'vb_first');
  const answer = await client.subscribe([`customer_id:${side.customerId}`], after);
  return { client, answer };
}

async function read(client: EventClient, count: number): Promise<Frame[]> {
  const frames: Frame[] = [];
  while (frames.length < count) frames.push(await client.next());
  return frames;
}

async function refusalOf(connecting: Promise<unknown>): Promise<RefusedUpgrade> {
  const error = await connecting.then(
    () => undefined,
    (problem: unknown) => problem,
  );
  expect(error).toBeInstanceOf(RefusedUpgrade);
  return error as RefusedUpgrade;
}

test('a subscription is answered with its topics, the epoch and the last number; events follow without holes', async () => {
  const side = await open();
  side.digit('0');
  const { client, answer } = await subscribed(side);
  const topics = [`customer_id:${side.customerId}`];
  expect(answer).toEqual({ type: 'subscribed', topics, epoch: 'epoch-1', number: 1 });
  const { callId } = side.digit('1');
  side.digit('x', side.otherCustomerId);
  side.digit('2');
  expect(await client.next()).toEqual({
    type: 'event',
    number: 2,
    event: 'dtmf_received',
    time: '2026-01-01T00:00:00.000Z',
    data: { call_id: callId, digit: '1', duration: 100 },
  });
  expect(await client.next()).toMatchObject({ number: 3, data: { digit: '2' } });
});

test('what nobody is told the content of has its number all the same', async () => {
  const side = await open();
  const { client } = await subscribed(side);
  side.publish({ type: 'agent_updated', agentId: NOBODY as never });
  expect(await client.next()).toMatchObject({ type: 'event', number: 1, event: 'agent_updated', data: {} });
});

test('a filtered subscription gets what matches, with the numbers of the whole customer', async () => {
  const side = await open();
  const client = await EventClient.open(side.origin, 'vb_first');
  await client.subscribe([`customer_id:${side.customerId}:number`]);
  side.digit('1');
  const id = side.numberCreated('first');
  side.digit('2');
  side.numberCreated('second');
  expect(await client.next()).toMatchObject({ number: 2, event: 'number_created', data: { id, name: 'first' } });
  expect(await client.next()).toMatchObject({ number: 4, data: { name: 'second' } });
});

test('one event that several topics match comes once', async () => {
  const side = await open();
  const client = await EventClient.open(side.origin, 'vb_first');
  const whole = `customer_id:${side.customerId}`;
  await client.subscribe([whole, `${whole}:number`, `${whole}:number:number_created`]);
  side.numberCreated('first');
  side.numberCreated('second');
  expect((await read(client, 2)).map(({ number }) => number)).toEqual([1, 2]);
});

test('after a number the journal goes on from there', async () => {
  const side = await open();
  for (const digit of '12345') side.digit(digit);
  const { client, answer } = await subscribed(side, 2);
  expect(answer.number).toBe(2);
  expect((await read(client, 3)).map(({ number, data }) => [number, data.digit])).toEqual([
    [3, '3'],
    [4, '4'],
    [5, '5'],
  ]);
  expect((await subscribed(side, 999)).answer.number).toBe(5);
});

test('what the journal has dropped is told as lagged, from and to', async () => {
  const side = await open({ eventsPerCustomerMax: 3 });
  for (const digit of '123456') side.digit(digit);
  const { client } = await subscribed(side, 1);
  expect(await client.next()).toEqual({ type: 'lagged', from: 2, to: 3 });
  expect((await read(client, 3)).map(({ number }) => number)).toEqual([4, 5, 6]);
});

test('a backlog longer than one slice arrives whole and in order', async () => {
  const side = await open();
  for (let i = 0; i < 1_000; i++) side.digit(String(i % 10));
  const { client } = await subscribed(side, 0);
  const frames = await read(client, 1_000);
  expect(frames.map(({ number }) => number)).toEqual(Array.from({ length: 1_000 }, (_, i) => i + 1));
});

test('a reader who does not read costs a bounded memory, and is told what it missed', async () => {
  const side = await open({ eventsPerCustomerMax: 100 });
  const { client } = await subscribed(side);
  client.socket.pause();
  const long = 'x'.repeat(40_000);
  // Far more than the network and the bound of a socket hold together.
  for (let i = 0; i < 1_500; i++) {
    side.numberCreated(`${i}${long}`);
    if (i % 50 === 0) await new Promise((done) => setImmediate(done));
  }
  client.socket.resume();
  const seen: Frame[] = [];
  while (seen.at(-1)?.number !== 1_500) seen.push(await client.next());
  const lagged = seen.filter(({ type }) => type === 'lagged');
  expect(lagged).toHaveLength(1);
  let expected = 1;
  for (const frame of seen) {
    expect(frame.from ?? frame.number).toBe(expected);
    expected = (frame.to ?? frame.number) + 1;
  }
});

test('topics of others are refused with the topic, and nothing is subscribed', async () => {
  const side = await open();
  const client = await EventClient.open(side.origin, 'vb_first');
  const own = `customer_id:${side.customerId}`;
  const foreign = `customer_id:${side.otherCustomerId}:call`;
  expect(await client.subscribe([own, foreign])).toMatchObject({
    type: 'refused',
    reason: 'PERMISSION_DENIED',
    topic: foreign,
  });
  side.digit('1');
  expect(await client.subscribe([`${own}:number`])).toMatchObject({ type: 'subscribed', number: 1 });
  expect(client.unreadCount).toBe(0);
});

const BAD_FRAMES: readonly (readonly [name: string, frame: object | string, reason: string])[] = [
  ['no JSON', '{', 'INVALID_JSON_BODY'],
  ['a list', '[]', 'INVALID_JSON_BODY'],
  ['null', 'null', 'INVALID_JSON_BODY'],
  ['another type', { type: 'publish', topics: [] }, 'INVALID_ARGUMENT'],
  ['no topics', { type: 'subscribe' }, 'INVALID_ARGUMENT'],
  ['a text for topics', { type: 'subscribe', topics: 'customer_id' }, 'INVALID_ARGUMENT'],
  ['an empty list of topics', { type: 'subscribe', topics: [] }, 'INVALID_ARGUMENT'],
  ['a number for a topic', { type: 'subscribe', topics: [1] }, 'INVALID_ARGUMENT'],
  ['a topic without a UUID', { type: 'subscribe', topics: ['customer_id:1'] }, 'INVALID_ARGUMENT'],
  ['a topic of another scope', { type: 'subscribe', topics: [`group_id:${NOBODY}`] }, 'INVALID_ARGUMENT'],
  ['a negative number', { type: 'subscribe', topics: [`customer_id:${NOBODY}`], after: -1 }, 'INVALID_ARGUMENT'],
  ['a text for a number', { type: 'subscribe', topics: [`customer_id:${NOBODY}`], after: '7' }, 'INVALID_ARGUMENT'],
  [
    'a list of 101 topics',
    { type: 'subscribe', topics: new Array(101).fill(`customer_id:${NOBODY}`) },
    'INVALID_ARGUMENT',
  ],
  ['no topic to end', { type: 'unsubscribe', topics: ['x'] }, 'INVALID_ARGUMENT'],
];

test.each(BAD_FRAMES)('%s is refused, and the connection goes on', async (_name, frame, reason) => {
  const side = await open();
  const { client } = await subscribed(side);
  client.send(frame);
  expect(await client.next()).toMatchObject({ type: 'refused', reason, topic: expect.any(String) });
  side.digit('1');
  expect(await client.next()).toMatchObject({ type: 'event', number: 1 });
});

test('more than 100 topics on one connection are refused', async () => {
  const side = await open();
  const client = await EventClient.open(side.origin, 'vb_first');
  const topics = Array.from({ length: 100 }, (_, i) => `customer_id:${side.customerId}:r${i}`);
  expect(await client.subscribe(topics)).toMatchObject({ type: 'subscribed' });
  expect(await client.subscribe([`customer_id:${side.customerId}:call`])).toMatchObject({ type: 'refused' });
});

test('after unsubscribing nothing more of the topic comes', async () => {
  const side = await open();
  const { client } = await subscribed(side);
  client.send({ type: 'subscribe', topics: [`customer_id:${side.customerId}:number`] });
  await client.next();
  client.send({ type: 'unsubscribe', topics: [`customer_id:${side.customerId}`] });
  expect(await client.next()).toMatchObject({ type: 'subscribed', topics: [`customer_id:${side.customerId}:number`] });
  side.digit('1');
  side.numberCreated('a');
  expect(await client.next()).toMatchObject({ event: 'number_created' });
});

test('agents read topics of their own, managers those of the customer, super admins any', async () => {
  const side = await open();
  const { agent, token } = side.agent(PERMISSION.customerAgent);
  const plain = await EventClient.open(side.origin, token);
  expect(await plain.subscribe([`agent_id:${agent.id}`])).toMatchObject({ type: 'subscribed' });
  expect(await plain.subscribe([`customer_id:${side.customerId}`])).toMatchObject({ reason: 'PERMISSION_DENIED' });
  expect(await plain.subscribe([`agent_id:${NOBODY}`])).toMatchObject({ reason: 'PERMISSION_DENIED' });
  const manager = await EventClient.open(side.origin, side.agent(PERMISSION.customerManager).token);
  expect(await manager.subscribe([`customer_id:${side.customerId}`])).toMatchObject({ type: 'subscribed' });
  expect(await manager.subscribe([`agent_id:${agent.id}`])).toMatchObject({ reason: 'PERMISSION_DENIED' });
  const root = await EventClient.open(side.origin, side.agent(PERMISSION.projectSuperAdmin).token);
  expect(await root.subscribe([`customer_id:${side.otherCustomerId}`])).toMatchObject({ type: 'subscribed' });
  expect(await root.subscribe([`customer_id:${side.customerId}`])).toMatchObject({
    reason: 'INVALID_ARGUMENT',
    message: 'expected topics of one customer on one connection',
  });
});

test('without a subprotocol frames are bare resources, each once, and only those that the reference tells of', async () => {
  const side = await open();
  const client = await EventClient.open(side.origin, 'vb_first', '');
  expect(client.socket.protocol).toBe('');
  client.send({ type: 'subscribe', topics: [`customer_id:${side.customerId}`] });
  // No answer comes: a second client's answer tells that the frame before it was read.
  await subscribed(side);
  side.digit('1');
  const ids = [side.numberCreated('a'), side.numberCreated('b')];
  const frames = await read(client, 2);
  expect(frames.map(({ id }) => id)).toEqual(ids);
  expect(frames[0]).not.toHaveProperty('data');
  client.send({ type: 'unsubscribe', topics: [`customer_id:${side.customerId}`] });
  await subscribed(side);
  side.numberCreated('c');
  expect(client.unreadCount).toBe(0);
});

test.each([
  { type: 'subscribe', topics: ['nonsense'] },
  { type: 'subscribe', topics: [`customer_id:${NOBODY}`] },
  'no JSON',
])('without a subprotocol %j closes the connection', async (frame) => {
  const side = await open();
  const client = await EventClient.open(side.origin, 'vb_first', '');
  client.send(frame);
  expect((await client.closed).code).toBe(1008);
});

test('a frame above 64 kB, and one that is no UTF-8, end the connection', async () => {
  const side = await open();
  const big = await EventClient.open(side.origin, 'vb_first');
  big.send('x'.repeat(64 * 1024 + 1));
  expect((await big.closed).code).toBe(1009);
  const garbled = await EventClient.open(side.origin, 'vb_first');
  garbled.socket.send(Buffer.from([0xff, 0xfe]), { binary: false });
  expect((await garbled.closed).code).toBe(1007);
});

test('a client that talks without end is cut off', async () => {
  const side = await open();
  const client = await EventClient.open(side.origin, 'vb_first');
  for (let i = 0; i < 1_001; i++) client.send('{}');
  expect((await client.closed).code).toBe(1008);
});

test('credentials are taken from query, cookie and header; without them the answer is 401 by HTTP', async () => {
  const side = await open();
  const token = side.admin();
  for (const [query, headers] of [
    [`?token=${token}`, {}],
    ['?accesskey=vb_first', {}],
    ['', { cookie: `token=${token}` }],
    ['', { authorization: 'Bearer vb_first' }],
  ] as const) {
    const client = await EventClient.connect(`${side.origin}/v1.0/ws${query}`, ['tandem.events.v1'], headers);
    expect(client.socket.protocol).toBe('tandem.events.v1');
  }
  const none = await refusalOf(EventClient.connect(`${side.origin}/v1.0/ws`));
  expect(none).toMatchObject({ status: 401, body: { error: { reason: 'AUTHENTICATION_REQUIRED' } } });
  const wrong = await refusalOf(EventClient.connect(`${side.origin}/v1.0/ws?token=x`));
  expect(wrong).toMatchObject({ status: 401, body: { error: { reason: 'INVALID_CREDENTIALS', details: [] } } });
  const operator = await refusalOf(EventClient.open(side.origin, 'operator-token'));
  expect(operator.status).toBe(403);
  expect((await refusalOf(EventClient.connect(`${side.origin}/elsewhere`))).status).toBe(404);
});

test('a customer has so many WebSockets and no more', async () => {
  const side = await open({ socketsPerCustomerMax: 2 });
  const first = await EventClient.open(side.origin, 'vb_first');
  await EventClient.open(side.origin, 'vb_first');
  expect((await refusalOf(EventClient.open(side.origin, 'vb_first'))).status).toBe(429);
  first.close();
  await first.closed;
  await EventClient.open(side.origin, 'vb_first');
});

test('who does not answer pings is cut off; who does stays', async () => {
  const side = await open({ pingIntervalMs: 20, deadAfterMs: 100 });
  const { client } = await subscribed(side);
  const dead = connect(Number(new URL(side.origin).port), '127.0.0.1');
  const lines = [
    'GET /v1.0/ws?accesskey=vb_first HTTP/1.1',
    'Host: localhost',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ];
  dead.write(`${lines.join('\r\n')}\r\n\r\n`);
  dead.resume();
  await new Promise((ended) => dead.on('close', ended));
  side.digit('1');
  expect(await client.next()).toMatchObject({ number: 1 });
});

test('a revoked access key, and rights that are taken away, end the connection', async () => {
  const side = await open({ pingIntervalMs: 20 });
  const key = side.accesskey('vb_second', side.customerId);
  const client = await EventClient.open(side.origin, 'vb_second');
  const { agent, token } = side.agent(PERMISSION.customerAdmin);
  const demoted = await EventClient.open(side.origin, token);
  await demoted.subscribe([`customer_id:${side.customerId}`]);
  side.revoke(key);
  side.directory.putAgent({ ...agent, permission: PERMISSION.customerAgent });
  expect((await client.closed).code).toBe(1008);
  expect((await demoted.closed).code).toBe(1008);
});

test('at the end everybody is told 1001, and nobody new comes in', async () => {
  const side = await open();
  const { client } = await subscribed(side);
  const ending = side.sockets.close();
  expect((await client.closed).code).toBe(1001);
  expect((await refusalOf(EventClient.open(side.origin, 'vb_first'))).status).toBe(503);
  await ending;
  expect(side.sockets.socketCount).toBe(0);
});

test('a client that asks for another protocol than WebSocket gets HTTP', async () => {
  const side = await open();
  const socket = connect(Number(new URL(side.origin).port), '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n');
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  expect(text).toMatch(/^HTTP\/1\.1 200 /);
});
