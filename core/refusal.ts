import type { Refusal } from './command.ts';
import { LIMITS } from './kernel/limits.ts';

/** A thing that does not exist for whoever asks. `field` names what carried its id. */
export function notFound(what: string, id: string, field = 'id'): Refusal {
  return {
    code: 'RESOURCE_NOT_FOUND',
    message: `no ${what} ${id}`,
    field,
    expected: `an existing ${what}`,
    got: id,
  };
}

export function denied(what: string): Refusal {
  return { code: 'PERMISSION_DENIED', message: `${what} needs an admin or manager of the customer` };
}

export function invalid(field: string, expected: string, got: string): Refusal {
  return { code: 'INVALID_ARGUMENT', message: `${field} must be ${expected}`, field, expected, got };
}

export function alreadyExists(what: string, field: string, got: string): Refusal {
  return {
    code: 'ALREADY_EXISTS',
    message: `${what} ${got} exists`,
    field,
    expected: `a value that no ${what} has`,
    got,
  };
}

/** The thing exists, and its state does not allow what was asked. */
export function stateInvalid(message: string, expected: string, got: string): Refusal {
  return { code: 'STATE_INVALID', message, field: 'id', expected, got };
}

/** There is no room for another call at the moment. */
export function overloaded(field: string): Refusal {
  const message = 'there is no place for another call';
  return { code: 'OVERLOADED', message, field, retryAfterS: LIMITS.overloadRetryAfterS };
}

export const SHUTTING_DOWN: Refusal = { code: 'SERVICE_UNAVAILABLE', message: 'the switch is shutting down' };
