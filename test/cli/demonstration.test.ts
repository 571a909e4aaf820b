import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bootstrap } from '../../cli/bootstrap.ts';
import { demonstrationWrites } from '../../cli/demonstration.ts';
import { promptsFolder } from '../../cli/prompts.ts';
import { Directory } from '../../core/directory/directory.ts';
import type { Conference, Flow, PhoneNumber } from '../../core/directory/records.ts';
import type { CustomerId } from '../../core/kernel/ids.ts';
import { seeded } from '../../core/kernel/random.ts';
import { checkFlowText } from '../../flows/check.ts';
import { presentAction } from '../../flows/document.ts';
import { FlowStage, CUSTOMER as STAGE_CUSTOMER } from '../flows/stage.ts';

const AT = 1_700_000_000_000;
const CUSTOMER = 'c' as CustomerId;
const GIVEN = { adminPassword: 'a long password', accesskey: undefined };

const writes = demonstrationWrites(CUSTOMER, seeded(1), AT);
const numbers = writes.flatMap((write) => (write.kind === 'saveNumber' ? [write.row] : []));
const flows = new Map(writes.flatMap((write) => (write.kind === 'saveFlow' ? [[write.row.id, write.row]] : [])));
const conferences = writes.flatMap((write) => (write.kind === 'saveConference' ? [write.row] : []));

function flowAt(number: string): Flow {
  return flows.get(numbers.find((row) => row.number === number)!.callFlowId!)!;
}

test('four numbers answer to short codes, and each runs a flow of its own', () => {
  expect(numbers.map(({ number, shortCode }: PhoneNumber) => [number, shortCode])).toEqual([
    ['+899000000101', '9101'],
    ['+899000000102', '9102'],
    ['+899000000103', '9103'],
    ['+899000000104', '9104'],
  ]);
  expect(new Set(numbers.map(({ callFlowId }) => callFlowId)).size).toBe(4);
  expect(numbers.every(({ status, customerId }) => status === 'active' && customerId === CUSTOMER)).toBe(true);
  const ids = [...numbers, ...flows.values(), ...conferences].map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test('what the flows hold is what users can write, and passes the check', () => {
  for (const flow of flows.values()) {
    expect(checkFlowText(JSON.stringify({ actions: flow.actions.map(presentAction) })), flow.name).toEqual([]);
  }
});

test('callers of the number and of the menu meet in the same conference', () => {
  const joined = ['+899000000102', '+899000000103'].map(
    (number) => flowAt(number).actions.find(({ type }) => type === 'conference_join')!,
  );
  expect(joined.map(({ option }) => option['conference_id'])).toEqual([conferences[0]!.id, conferences[0]!.id]);
  expect(conferences[0]).toMatchObject({ type: 'conference', status: 'progressing' } satisfies Partial<Conference>);
});

test('every prompt that is played is there', () => {
  const urls = [...flows.values()].flatMap(({ actions }) =>
    actions.flatMap(({ type, option }) => (type === 'play' ? (option['stream_urls'] as readonly string[]) : [])),
  );
  const names = urls.filter((url) => url.startsWith('prompt:')).map((url) => url.slice('prompt:'.length));
  expect(names).toContain('menu');
  const missing = names.filter((name) => !existsSync(join(promptsFolder('unused'), `${name}.wav`)));
  expect(missing).toEqual([]);
});

test('they are made at the first start, and never again', async () => {
  const directory = new Directory();
  const first = await bootstrap(directory, GIVEN, seeded(2), AT);
  expect(first.writes.filter(({ kind }) => kind === 'saveNumber')).toHaveLength(4);
  for (const write of first.writes) {
    if (write.kind === 'saveCustomer') directory.putCustomer(write.row);
    if (write.kind === 'saveAgent') directory.putAgent(write.row);
  }
  const second = await bootstrap(directory, GIVEN, seeded(3), AT);
  expect(second.writes).toEqual([]);
});

/** A call to a number, on which its flow runs. */
function called(number: string): FlowStage {
  const stage = new FlowStage();
  for (const room of conferences) stage.conferences.set(room.id, { ...room, customerId: STAGE_CUSTOMER });
  stage.startRaw({ actions: flowAt(number).actions });
  return stage;
}

describe('a caller', () => {
  test('of the echo hears themselves for an hour, if they like', () => {
    const stage = called('+899000000101');
    stage.advance(3_599_000);
    expect(stage.heard).toEqual(['answer', 'echo']);
  });

  test('of the conference is welcomed and joins', () => {
    const stage = called('+899000000102');
    stage.advance(10_000);
    expect(stage.heard).toEqual(['answer', 'prompt:welcome', 'joinConference']);
    expect(stage.demands.at(-1)).toMatchObject({ conferenceId: conferences[0]!.id });
  });

  test.each([
    ['1', ['prompt:you-pressed+prompt:1', 'echo']],
    ['2', ['prompt:you-pressed+prompt:2+prompt:welcome', 'joinConference']],
    ['3', ['prompt:you-pressed+prompt:3+prompt:message+prompt:goodbye', 'hangup']],
  ])('of the menu who presses %s gets what was promised', (digit, expected) => {
    const stage = called('+899000000103');
    stage.advance(2_000);
    stage.press(digit);
    stage.advance(60_000);
    expect(stage.heard).toEqual(['answer', 'prompt:menu', ...expected]);
  });

  test('of the menu need not wait for its end to press a key', () => {
    const stage = called('+899000000103');
    stage.press('1');
    stage.advance(60_000);
    expect(stage.heard).toEqual(['answer', 'prompt:menu', 'prompt:you-pressed+prompt:1', 'echo']);
  });

  test('of the menu who presses nothing, or what is no choice, is asked three times', () => {
    const stage = called('+899000000103');
    stage.advance(2_000);
    stage.press('9');
    stage.advance(60_000);
    const round = ['prompt:menu', 'prompt:again'];
    expect(stage.heard).toEqual(['answer', ...round, ...round, ...round, 'prompt:goodbye', 'hangup']);
  });

  test('of the menu may change their mind at the second time of asking', () => {
    const stage = called('+899000000103');
    stage.advance(2_000);
    stage.press('9');
    stage.advance(2_500);
    stage.press('3');
    stage.advance(60_000);
    const message = 'prompt:you-pressed+prompt:3+prompt:message+prompt:goodbye';
    expect(stage.heard).toEqual(['answer', 'prompt:menu', 'prompt:again', 'prompt:menu', message, 'hangup']);
  });

  test('of the recorder hears what they said when they press the hash key', () => {
    const stage = called('+899000000104');
    stage.advance(500);
    stage.press('#');
    stage.advance(10_000);
    expect(stage.heard).toEqual(['answer', 'prompt:recorder', 'beep', 'startRecording']);
    expect(stage.demands.at(-1)).toMatchObject({ limits: { durationMs: 60_000, endKey: '#' } });
    stage.press('1#');
    const heard = 'prompt:recorded+recording:e0000000-0000-4000-8000-000000000001+prompt:goodbye';
    expect(stage.heard.slice(4)).toEqual(['stopRecording', heard]);
    stage.advance(10_000);
    expect(stage.heard.at(-1)).toBe('hangup');
  });

  test('of the recorder is stopped after a minute', () => {
    const stage = called('+899000000104');
    stage.advance(61_000);
    expect(stage.heard.at(-1)).toBe('startRecording');
    stage.advance(300);
    expect(stage.heard[4]).toBe('stopRecording');
  });
});
