import { describe, expect, test } from 'vitest';
import type { ActiveflowId } from '../../core/kernel/ids.ts';
import { action, CUSTOMER, EPOCH, FlowStage, OTHER_CUSTOMER, play } from './stage.ts';

describe('a command', () => {
  const CREATION = {
    kind: 'createActiveflow',
    customerId: CUSTOMER,
    id: null,
    flowId: null,
    actions: [],
    variables: {},
    webhookUri: '',
    webhookMethod: '',
  } as const;

  function execute(stage: FlowStage, command: Parameters<FlowStage['runner']['execute']>[1]): void {
    stage.runner.execute(5, command);
    stage.settle();
  }

  function created(stage: FlowStage, actions: unknown[]): ActiveflowId {
    execute(stage, { ...CREATION, flowId: stage.addFlow(1, actions) });
    stage.store();
    return (stage.settled[0]!.result as { id: ActiveflowId }).id;
  }

  test('creates an activeflow, answered and begun once it is stored', () => {
    const stage = new FlowStage();
    execute(stage, { ...CREATION, flowId: stage.addFlow(1, [action('block')]), variables: { a: 'b' } });
    expect(stage.settled).toEqual([]);
    expect(stage.events()).toEqual([]);
    expect(stage.writes).toMatchObject([
      { receipt: -1, writes: [{ row: { status: 'running', reference: { type: 'api' } } }] },
    ]);
    stage.store();
    expect(stage.settled).toMatchObject([{ ticket: 5, result: { kind: 'done' } }]);
    expect(stage.events().map(({ type }) => type)).toEqual(['activeflow_created', 'activeflow_updated']);
    expect(stage.runner.runningCount).toBe(1);
  });

  test('that cannot be stored changes nothing', () => {
    const stage = new FlowStage();
    execute(stage, { ...CREATION, flowId: stage.addFlow(1, [action('block')]) });
    stage.store('storeFailed');
    expect(stage.settled).toMatchObject([{ result: { kind: 'refused', refusal: { code: 'STORE_FAILED' } } }]);
    expect(stage.runner.runningCount).toBe(0);
    expect(stage.events()).toEqual([]);
  });

  test("with an id that is taken, another customer's flow, or too many variables is refused", () => {
    const stage = new FlowStage();
    const taken = created(stage, [action('block')]);
    execute(stage, { ...CREATION, id: taken });
    execute(stage, { ...CREATION, flowId: stage.addFlow(2, [], { customerId: OTHER_CUSTOMER }) });
    execute(stage, { ...CREATION, variables: { a: 'x'.repeat(32_769) } });
    expect(stage.settled.slice(1)).toMatchObject([
      { result: { refusal: { code: 'ALREADY_EXISTS', field: 'id' } } },
      { result: { refusal: { code: 'RESOURCE_NOT_FOUND', field: 'flow_id' } } },
      { result: { refusal: { code: 'INVALID_ARGUMENT', field: 'variables', got: '32769 bytes in a' } } },
    ]);
  });

  test('that wants an id which is being created is refused', () => {
    const stage = new FlowStage();
    const wanted = 'af000000-0000-4000-8000-00000000000a' as ActiveflowId;
    execute(stage, { ...CREATION, id: wanted });
    execute(stage, { ...CREATION, id: wanted });
    expect(stage.settled).toMatchObject([{ result: { refusal: { code: 'ALREADY_EXISTS' } } }]);
    stage.store();
    expect(stage.settled[1]).toMatchObject({ result: { kind: 'done', id: wanted } });
  });

  test('stops an activeflow', () => {
    const stage = new FlowStage();
    const flow = created(stage, [action('block')]);
    execute(stage, { kind: 'stopActiveflow', id: flow });
    expect(stage.runner.runningCount).toBe(0);
    expect(stage.settled).toHaveLength(1);
    stage.store();
    expect(stage.settled[1]).toMatchObject({ result: { kind: 'done', id: flow } });
    execute(stage, { kind: 'stopActiveflow', id: flow });
    expect(stage.settled[2]).toMatchObject({ result: { refusal: { code: 'RESOURCE_NOT_FOUND' } } });
  });

  test('that stops the activeflow of a call completes the call', () => {
    const stage = new FlowStage({ status: 'progressing' });
    const flow = stage.start([play('a'), play('never')]);
    execute(stage, { kind: 'stopActiveflow', id: flow });
    expect(stage.heard).toEqual(['a', 'stopPlaying']);
    expect(stage.completed).toEqual([flow]);
  });

  test('that stops a flow which waits for an answer by HTTP completes the call once', () => {
    const stage = new FlowStage({ status: 'progressing' });
    const flow = stage.start([action('fetch', { event_url: 'https://example.com' })]);
    execute(stage, { kind: 'stopActiveflow', id: flow });
    stage.reply(200, [play('a')]);
    expect(stage.heard).toEqual([]);
    expect(stage.completed).toEqual([flow]);
  });

  test('deletes an activeflow, and stops it first', () => {
    const stage = new FlowStage();
    const flow = created(stage, [action('block')]);
    stage.events();
    execute(stage, { kind: 'deleteActiveflow', record: stage.runner.recordOf(flow)! });
    expect(stage.writes.at(-1)!.writes).toMatchObject([{ row: { status: 'ended', deletedAt: EPOCH } }]);
    stage.store();
    expect(stage.events().map(({ type }) => type)).toEqual(['activeflow_updated', 'activeflow_deleted']);
  });
});
