import { expect, test } from 'vitest';
import type { Connection } from '../../core/calls/connections.ts';
import { Supervisions } from '../../core/calls/supervisions.ts';
import type { LegId, MixId } from '../../core/kernel/ids.ts';
import type { MixTerms } from '../../core/ports.ts';
import { party, surroundings } from './quiet-ports.ts';

const [CALLER, AGENT, BOSS, OTHER] = [1, 2, 3, 4];

type Mixes = ReadonlyMap<LegId, { readonly mix: MixId; readonly terms: MixTerms | undefined }>;

function heardBy(leg: number, bridges: ReadonlyMap<LegId, LegId>, mixes: Mixes): string {
  const place = mixes.get(leg as LegId);
  const others = [...mixes].filter(([other, { mix }]) => other !== leg && mix === place?.mix);
  const speakers = others.filter(
    ([, { terms }]) => (terms?.heardBy ?? 'everybody') === 'everybody' || terms?.heardBy === leg,
  );
  const bridged = bridges.get(leg as LegId);
  return `${leg}<${
    bridged ??
    speakers
      .map(([other]) => other)
      .sort()
      .join('+')
  }`;
}

/** Supervisors over a media plane that knows who hears whom: `heard` tells it, as `hearer<speakers`. */
function floor() {
  const around = surroundings();
  const bridges = new Map<LegId, LegId>();
  const mixes = new Map<LegId, { readonly mix: MixId; readonly terms: MixTerms | undefined }>();
  const music: number[] = [];
  const connections = new Map<LegId, Connection>();
  const part = (leg: LegId) => {
    const other = bridges.get(leg);
    bridges.delete(leg);
    if (other !== undefined) bridges.delete(other);
    mixes.delete(leg);
  };
  const bridge = (a: LegId, b: LegId) => {
    for (const leg of [a, b]) part(leg);
    bridges.set(a, b).set(b, a);
  };
  const supervisions: Supervisions = new Supervisions({
    ...around,
    media: {
      bridge,
      join: (leg, mix, terms) => {
        if (mixes.get(leg)?.mix !== mix) part(leg);
        mixes.set(leg, { mix, terms });
      },
      leave: (leg) => void mixes.delete(leg),
    },
    life: { tell: around.tell },
    music: { bridged: (leg) => void music.push(leg) },
    connectionOf: (leg) => connections.get(leg),
  });
  const connect = (a: number, b: number) => {
    const connection = { caller: a as LegId, callee: b as LegId, token: undefined };
    bridge(connection.caller, connection.callee);
    connections.set(connection.caller, connection).set(connection.callee, connection);
    supervisions.tied(connection);
  };
  const release = (a: number) => {
    const connection = connections.get(a as LegId)!;
    connections.delete(connection.caller);
    connections.delete(connection.callee);
    supervisions.released(connection);
  };
  const heard = (leg: number) => heardBy(leg, bridges, mixes);
  const begin = (supervisor: number, supervised: number, mode: 'listen' | 'whisper' | 'barge', token?: number) =>
    supervisions.begin(party(supervisor), party(supervised), mode, token, 0);
  const all = () => [CALLER, AGENT, BOSS].map((leg) => heard(leg!));
  return { ...around, supervisions, connect, release, begin, heard, all, music };
}

test.each([
  ['listen', ['1<2', '2<1', '3<1+2']],
  ['whisper', ['1<2', '2<1+3', '3<1+2']],
  ['barge', ['1<2+3', '2<1+3', '3<1+2']],
] as const)('who supervises to %s hears both, and is heard by whom that is for', (mode, expected) => {
  const { connect, begin, all, supervisions, happened, told, music } = floor();
  connect(CALLER!, AGENT!);
  expect(begin(BOSS!, AGENT!, mode, 5)).toBeUndefined();
  expect(all()).toEqual(expected);
  expect(supervisions.end(BOSS as LegId, 9)).toBe(true);
  expect(all()).toEqual(['1<2', '2<1', '3<']);
  expect([happened(), told()]).toEqual([
    ['supervision_started', 'supervision_ended'],
    ['3 supervising 5', '3 supervisionEnded 5'],
  ]);
  expect([supervisions.count, music]).toEqual([0, [1, 2]]);
});

test('a supervisor changes the way without leaving', () => {
  const { connect, begin, all, happened } = floor();
  connect(CALLER!, AGENT!);
  begin(BOSS!, AGENT!, 'listen');
  begin(BOSS!, AGENT!, 'barge');
  expect(all()[0]).toBe('1<2+3');
  begin(BOSS!, AGENT!, 'whisper');
  expect([all()[0], happened()]).toEqual([
    '1<2',
    ['supervision_started', 'supervision_updated', 'supervision_updated'],
  ]);
});

test('a supervisor waits while the call is connected to nobody, and stays with it when it is connected to another', () => {
  const { connect, release, begin, all, heard } = floor();
  expect(begin(BOSS!, AGENT!, 'whisper')).toBeUndefined();
  expect(heard(BOSS!)).toBe('3<');
  connect(CALLER!, AGENT!);
  expect(all()).toEqual(['1<2', '2<1+3', '3<1+2']);
  release(AGENT!);
  expect(all()).toEqual(['1<2', '2<1', '3<']);
  connect(AGENT!, OTHER!);
  expect([heard(OTHER!), heard(AGENT!), heard(BOSS!), heard(CALLER!)]).toEqual(['4<2', '2<3+4', '3<2+4', '1<']);
});

test('both sides of a call can be supervised, and go on relayed when the last supervisor has left', () => {
  const { connect, begin, heard, supervisions } = floor();
  connect(CALLER!, AGENT!);
  begin(BOSS!, AGENT!, 'whisper');
  begin(OTHER!, CALLER!, 'whisper');
  expect([CALLER, AGENT, BOSS, OTHER].map((leg) => heard(leg!))).toEqual(['1<2+4', '2<1+3', '3<1+2', '4<1+2']);
  supervisions.over(BOSS as LegId, 1);
  expect(heard(AGENT!)).toBe('2<1');
  supervisions.over(CALLER as LegId, 2);
  expect([supervisions.count, heard(OTHER!)]).toEqual([0, '4<']);
});

test('nobody supervises itself, a supervisor, or while talking with somebody else; nor do more than eight one call', () => {
  const { connect, begin, supervisions } = floor();
  connect(CALLER!, AGENT!);
  expect(begin(AGENT!, AGENT!, 'listen')?.message).toContain('itself');
  expect(begin(AGENT!, BOSS!, 'listen')?.message).toContain('talks');
  begin(BOSS!, AGENT!, 'listen');
  expect(begin(OTHER!, BOSS!, 'listen')?.message).toContain('supervis');
  for (let leg = 10; leg < 17; leg++) expect(begin(leg, AGENT!, 'listen')).toBeUndefined();
  expect(begin(17, AGENT!, 'listen')?.message).toContain('8');
  expect(supervisions.counters).toEqual({ begun: 8, ended: 0, refused: 4 });
  supervisions.over(AGENT as LegId, 5);
  expect(supervisions.counters.ended).toBe(8);
});
