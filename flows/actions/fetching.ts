import { type FlowId, NIL_UUID } from '../../core/kernel/ids.ts';
import { NEVER } from '../../core/kernel/time.ts';
import type { HttpEvent, HttpRequest } from '../../core/ports.ts';
import { compile } from '../compile.ts';
import { flagOf, idOf, textOf } from '../option.ts';
import { type Begin, NEXT, type Stage, type Verdict } from '../verdict.ts';

/** For the whole of a request. */
export const HTTP_TIMEOUT_MS = 10_000;
/** A longer list of actions is a failure. */
const FETCH_BYTES_MAX = 1024 * 1024;

function methodOf(text: string): HttpRequest['method'] {
  return text === 'GET' || text === 'PUT' || text === 'DELETE' ? text : 'POST';
}

/** Asks a program for actions, and runs them. */
export const fetch: Begin = (stage, option) => {
  const method = methodOf(textOf(option, 'event_method'));
  const body = JSON.stringify({
    activeflow_id: stage.id,
    reference_id: stage.reference.type === 'api' ? NIL_UUID : stage.reference.id,
  });
  stage.request({
    method,
    url: textOf(option, 'event_url'),
    headers: { 'content-type': 'application/json' },
    body: method === 'GET' ? '' : body,
    timeoutMs: HTTP_TIMEOUT_MS,
    answerBytesMax: FETCH_BYTES_MAX,
  });
  // The client answers in time, whatever happens.
  return { kind: 'wait', waiting: { until: NEVER, answered: (event) => actionsOf(stage, event) } };
};

function actionsOf(stage: Stage, event: HttpEvent): Verdict {
  if (event.kind === 'failed') return { kind: 'broken', detail: `fetch: ${event.detail}` };
  if (event.status !== 200) return { kind: 'broken', detail: `fetch: expected status 200, got ${event.status}` };
  let actions: unknown;
  try {
    actions = JSON.parse(event.body);
  } catch {
    return { kind: 'broken', detail: 'fetch: expected JSON of an array of actions' };
  }
  const compiled = compile(actions, stage.ports.random, (id) => stage.stacks.has(id));
  if ('actions' in compiled) return { kind: 'push', actions: compiled.actions };
  const { field, expected, got } = compiled.problems[0]!;
  return { kind: 'broken', detail: `fetch: ${field}: expected ${expected}, got ${got}` };
}

/** Runs another flow of the same customer. */
export const fetchFlow: Begin = (stage, option) => {
  const id = idOf<FlowId>(option, 'flow_id');
  const flow = id === null ? undefined : stage.ports.directory.flows.get(id);
  if (flow === undefined || flow.customerId !== stage.customerId)
    return { kind: 'broken', detail: `no flow ${id ?? ''}` };
  return { kind: 'push', actions: flow.actions };
};

/** Failures are not the flow's business; with `sync` it waits for the answer. */
export const webhookSend: Begin = (stage, option) => {
  const method = methodOf(textOf(option, 'method'));
  const isSync = flagOf(option, 'sync');
  const request = {
    method,
    url: textOf(option, 'uri'),
    headers: { 'content-type': textOf(option, 'data_type') || 'application/json' },
    body: method === 'GET' ? '' : textOf(option, 'data'),
    timeoutMs: HTTP_TIMEOUT_MS,
    answerBytesMax: FETCH_BYTES_MAX,
  };
  if (!isSync) {
    stage.post(request);
    return NEXT;
  }
  stage.request(request);
  return {
    kind: 'wait',
    waiting: {
      until: NEVER,
      answered: (event) =>
        event.kind === 'failed'
          ? { kind: 'failed', detail: event.detail }
          : { kind: 'next', result: { status: event.status } },
    },
  };
};
