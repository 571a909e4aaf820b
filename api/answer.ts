import type { FastifyReply } from 'fastify';
import type { CommandResult, Principal, Refusal } from '../core/command.ts';
import { sendRefusal } from './problem.ts';

/** What a handler comes to: a body for 200, or why not. */
export type Answer = { readonly body: unknown } | { readonly refusal: Refusal };

export function refuse(refusal: Refusal): Answer {
  return { refusal };
}

export function notFound(what: string, id: string): Answer {
  return refuse({
    code: 'RESOURCE_NOT_FOUND',
    message: `no ${what} ${id}`,
    field: 'id',
    expected: `the id of ${what === 'extension' ? 'an' : 'a'} ${what}`,
    got: id,
  });
}

export function denied(needs: string): Answer {
  return refuse({ code: 'PERMISSION_DENIED', message: `this needs ${needs}` });
}

/** The refusal of a command, or what `done` makes of its id. */
export function answerTo(result: CommandResult, done: (id: string) => Answer): Answer {
  return result.kind === 'refused' ? refuse(result.refusal) : done(result.id);
}

export function send(reply: FastifyReply, answer: Answer): FastifyReply {
  return 'refusal' in answer ? sendRefusal(reply, answer.refusal) : reply.code(200).send(answer.body);
}

/** Someone of a customer: an agent or an access key. */
export type CustomerPrincipal = Exclude<Principal, { kind: 'operator' }>;
