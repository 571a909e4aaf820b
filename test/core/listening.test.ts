import { describe, expect, test } from 'vitest';
import type { LegId } from '../../core/kernel/ids.ts';
import type { MediaEvent } from '../../core/ports.ts';
import { callToNumber, ended } from './office.ts';

const LEG = 1 as LegId;
const judged = (verdict: 'human' | 'machine' | 'not-sure'): MediaEvent => {
  return { kind: 'judged', leg: LEG, verdict, reason: 'long-greeting', afterMs: 1700 };
};

function answered() {
  const place = callToNumber();
  place.demand({ kind: 'answer' });
  place.said();
  place.told();
  return place;
}

describe('a flow that asks whether a machine has answered', () => {
  test('is told, and the call of a machine goes on', () => {
    const { demand, heard, told, calls, said } = answered();
    demand({ kind: 'judgeMachine', token: 7, endsMachine: false });
    expect(heard()).toEqual(['listen 1 machine']);
    calls.receive(judged('machine'), 1700);
    expect([told(), said()]).toEqual([['judged 7'], []]);
    calls.receive(judged('machine'), 1800);
    expect(told()).toEqual([]);
    expect(calls.listenedCount).toBe(0);
  });

  test('platform §3.4: the call of a machine ends for that reason where it is to be hung up, that of a person does not', () => {
    const place = answered();
    place.demand({ kind: 'judgeMachine', token: 7, endsMachine: true });
    place.calls.receive(judged('human'), 1700);
    expect(place.said()).toEqual([]);
    place.demand({ kind: 'judgeMachine', token: 8, endsMachine: true });
    place.calls.receive(judged('machine'), 4000);
    expect([place.told(), place.said()]).toEqual([['judged 7', 'judged 8'], ['hangup 1 machine']]);
    place.calls.receive(ended(1), 4100);
    expect(place.flows.news.at(-1)).toMatchObject({
      news: { kind: 'ended', call: { status: 'hangup', hangupReason: 'amd', cause: 'machine' } },
    });
  });

  test('is refused before anybody has answered', () => {
    const { demand, told, heard } = callToNumber();
    demand({ kind: 'judgeMachine', token: 7, endsMachine: true });
    expect(told()[0]).toMatch(/^refused judgeMachine call .* is dialing$/);
    expect(heard()).toEqual([]);
  });
});

test('a flow that asks is told of talk and tones, until it asks otherwise, and nothing is left of it', () => {
  const { demand, heard, told, calls } = answered();
  demand({ kind: 'listen', talk: true, tones: true });
  calls.receive({ kind: 'talkChanged', leg: LEG, change: 'begun', levelDbov: -20 }, 20);
  calls.receive({ kind: 'toneHeard', leg: LEG, tone: 'beep', frequencyHz: 1000, durationMs: 300 }, 30);
  demand({ kind: 'judgeMachine', token: 1, endsMachine: false });
  expect([heard(), told()]).toEqual([
    ['listen 1 talk tones', 'listen 1 machine talk tones'],
    ['talkChanged', 'toneHeard'],
  ]);
  expect(calls.listenedCount).toBe(1);
  demand({ kind: 'listen', talk: false, tones: false });
  expect(heard()).toEqual(['listen 1']);
  calls.receive(ended(1), 40);
  expect(calls.listenedCount).toBe(0);
});
