import { describe, expect, test } from 'vitest';
import type { Command, Principal } from '../../core/command.ts';
import { Directory } from '../../core/directory/directory.ts';
import { PERMISSION } from '../../core/directory/records.ts';
import { judge, type Known } from '../../core/judgement.ts';
import type { AccesskeyId, AgentId, CustomerId, FlowId, ScriptSessionId } from '../../core/kernel/ids.ts';
import {
  ACCESSKEY,
  ACTIVEFLOW,
  CALL,
  CONFERENCE,
  CONFERENCECALL,
  CUSTOMER,
  EXTENSION,
  FLOW,
  NUMBER,
  RECORDING,
  TRUNK,
} from './store/rows.ts';

const OTHER = 'c0000000-0000-4000-8000-000000000002' as CustomerId;
const NOTHING = 'nothing' as never;

function agent(permission: number, customerId = CUSTOMER.id): Principal {
  return { kind: 'agent', agentId: 'a' as AgentId, customerId, permission };
}

const ADMIN = agent(PERMISSION.customerAdmin);
const MANAGER = agent(PERMISSION.customerManager);
const AGENT = agent(PERMISSION.customerAgent);
const FOREIGN_ADMIN = agent(PERMISSION.customerAdmin, OTHER);
const ROOT = agent(PERMISSION.projectSuperAdmin, OTHER);
const KEY: Principal = { kind: 'accesskey', accesskeyId: 'k' as AccesskeyId, customerId: CUSTOMER.id };
const OPERATOR: Principal = { kind: 'operator' };

/** One of everything, of one customer, that is there or lives. */
function known(): Known {
  const directory = new Directory();
  directory.putCustomer(CUSTOMER);
  directory.putCustomer({ ...CUSTOMER, id: OTHER, ordinal: 2 });
  directory.putExtension(EXTENSION);
  directory.putAccesskey(ACCESSKEY);
  directory.putNumber(NUMBER);
  directory.putTrunk(TRUNK);
  directory.putFlow(FLOW);
  directory.putConference(CONFERENCE);
  return {
    directory,
    liveCall: (id) => (id === CALL.id ? CALL : undefined),
    liveConferencecall: (id) => (id === CONFERENCECALL.id ? CONFERENCECALL : undefined),
    liveActiveflow: (id) => (id === ACTIVEFLOW.id ? ACTIVEFLOW : undefined),
  };
}

const LIMITS = { durationMs: 0, silenceMs: 0, endKey: 'none', onEndFlowId: FLOW.id } as const;
const FIELDS = {} as never;
const customerId = CUSTOMER.id;

/** Each names its thing by an id, or carries its record; `unknown` names one that is not there. */
const ON_THINGS: readonly { readonly command: Command; readonly unknown: Command | undefined }[] = [
  ...(
    [
      { kind: 'updateExtension', id: EXTENSION.id, changes: {} },
      { kind: 'deleteExtension', id: EXTENSION.id },
      { kind: 'updateNumber', id: NUMBER.id, changes: {} },
      { kind: 'deleteNumber', id: NUMBER.id },
      { kind: 'updateTrunk', id: TRUNK.id, changes: {} },
      { kind: 'deleteTrunk', id: TRUNK.id },
      { kind: 'updateFlow', id: FLOW.id, changes: {} },
      { kind: 'deleteFlow', id: FLOW.id },
      { kind: 'updateConference', id: CONFERENCE.id, changes: {} },
      { kind: 'deleteConference', id: CONFERENCE.id },
      { kind: 'hangupCall', id: CALL.id },
      { kind: 'holdCall', id: CALL.id, mode: 'held' },
      { kind: 'muteCall', id: CALL.id, direction: 'in', mode: 'mute' },
      { kind: 'kickConferencecall', id: CONFERENCECALL.id },
      { kind: 'stopActiveflow', id: ACTIVEFLOW.id },
    ] as const
  ).map((command) => ({ command, unknown: { ...command, id: NOTHING } as Command })),
  ...(['call', 'confbridge'] as const).flatMap((type) =>
    (['startRecording', 'stopRecording', 'pauseRecording'] as const).map((kind) => {
      const rest = { limits: LIMITS, mode: 'paused' } as const;
      const of = (id: string): Command => ({ kind, reference: { type, id } as never, ...rest }) as Command;
      return { command: of(type === 'call' ? CALL.id : CONFERENCE.id), unknown: of('nothing') };
    }),
  ),
  {
    command: { kind: 'attachScript', callId: CALL.id, session: 's' as ScriptSessionId },
    unknown: { kind: 'attachScript', callId: NOTHING, session: 's' as ScriptSessionId },
  },
  { command: { kind: 'deleteCall', record: CALL }, unknown: undefined },
  { command: { kind: 'deleteRecording', record: RECORDING }, unknown: undefined },
  { command: { kind: 'deleteActiveflow', record: ACTIVEFLOW }, unknown: undefined },
];

const CREATIONS: readonly Command[] = [
  { kind: 'createExtension', customerId, extension: '1', password: 'p', name: '', detail: '', codecs: '', srtp: 'off' },
  { kind: 'createNumber', customerId, fields: FIELDS },
  { kind: 'createTrunk', customerId, fields: FIELDS },
  { kind: 'createConference', customerId, id: null, fields: FIELDS },
  {
    kind: 'createCalls',
    customerId,
    source: null,
    destinations: [],
    flowId: FLOW.id,
    actions: [],
    anonymous: '',
    variables: {},
  },
  {
    kind: 'createActiveflow',
    customerId,
    id: null,
    flowId: FLOW.id,
    actions: [],
    variables: {},
    webhookUri: '',
    webhookMethod: '',
  },
];

