import type { FastifyReply } from 'fastify';
import type { Principal, Refusal } from '../core/command.ts';
import type { FaultCode } from '../core/kernel/fault.ts';
import { type Detail, sendRefusal } from './problem.ts';

/** What a handler comes to: a body for 200, or why not, with a detail for each defect when there are several. */
export type Answer = { readonly body: unknown } | Refused;

export interface Refused {
  readonly refusal: Refusal;
  readonly details?: readonly Detail[];
}

/** What has an id and can be unknown; its refusal is `<NOUN>_NOT_FOUND`. */
export type Noun =
  | 'accesskey'
  | 'activeflow'
  | 'agent'
  | 'call'
  | 'conference'
  | 'conferencecall'
  | 'extension'
  | 'flow'
  | 'number'
  | 'outbound_config'
  | 'provider'
  | 'recording'
  | 'route'
  | 'trunk';

export function refuse(refusal: Refusal, details?: readonly Detail[]): Refused {
  return details === undefined ? { refusal } : { refusal, details };
}

export function notFound(noun: Noun, id: string): Refused {
  const code: FaultCode = `${noun.toUpperCase() as Uppercase<Noun>}_NOT_FOUND`;
  const article = /^[aeiou]/.test(noun) ? 'an' : 'a';
  return refuse({ code, message: `no ${noun} ${id}`, field: 'id', expected: `the id of ${article} ${noun}`, got: id });
}

/** A row with an id that was asked for is there already, whoever has it. */
export function alreadyExists(noun: Noun, id: string): Refused {
  const message = `an id that is in use cannot be taken for another ${noun}`;
  return refuse({ code: 'ALREADY_EXISTS', message, field: 'id', expected: 'an id that is not in use', got: id });
}

export function denied(needs: string): Refused {
  return refuse({ code: 'PERMISSION_DENIED', message: `this needs ${needs}` });
}

/** The thing exists, and its state does not allow what was asked. */
export function stateInvalid(message: string, expected: string, got: string): Refused {
  return refuse({ code: 'STATE_INVALID', message, field: 'status', expected, got });
}

export function send(reply: FastifyReply, answer: Answer): FastifyReply {
  if (!('refusal' in answer)) return reply.code(200).send(answer.body);
  return answer.details === undefined
    ? sendRefusal(reply, answer.refusal)
    : sendRefusal(reply, answer.refusal, answer.details);
}

/** Someone of a customer: an agent or an access key. */
export type CustomerPrincipal = Exclude<Principal, { kind: 'operator' }>;
