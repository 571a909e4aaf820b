import { expect, test } from 'vitest';
import { Conferences } from '../../core/calls/conferences.ts';
import type { ConferenceId, LegId, MixId } from '../../core/kernel/ids.ts';
import { type Random, seeded } from '../../core/kernel/random.ts';
import type { Instant } from '../../core/kernel/time.ts';
import { CONFERENCE, callId, party, surroundings } from './quiet-ports.ts';

const STEPS = 400;
const CALLS = 6;

/** Conferences of all types and time-outs, over a media plane that knows which leg is in which mix. */
function nothing(): void {}

function world() {
  const around = surroundings();
  const mixes = new Map<LegId, MixId>();
  const conferences = new Conferences({
    ...around,
    media: {
      join: (leg: LegId, mix: MixId) => void mixes.set(leg, mix),
      amplify: () => undefined,
      externals: { takePart: nothing },
      mixes: { play: nothing, stopPlaying: nothing, steer: nothing, watchTalkers: nothing },
      leave: (leg: LegId) => {
        expect(mixes.delete(leg), `leg ${leg} is in a mix`).toBe(true);
      },
    },
    programs: { stop: nothing },
    recordings: { over: () => undefined },
    sounds: { startMix: nothing, stopMix: nothing, steerMix: nothing, isPlayingInto: () => false },
  });
  const ids = ['1', '2', '3'].map((digit) => `f0000000-0000-4000-8000-00000000000${digit}` as ConferenceId);
  for (const [i, id] of ids.entries()) {
    const type = i === 1 ? 'connect' : 'conference';
    around.directory.putConference({ ...CONFERENCE, id, type, timeoutS: i === 2 ? 60 : 0 });
  }
  conferences.restore([], 0);
  return { ...around, conferences, mixes, ids };
}

type World = ReturnType<typeof world>;

/** Something happens at random; how many commands it was. */
function act({ conferences, ids, store, directory }: World, random: Random, ticket: number, at: Instant): 0 | 1 {
  const pick = (count: number) => Math.floor(random.next() * count);
  const id = ids[pick(ids.length)]!;
  const [first] = conferences.conferencecallsOf(id);
  switch (pick(8)) {
    case 0:
      conferences.leave(callId(1 + pick(CALLS)), at);
      return 0;
    case 1:
      conferences.over(callId(1 + pick(CALLS)), at);
      return 0;
    case 2:
      if (first === undefined) return 0;
      conferences.execute(ticket, { kind: 'kickConferencecall', id: first.id }, at);
      return 1;
    case 3:
      if (pick(4) > 0 || !directory.conferences.has(id)) return 0;
      conferences.execute(ticket, { kind: 'deleteConference', id }, at);
      return 1;
    case 4:
      if (store.waitingCount > 0) conferences.receive(pick(2) === 0 ? store.stored() : store.failed(), at);
      return 0;
    default:
      conferences.join(party(1 + pick(CALLS)), id, at, at);
      return 0;
  }
}

/** Media, records and the store say the same of who is where. */
function agree({ conferences, ids, mixes, store }: World): void {
  const live = ids.flatMap((id) => conferences.conferencecallsOf(id).map((record) => ({ id, record })));
  expect(new Set(live.map(({ record }) => record.reference.id)).size).toBe(live.length);
  expect([live.length, mixes.size]).toEqual([conferences.liveCount, conferences.liveCount]);
  for (const { id, record } of live) {
    expect(record.status).toBe('joined');
    expect(mixes.get(Number(record.reference.id.slice(-12)) as LegId)).toBe(conferences.mixOf(id));
    expect(store.row('saveConferencecall', record.id)).toEqual(record);
  }
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])('media, records and the store agree on who is where (seed %i)', (seed) => {
  const around = world();
  const { conferences, store, told } = around;
  const random = seeded(seed);
  const joined = new Map<number, number>();
  let asked = 0;
  let answered = 0;
  for (let step = 0; step < STEPS; step++) {
    const at = step * 200;
    asked += act(around, random, asked + 1, at);
    while (conferences.deadline() <= at) conferences.expire(at);
    while (conferences.poll() !== undefined) answered += 1;
    for (const line of told()) {
      const [call, kind, token] = line.split(' ');
      if (kind === 'joined') joined.set(Number(call), Number(token));
      else expect(joined.get(Number(call)), line).toBe(Number(token));
    }
    agree(around);
  }
  while (store.waitingCount > 0) conferences.receive(store.stored(), STEPS * 200);
  while (conferences.poll() !== undefined) answered += 1;
  expect(answered).toBe(asked);
  for (const write of store.writes) {
    if (write.kind !== 'saveConferencecall') continue;
    const last = store.row('saveConferencecall', write.row.id)!;
    expect(last.status).toBe(conferences.conferencecall(last.id) === undefined ? 'leaved' : 'joined');
  }
});
