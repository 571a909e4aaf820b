import type { Conference, Flow, PhoneNumber } from '../../core/directory/records.ts';
import { CONFERENCE_SETTINGS } from '../../core/directory/records.ts';
import { assert } from '../../core/kernel/assert.ts';
import type { ConferenceId, FlowId, NumberId } from '../../core/kernel/ids.ts';
import { seeded } from '../../core/kernel/random.ts';
import { compile } from '../../flows/compile.ts';
import { Scene, type SceneOptions } from '../sim/scene.ts';
import { CUSTOMER } from '../sim/switch.ts';

export const CONFERENCE = 'c0000001-0000-4000-8000-000000000000' as ConferenceId;
const STAMPS = { createdAt: 0, updatedAt: null, deletedAt: null, customerId: CUSTOMER };
export const NUMBER = '+899000000109';

/** A Tandem with alice and bob, a conference, and a number that runs these actions. */
export function staged(
  actions: readonly object[],
  options: SceneOptions = {},
  bob: Parameters<Scene['phone']>[2] = {},
): Scene {
  const scene = new Scene(options);
  scene.phone('alice', '1000');
  scene.phone('bob', '1001', { manner: { kind: 'answers', afterMs: 1_000 }, ...bob });
  const { directory } = scene.tandem;
  const compiled = compile(actions, seeded(1));
  assert('actions' in compiled, JSON.stringify(compiled));
  const conference: Conference = {
    ...STAMPS,
    ...{
      id: CONFERENCE,
      type: 'conference',
      status: 'progressing',
      name: '',
      detail: '',
      data: {},
      timeoutS: 0,
      settings: CONFERENCE_SETTINGS,
    },
    ...{ preFlowId: null, postFlowId: null, directHash: '', endedAt: null },
  };
  const flow: Flow = {
    ...STAMPS,
    ...{ id: 'f0000001-0000-4000-8000-000000000000' as FlowId, type: 'flow', name: '', detail: '' },
    ...{ actions: compiled.actions, onCompleteFlowId: null, directHash: '' },
  };
  const number: PhoneNumber = {
    ...STAMPS,
    ...{ id: 'a0000001-0000-4000-8000-000000000000' as NumberId, number: NUMBER, shortCode: '9109', type: 'virtual' },
    ...{ callFlowId: flow.id, messageFlowId: null, name: '', detail: '', status: 'active', isRtpDebugged: false },
    ...{ purchasedAt: null, renewedAt: null },
  };
  directory.putConference(conference);
  directory.putFlow(flow);
  directory.putNumber(number);
  return scene;
}