describe.each(ON_THINGS)('$command.kind', ({ command, unknown }) => {
  test('is for admins and managers of the customer, its access keys, super admins and the operator', () => {
    for (const by of [ADMIN, MANAGER, KEY, ROOT, OPERATOR]) expect(judge(command, by, known())).toBeUndefined();
    expect(judge(command, AGENT, known())).toMatchObject({ code: 'PERMISSION_DENIED' });
  });

  test('does not find another customer’s things, nor what is not there', () => {
    expect(judge(command, FOREIGN_ADMIN, known())).toMatchObject({ code: 'RESOURCE_NOT_FOUND', field: 'id' });
    if (unknown === undefined) return;
    for (const by of [ADMIN, AGENT, OPERATOR]) {
      expect(judge(unknown, by, known())).toMatchObject({ code: 'RESOURCE_NOT_FOUND', got: 'nothing' });
    }
  });
});

describe.each(CREATIONS)('$kind', (command) => {
  test('is for admins and managers of the customer, its access keys, super admins and the operator', () => {
    for (const by of [ADMIN, MANAGER, KEY, ROOT, OPERATOR]) expect(judge(command, by, known())).toBeUndefined();
    for (const by of [AGENT, FOREIGN_ADMIN]) {
      expect(judge(command, by, known())).toMatchObject({ code: 'PERMISSION_DENIED' });
    }
  });

  test('is not done for a customer who does not exist', () => {
    const nobody = { ...command, customerId: NOTHING } as Command;
    expect(judge(nobody, OPERATOR, known())).toMatchObject({ code: 'RESOURCE_NOT_FOUND', field: 'customer_id' });
  });
});

test('flows are made by every agent of the customer', () => {
  const command: Command = { kind: 'createFlow', customerId, fields: FIELDS };
  for (const by of [ADMIN, MANAGER, AGENT, KEY, ROOT, OPERATOR]) expect(judge(command, by, known())).toBeUndefined();
  expect(judge(command, FOREIGN_ADMIN, known())).toMatchObject({ code: 'PERMISSION_DENIED' });
});

test('access keys are for admins alone', () => {
  for (const command of [
    { kind: 'createAccesskey', customerId, fields: FIELDS },
    { kind: 'updateAccesskey', id: ACCESSKEY.id, changes: {} },
    { kind: 'deleteAccesskey', id: ACCESSKEY.id },
  ] satisfies Command[]) {
    for (const by of [ADMIN, KEY, ROOT, OPERATOR]) expect(judge(command, by, known())).toBeUndefined();
    for (const by of [MANAGER, AGENT]) expect(judge(command, by, known())).toMatchObject({ code: 'PERMISSION_DENIED' });
    const code = command.kind === 'createAccesskey' ? 'PERMISSION_DENIED' : 'RESOURCE_NOT_FOUND';
    expect(judge(command, FOREIGN_ADMIN, known())).toMatchObject({ code });
  }
});

test('passwords of agents are set by the operator alone', () => {
  const command: Command = { kind: 'setAgentPassword', username: 'admin@localhost', passwordHash: 'h' };
  expect(judge(command, OPERATOR, known())).toBeUndefined();
  for (const by of [ADMIN, ROOT, KEY]) expect(judge(command, by, known())).toMatchObject({ code: 'PERMISSION_DENIED' });
});

test('a flow of another customer is not run, whoever asks', () => {
  const foreign = known();
  const flowId = 'f1000000-0000-4000-8000-000000000002' as FlowId;
  foreign.directory.putFlow({ ...FLOW, id: flowId, customerId: OTHER });
  const reference = { type: 'call', id: CALL.id } as const;
  const commands = [
    ...CREATIONS.slice(-2).map((command) => ({ ...command, flowId }) as Command),
    { kind: 'startRecording', reference, limits: { ...LIMITS, onEndFlowId: flowId } } as const,
  ];
  for (const command of commands) {
    for (const by of [ADMIN, ROOT, OPERATOR]) {
      expect(judge(command, by, foreign)).toMatchObject({ code: 'RESOURCE_NOT_FOUND', got: flowId });
    }
  }
});

test('a record that was read while it lived, and that lives no more, is to be read again', () => {
  const quiet: Known = { ...known(), liveCall: () => undefined, liveActiveflow: () => undefined };
  for (const command of [
    { kind: 'deleteCall', record: CALL },
    { kind: 'deleteActiveflow', record: ACTIVEFLOW },
  ] satisfies Command[]) {
    expect(judge(command, ADMIN, quiet)).toMatchObject({ code: 'STATE_INVALID', expected: 'to be asked again' });
  }
  expect(judge({ kind: 'deleteCall', record: { ...CALL, status: 'hangup' } }, ADMIN, quiet)).toBeUndefined();
  const ended = { ...ACTIVEFLOW, status: 'ended' } as const;
  expect(judge({ kind: 'deleteActiveflow', record: ended }, ADMIN, quiet)).toBeUndefined();
});
