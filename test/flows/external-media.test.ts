import { expect, test } from 'vitest';
import type { ExternalMediaRecord } from '../../core/calls/external-media-record.ts';
import type { ExternalMediaId } from '../../core/kernel/ids.ts';
import { action, FlowStage, play } from './stage.ts';

const OPTION = { external_host: 'ws://192.0.2.9/', transport: 'websocket', direction: 'in', direction_speak: 'none' };
const EXTERNAL = { id: 'x' as ExternalMediaId, localAddress: '', localPort: 0 } as ExternalMediaRecord;

function begun(): { stage: FlowStage; token: number } {
  const stage = new FlowStage({ status: 'progressing' });
  stage.start([action('external_media_start', OPTION), play('after'), action('external_media_stop')]);
  const demand = stage.demands[0]!;
  expect(demand).toMatchObject({
    kind: 'startExternalMedia',
    wish: { listen: 'in', speak: '', encapsulation: 'none' },
  });
  expect(stage.heard).toEqual(['startExternalMedia']);
  return { stage, token: 'token' in demand ? demand.token : 0 };
}

test('a flow goes on once the program is connected, and lets it go', () => {
  const { stage, token } = begun();
  stage.tell({ kind: 'externalMediaStarted', token: token + 1, external: EXTERNAL, stay: undefined });
  expect(stage.heard).toEqual(['startExternalMedia']);
  stage.tell({ kind: 'externalMediaStarted', token, external: EXTERNAL, stay: undefined });
  expect(stage.heard.slice(0, 2)).toEqual(['startExternalMedia', 'after']);
});

test('a flow brings a program into a conference, and knows it there', () => {
  const stage = new FlowStage({ status: 'progressing' });
  const id = '0190a000-0000-7000-8000-000000000077';
  stage.start([action('external_media_start', { ...OPTION, conference_id: id, deaf: true, gain_in: 6 })]);
  expect(stage.demands[0]).toMatchObject({ conference: { id, terms: { isDeaf: true, gainInDb: 6 } } });
});

test('a flow goes on without a program that is not there, or does not answer', () => {
  const failed = begun();
  const news = { external: EXTERNAL, reason: 'failed', detail: 'refused' } as const;
  failed.stage.tell({ kind: 'externalMediaEnded', token: failed.token, ...news });
  expect(failed.stage.heard).toContain('after');
  const silent = begun();
  silent.stage.advance(6_000);
  expect(silent.stage.heard).toContain('after');
});

test('a flow goes on at once when what it asks for cannot be', () => {
  const stage = new FlowStage({ status: 'progressing' });
  stage.start([action('external_media_start', { external_host: 'nowhere' }), play('after')]);
  expect(stage.heard).toEqual(['after']);
});
