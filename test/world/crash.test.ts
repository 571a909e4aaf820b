import { expect, test } from 'vitest';
import { Directory } from '../../core/directory/directory.ts';
import { NEVER } from '../../core/kernel/time.ts';
import type { LeftBehind } from '../../core/store/load.ts';
import { Dialog } from '../../sip/dialog/dialog.ts';
import { PERFECT_LINK } from '../sim/network.ts';
import { Scene } from '../sim/scene.ts';
import { EPOCH } from '../sim/switch.ts';
import { expectAnsweredPhonesIdle, expectNothingLeft, explained, historyOf } from './invariants.ts';
import { CALLED_AT, SCENARIOS, type Scenario, staged } from './scenarios.ts';

const SEEDS = Number(process.env['TANDEM_SEEDS'] ?? 50);
const COUNT = SCENARIOS.length;

/** As in production: writes of calls rest this long so that many share a commit. */
const LINGER_MS = 40;
/** By then a phone that heard nothing of the crash has given up. */
const FORGOTTEN_AT = 800_000;

/** Kills the process at an instant and starts the next one; what the store held in between. */
function crashAndStart(scene: Scene, at: number, downMs: number): LeftBehind {
  scene.run(at);
  scene.tandem.crash();
  scene.run(at + downMs);
  const left = scene.tandem.store.load(new Directory(), EPOCH + scene.world.now);
  scene.tandem.start(scene.world.now);
  return left;
}

/** Call-IDs of the BYEs that the switch sent after an instant. */
function goodbyes({ world }: Scene, after: number): Set<string> {
  const sent = world.hops.filter(
    ({ at, from, message }) =>
      at >= after && from === 'tandem' && message.type === 'request' && message.method === 'BYE',
  );
  return new Set(sent.map(({ message }) => message.callId));
}

/** Contacts that are registered, and will be for a while. */
function contacts({ tandem, world }: Scene): string[] {
  const soon = EPOCH + world.now + 4_000;
  return [...tandem.directory.allBindings()].filter(({ expiresAt }) => expiresAt > soon).map(({ contact }) => contact);
}

/** The new process tells of every call that it found, once, that it has crashed; its own calls begin and end. */
function expectCrashed({ tandem }: Scene, left: LeftBehind): void {
  const { events } = tandem;
  expect(events.map(({ number }) => number)).toEqual(events.map((_, index) => index + 1));
  const histories = historyOf(events);
  for (const { id } of left.calls) {
    const steps = histories.get(id) ?? [];
    expect(steps.map(({ type, call }) => [type, call.status, call.cause, call.hangupReason])).toEqual([
      ['hangup', 'hangup', 'crashed', 'failed'],
    ]);
    histories.delete(id);
  }
  for (const steps of histories.values()) {
    expect([steps[0]!.type, steps.at(-1)!.type]).toEqual(['created', 'hangup']);
  }
}

async function crash(seed: number, scenario: Scenario): Promise<LeftBehind> {
  const scene = staged(seed, scenario, { lingerMs: LINGER_MS });
  const { tandem, random } = scene;
  const at = CALLED_AT + random.next() * 24_000;
  let left: LeftBehind | undefined;
  await explained(seed, scenario.name, scene, () => {
    scene.run(at - LINGER_MS);
    const before = contacts(scene);
    scene.run(at);
    const last = contacts(scene);
    const found = crashAndStart(scene, at, random.next() * 3_000);
    left = found;
    // What changed within the window may have been lost, and nothing else.
    for (const contact of contacts(scene)) expect([...before, ...last]).toContain(contact);
    for (const contact of before) if (last.includes(contact)) expect(contacts(scene)).toContain(contact);
    scene.run(FORGOTTEN_AT);
    expectCrashed(scene, found);
    const ended = goodbyes(scene, at);
    for (const dialog of found.dialogs.values()) {
      const callId = Dialog.fromText(dialog)!.callId;
      expect(ended.has(callId), `a BYE in the stored dialog ${callId}`).toBe(true);
    }
    expectAnsweredPhonesIdle(scene, at - LINGER_MS);
    expectNothingLeft(scene);
    const rest = tandem.store.load(new Directory(), EPOCH + scene.world.now);
    expect([rest.calls, rest.dialogs.size]).toEqual([[], 0]);
    scene.run();
    expect([tandem.directory.bindingCount, tandem.deadline()]).toEqual([0, NEVER]);
  });
  return left!;
}

test.each(SCENARIOS.map((scenario, index) => ({ ...scenario, index })))(
  '$name: a crash at any moment is told once of each call, and every stored dialog gets its BYE',
  async ({ index, ...scenario }) => {
    let calls = 0;
    for (let seed = index; seed < SEEDS; seed += COUNT) calls += (await crash(seed, scenario)).calls.length;
    if (SEEDS >= 10 * COUNT) expect(calls).toBeGreaterThan(0);
  },
);

test('a crash between the BYE to a contact that answered too late and its arrival does not leave that phone talking', async () => {
  const left = await crash(2204, SCENARIOS.find(({ name }) => name === 'two phones of one extension answer at once')!);
  expect(left.dialogs.size).toBe(3);
});

/** Alice calls Bob, who answers after 1 s. */
function talking() {
  const scene = new Scene({ lingerMs: LINGER_MS });
  const alice = scene.phone('alice', '1000');
  const bob = scene.phone('bob', '1001', { manner: { kind: 'answers', afterMs: 1_000 } });
  alice.plan(CALLED_AT, { kind: 'call', to: '1001' });
  return { scene, alice, bob };
}

test('after a crash both phones of a call hear BYE, and the next call needs no new registration', () => {
  const { scene, alice, bob } = talking();
  const left = crashAndStart(scene, CALLED_AT + 5_000, 2_000);
  expect([left.calls.length, left.dialogs.size]).toEqual([2, 2]);
  scene.run(CALLED_AT + 10_000);
  expect([alice, bob].map(({ heard }) => heard.at(-1))).toEqual([
    'ended peer-failed remote',
    'ended peer-failed remote',
  ]);
  expectCrashed(scene, left);
  alice.plan(CALLED_AT + 11_000, { kind: 'call', to: '1001' });
  scene.run(CALLED_AT + 15_000);
  expect(alice.heard.at(-1)).toBe('answered');
  expect(scene.tandem.node.exchange.calls.bridgeCount).toBe(1);
});

test('a process that crashes while it hangs up what the last one left leaves that to the next', () => {
  const { scene, alice, bob } = talking();
  scene.run(CALLED_AT + 5_000);
  scene.world.link = { ...PERFECT_LINK, loss: 1 };
  crashAndStart(scene, CALLED_AT + 6_000, 100);
  const left = crashAndStart(scene, CALLED_AT + 9_000, 100);
  expect([left.calls.length, left.dialogs.size]).toEqual([0, 2]);
  scene.world.link = PERFECT_LINK;
  scene.run(CALLED_AT + 60_000);
  expect([alice.isIdle, bob.isIdle]).toEqual([true, true]);
  expectNothingLeft(scene);
  expect(scene.tandem.store.load(new Directory(), EPOCH).dialogs.size).toBe(0);
});
