import type { CallRecord } from '../core/calls/call-record.ts';
import type { Action, Json } from '../core/flows/action.ts';
import type { FlowReference } from '../core/flows/activeflow-record.ts';
import type { CallDemand, CallNews } from '../core/flows/call-control.ts';
import type { ActionId, ActiveflowId, CustomerId } from '../core/kernel/ids.ts';
import type { Instant } from '../core/kernel/time.ts';
import type { HttpEvent, HttpRequest } from '../core/ports.ts';
import type { FlowPorts } from './flow-ports.ts';
import type { Option } from './option.ts';
import type { Stacks } from './stacks.ts';
import type { Variables } from './variables.ts';

/** How an action, or a part of it, came out. */
export type Verdict =
  | { readonly kind: 'next'; readonly result?: Json }
  /** It takes time. */
  | { readonly kind: 'wait'; readonly waiting: Waiting }
  /** Others run first, then what follows this one. */
  | { readonly kind: 'push'; readonly actions: readonly Action[] }
  | { readonly kind: 'jump'; readonly target: ActionId }
  /** A program takes over. */
  | { readonly kind: 'script'; readonly url: string }
  /** It could not be done; the next one follows. */
  | { readonly kind: 'failed'; readonly detail: string }
  /** Without it the flow makes no sense: the activeflow ends. */
  | { readonly kind: 'broken'; readonly detail: string }
  | { readonly kind: 'stop' };

/** An action that takes time: what it waits for. Undefined means that it goes on waiting. */
export interface Waiting {
  /** `NEVER` without a limit. */
  readonly until: Instant;
  hear?(news: CallNews, now: Instant): Verdict | undefined;
  answered?(event: HttpEvent, now: Instant): Verdict;
  expire?(now: Instant): Verdict;
  /** It is broken off: what it began is undone. */
  leave?(): void;
}

/** What an action sees of the activeflow in which it runs. */
export interface Stage {
  readonly id: ActiveflowId;
  readonly customerId: CustomerId;
  readonly reference: FlowReference;
  /** The call it runs on, as it is or as it ended. */
  readonly call: CallRecord | undefined;
  readonly variables: Variables;
  readonly stacks: Stacks;
  readonly ports: FlowPorts;
  demand(demand: CallDemand): void;
  /** For a demand that takes time. */
  token(): number;
  /** The outcome reaches the `Waiting` of this action. */
  request(request: Omit<HttpRequest, 'owner' | 'number'>): void;
  /** Nobody waits for the outcome. */
  post(request: Omit<HttpRequest, 'owner' | 'number'>): void;
}

/** What an action of one type does when its turn has come; its option is substituted. */
export type Begin = (stage: Stage, option: Option, now: Instant, action: Action) => Verdict;

export const NEXT: Verdict = { kind: 'next' };
