import { expect, test } from 'vitest';
import { Scene } from '../sim/scene.ts';
import { expectLadder } from './golden.ts';

/** Causes of the calls that ended, in order. */
function causes(scene: Scene): unknown[] {
  return scene.tandem.events.flatMap(({ body }) => (body.type === 'call_hangup' ? [body.call.cause] : []));
}

/** Directions that a party described from the answer to its challenge on; `sendrecv` need not be said (RFC 3264 §5.1). */
function directions(scene: Scene, party: string): string[] {
  const bodies = scene.world.hops.filter(({ from, message }) => from === party && message.body.length > 0);
  const first = party === 'alice' ? 1 : 0;
  return bodies.slice(first).map(({ message }) => {
    const text = new TextDecoder().decode(message.body);
    return /^a=(sendrecv|sendonly|recvonly|inactive)/m.exec(text)?.[1] ?? 'sendrecv';
  });
}

/** Alice is going to call Bob at 1 s. */
function call(bob: Parameters<Scene['phone']>[2] = { manner: { kind: 'answers', afterMs: 2_000 } }) {
  const scene = new Scene();
  const alice = scene.phone('alice', '1000');
  const callee = scene.phone('bob', '1001', bob);
  alice.plan(1_000, { kind: 'call', to: '1001' });
  return { scene, alice, bob: callee };
}

test('a phone registers when it has answered the challenge', () => {
  const scene = new Scene();
  const alice = scene.phone('alice', '1000');
  scene.run(10_000);
  expect(alice.heard).toEqual(['registered 200']);
  expect(scene.tandem.directory.bindingCount).toBe(1);
  expectLadder(scene, 'register');
});

test('a call is answered, and the caller hangs up', () => {
  const { scene, alice, bob } = call();
  alice.plan(8_000, { kind: 'hangup' });
  scene.run(60_000);
  expect(alice.heard.slice(1)).toEqual(['ringing 180', 'answered', 'ended normal local']);
  expect(bob.heard.slice(1)).toEqual(['called by 1000', 'ended normal remote']);
  expect(causes(scene)).toEqual(['normal', 'normal']);
  expectLadder(scene, 'caller-hangs-up');
});

test('a call is answered, and the callee hangs up', () => {
  const { scene, alice } = call({ manner: { kind: 'answers', afterMs: 2_000 }, hangsUpAfterMs: 5_000 });
  scene.run(60_000);
  expect(alice.heard.slice(1)).toEqual(['ringing 180', 'answered', 'ended normal remote']);
  expect(causes(scene)).toEqual(['normal', 'normal']);
  expectLadder(scene, 'callee-hangs-up');
});

test('a busy phone refuses, and the caller gets 486', () => {
  const { scene, alice } = call({ manner: { kind: 'is busy' } });
  scene.run(60_000);
  expect(alice.heard.at(-1)).toBe('failed 486');
  expect(causes(scene)).toEqual(['busy', 'busy']);
  expectLadder(scene, 'busy');
});

test('a caller who gives up cancels the ringing phone', () => {
  const { scene, alice, bob } = call({ manner: { kind: 'rings' } });
  alice.plan(5_000, { kind: 'hangup' });
  scene.run(60_000);
  expect(bob.heard.at(-1)).toBe('ended canceled remote');
  expect(causes(scene)).toEqual(['canceled', 'canceled']);
  expectLadder(scene, 'cancel');
});

test('a phone that nobody answers rings for 60 s, then the caller gets 480', () => {
  const { scene, alice } = call({ manner: { kind: 'rings' } });
  scene.run(120_000);
  expect(alice.heard.at(-1)).toBe('failed 480');
  expect(causes(scene)).toEqual(['no-answer', 'no-answer']);
  expectLadder(scene, 'no-answer');
});

test('hold and resume are answered, and the call goes on', () => {
  const { scene, alice } = call();
  alice.plan(5_000, { kind: 'hold' });
  alice.plan(7_000, { kind: 'resume' });
  alice.plan(9_000, { kind: 'hangup' });
  scene.run(60_000);
  expect(alice.heard.slice(3)).toEqual(['reanswered 200', 'reanswered 200', 'ended normal local']);
  expect(causes(scene)).toEqual(['normal', 'normal']);
  expect(directions(scene, 'alice')).toEqual(['sendrecv', 'sendonly', 'sendrecv']);
  expect(directions(scene, 'tandem').slice(-3)).toEqual(['sendrecv', 'recvonly', 'sendrecv']);
  expectLadder(scene, 'hold');
});

test('an extension without a phone is 480, an unknown number 404', () => {
  for (const [number, status, name] of [
    ['1002', 480, 'unregistered'],
    ['4711', 404, 'unknown-number'],
  ] as const) {
    const scene = new Scene();
    const alice = scene.phone('alice', '1000');
    alice.plan(1_000, { kind: 'call', to: number });
    scene.run(60_000);
    expect(alice.heard.at(-1)).toBe(`failed ${status}`);
    expectLadder(scene, name);
  }
});

test('a caller who has no codec of ours gets 488, and nothing rings', () => {
  const scene = new Scene();
  const alice = scene.phone('alice', '1000', { formats: '3 4' });
  const bob = scene.phone('bob', '1001');
  alice.plan(1_000, { kind: 'call', to: '1001' });
  scene.run(60_000);
  expect(alice.heard.at(-1)).toBe('failed 488');
  expect(bob.heard).toEqual(['registered 200']);
  expect(causes(scene)).toEqual(['not-acceptable']);
  expectLadder(scene, 'no-common-codec');
});

test('a wrong password opens nothing: neither a registration nor a call', () => {
  const scene = new Scene();
  const alice = scene.phone('alice', '1000', { password: 'guessed' });
  const bob = scene.phone('bob', '1001');
  alice.plan(1_000, { kind: 'call', to: '1001' });
  scene.run(60_000);
  expect(alice.heard[0]).toBe('registered 401');
  expect(alice.heard.at(-1)).toMatch(/^failed 4/);
  expect(bob.heard).toEqual(['registered 200']);
  expect(scene.tandem.events.map(({ body }) => body.type)).toEqual(['extension_registered']);
  expectLadder(scene, 'wrong-password');
});
