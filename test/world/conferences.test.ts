import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { address } from '../../core/calls/address.ts';
import type { CallCommand } from '../../core/command.ts';
import type { ConferenceSettings } from '../../core/directory/records.ts';
import { decodeWav } from '../../media/audio-file.ts';
import { Ears } from '../sim/ears.ts';
import type { Phone } from '../sim/phone.ts';
import { CUSTOMER } from '../sim/switch.ts';
import { Voices } from '../sim/voices.ts';
import { expectNothingLeft } from './invariants.ts';
import { CONFERENCE, staged } from './staged.ts';

const OPERATOR = { kind: 'operator' } as const;
const folder = mkdtempSync(join(tmpdir(), 'tandem-conferences-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Alice is in the conference from 2 s, Bob from 4 s and Carol from 6 s on; after it their flow waits a while. */
function meeting(settings: Partial<ConferenceSettings> = {}) {
  const stay = { type: 'conference_join', option: { conference_id: CONFERENCE } };
  const scene = staged([{ type: 'answer' }, stay, { type: 'sleep', option: { duration: 60_000 } }], {
    recordingsFolder: folder,
  });
  const { directory, node } = scene.tandem;
  const row = directory.conferences.get(CONFERENCE)!;
  directory.putConference({ ...row, settings: { ...row.settings, ...settings } });
  const [alice, bob] = [scene.phones[0]!, scene.phones[1]!];
  const carol = scene.phone('carol', '1002');
  for (const [i, phone] of [alice, bob, carol].entries()) phone.plan(2_000 + 2_000 * i, { kind: 'call', to: '9109' });
  const members = () => node.exchange.calls.conferences.conferencecallsOf(CONFERENCE);
  const order = (command: CallCommand) => {
    scene.tandem.execute(1, command, OPERATOR, scene.world.now);
    scene.run(scene.world.now + 1);
    return scene.tandem.settled.at(-1)!.result.kind;
  };
  const leave = (phone: Phone, at: number) => phone.plan(at, { kind: 'hangup' });
  return { scene, alice, bob, carol, members, order, leave };
}

test('who comes to a conference, or is called for it, is placed on the media thread of those who are in it', () => {
  const join = { type: 'conference_join', option: { conference_id: CONFERENCE } };
  const scene = staged([{ type: 'answer' }, join], { workerCount: 4 });
  const [alice, bob] = [scene.phones[0]!, scene.phones[1]!];
  const carol = scene.phone('carol', '1002');
  alice.plan(2_000, { kind: 'call', to: '9109' });
  carol.plan(4_000, { kind: 'call', to: '9109' });
  scene.run(6_000);
  const { actions } = [...scene.tandem.directory.flows.values()][0]!;
  const given = { flowId: null, anonymous: '', variables: {} } as const;
  const destinations = [address('extension', '1001')];
  const command = { kind: 'createCalls', customerId: CUSTOMER, source: null, destinations, actions, ...given } as const;
  scene.tandem.execute(1, command, OPERATOR, scene.world.now);
  scene.run(9_000);
  const portOf = ({ remoteDescription }: Phone) =>
    Number(/m=audio (\d+)/.exec(new TextDecoder().decode(remoteDescription))![1]);
  const near = [carol, bob].map((phone) => Math.abs(portOf(phone) - portOf(alice)));
  // Each thread has 250 ports.
  expect(Math.max(...near)).toBeLessThan(100);
});

test('who is put out of a conference hears nobody in it any more and is heard by nobody, and goes on with its flow', () => {
  const { scene, alice, bob, carol, members, order, leave } = meeting();
  const voices = new Voices(scene.tandem, scene.phones);
  scene.world.add(voices);
  scene.run(8_000);
  expect(order({ kind: 'kickConferencecall', id: members()[1]!.id })).toBe('done');
  const [kicked, ...others] = [bob, alice, carol].map((phone) => voices.heardBy(phone).length);
  scene.run(10_000);
  expect(members().length).toBe(2);
  expect(bob.isTalking).toBe(true);
  // What was on its way, and the silence that keeps firewalls open.
  expect(voices.heardBy(bob).length - kicked!).toBeLessThanOrEqual(2);
  for (const [i, phone] of [alice, carol].entries())
    expect(voices.heardBy(phone).length - others[i]!).toBeGreaterThan(95);
  for (const phone of scene.phones) leave(phone, 11_000);
  scene.run(60_000);
  expectNothingLeft(scene);
});

test('all in a conference hear a tone when somebody comes and when somebody goes, and none without that wish', () => {
  for (const isWished of [true, false]) {
    const { scene, alice, bob, carol, leave } = meeting({ entryTone: isWished, exitTone: isWished });
    const ears = new Ears(scene);
    leave(carol, 8_000);
    scene.run(10_000);
    const heard = (phone: Phone, from: number) => ears.heardMs(phone, from, from + 1_000) >= 100;
    expect([heard(alice, 4_000), heard(alice, 6_000), heard(bob, 6_000), heard(carol, 6_000)]).toEqual(
      [1, 2, 3, 4].map(() => isWished),
    );
    expect([heard(alice, 8_000), heard(bob, 8_000), heard(carol, 8_000)]).toEqual([isWished, isWished, false]);
  }
});

test('what is announced to one is heard by that one alone, and what is announced to all by all', () => {
  const { scene, alice, bob, carol, members, order } = meeting();
  const ears = new Ears(scene);
  scene.run(8_000);
  expect(order({ kind: 'playConferencecall', id: members()[1]!.id, urls: ['tone:beep'] })).toBe('done');
  scene.run(10_000);
  const heard = (from: number) => [alice, bob, carol].map((phone) => ears.heardMs(phone, from, from + 2_000) >= 100);
  expect(heard(8_000)).toEqual([false, true, false]);
  expect(order({ kind: 'playConference', id: CONFERENCE, urls: ['tone:beep'] })).toBe('done');
  scene.run(12_000);
  expect(heard(10_000)).toEqual([true, true, true]);
});

test('the recording of a conference goes on while members come and go, and lasts as long as it ran', () => {
  const { scene, alice, bob, carol, order, leave } = meeting({ entryTone: true, exitTone: true });
  scene.run(3_000);
  const limits = { durationMs: 0, silenceMs: 0, endKey: 'none', onEndFlowId: null } as const;
  const reference = { type: 'confbridge', id: CONFERENCE } as const;
  scene.tandem.execute(2, { kind: 'startRecording', reference, limits }, OPERATOR, scene.world.now);
  leave(alice, 8_000);
  leave(bob, 9_000);
  scene.run(11_000);
  expect(order({ kind: 'stopRecording', reference })).toBe('done');
  leave(carol, 14_000);
  scene.run(60_000);
  const finished = scene.tandem.events.flatMap(({ body }) =>
    body.type === 'recording_finished' ? [body.recording] : [],
  );
  expect(finished.length).toBe(1);
  const decoded = decodeWav(readFileSync(join(folder, finished[0]!.files[0]!.name)));
  if (decoded.kind === 'refused') throw new Error(decoded.detail);
  expect(decoded.samples.length / 8_000).toBeCloseTo(8, 1);
  // The tones of two who came and two who went, a second or more apart.
  const loud = (from: number) =>
    decoded.samples.subarray(8_000 * from, 8_000 * (from + 1)).some((sample) => Math.abs(sample) > 500);
  expect([0, 1, 2, 3, 4, 5, 6, 7].map(loud)).toEqual([false, true, false, true, false, true, true, false]);
  expectNothingLeft(scene);
});
