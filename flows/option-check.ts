import type { OptionField } from './action-catalogue.ts';
import { type FlowProblem, shown } from './document.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Any version, also the reserved ones. */
export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value);
}

export function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a text that holds `${…}` will be is known at its turn only. */
function isOpen(value: unknown): boolean {
  return typeof value === 'string' && value.includes('${');
}

const ADDRESS_TYPES = ['', 'agent', 'conference', 'email', 'extension', 'line', 'sip', 'tel', 'web_session'];

/** Reports what of an option is not as the field says. `hasTarget` tells whether an action id can be jumped to. */
export class OptionCheck {
  readonly #problems: FlowProblem[];
  readonly #hasTarget: (id: string) => boolean;

  constructor(problems: FlowProblem[], hasTarget: (id: string) => boolean) {
    this.#problems = problems;
    this.#hasTarget = hasTarget;
  }

  check(path: string, field: OptionField, value: unknown): void {
    if (value === undefined || value === null) {
      if (field.isRequired === true) this.#report('MISSING_OPTION', path, this.#expectation(field), value ?? undefined);
      return;
    }
    switch (field.kind) {
      case 'target':
        this.#checkTarget(path, value);
        break;
      case 'targets':
        if (!isObject(value)) this.#report('INVALID_OPTION', path, this.#expectation(field), value);
        else for (const key of Object.keys(value)) this.#checkTarget(`${path}.${key}`, value[key]);
        break;
      case 'texts':
      case 'integers':
      case 'addresses':
        this.#checkList(path, field, value);
        break;
      case 'address':
        this.#checkAddress(path, value);
        break;
      default:
        if (!matches(field, value)) this.#report('INVALID_OPTION', path, this.#expectation(field), value);
    }
  }

  #checkTarget(path: string, value: unknown): void {
    if (isOpen(value)) return;
    if (!isUuid(value)) this.#report('INVALID_OPTION', path, 'the id of an action', value);
    else if (!this.#hasTarget(value.toLowerCase())) {
      this.#report('UNKNOWN_TARGET', path, 'the id of an action of this flow', value);
    }
  }

  #checkList(path: string, field: Extract<OptionField, { kind: string }>, value: unknown): void {
    if (!Array.isArray(value) || (field.isRequired === true && value.length === 0)) {
      this.#report('INVALID_OPTION', path, this.#expectation(field), value);
      return;
    }
    value.forEach((item, index) => {
      const itemPath = `${path}[${index}]`;
      if (field.kind === 'addresses') this.#checkAddress(itemPath, item);
      else if (field.kind === 'integers') this.check(itemPath, { ...field, kind: 'integer' }, item);
      else this.check(itemPath, { kind: 'text', isRequired: true }, item);
    });
  }

  #checkAddress(path: string, value: unknown): void {
    if (!isObject(value)) {
      this.#report('INVALID_OPTION', path, 'an address {type, target, …}', value);
      return;
    }
    this.check(`${path}.type`, { kind: 'choice', of: ADDRESS_TYPES }, value['type']);
    for (const key of ['target', 'target_name', 'name', 'detail'])
      this.check(`${path}.${key}`, { kind: 'text' }, value[key]);
  }

  #expectation(field: OptionField): string {
    switch (field.kind) {
      case 'text':
        return 'a text';
      case 'texts':
        return field.isRequired === true ? 'an array of at least one text' : 'an array of texts';
      case 'uuid':
        return 'a UUID';
      case 'boolean':
        return 'true or false';
      case 'number':
        return 'a number';
      case 'integer':
        return `a whole number from ${field.min} to ${field.max}`;
      case 'integers':
        return `an array of whole numbers from ${field.min} to ${field.max}`;
      case 'choice':
        return `one of ${field.of.map((word) => JSON.stringify(word)).join(', ')}`;
      case 'pattern':
        return field.expected;
      case 'address':
        return 'an address {type, target, …}';
      case 'addresses':
        return field.isRequired === true ? 'an array of at least one address' : 'an array of addresses';
      case 'target':
        return 'the id of an action';
      case 'targets':
        return 'an object of action ids';
    }
  }

  #report(code: FlowProblem['code'], field: string, expected: string, got: unknown): void {
    this.#problems.push({ code, field, expected, got: shown(got) });
  }
}

function matches(field: OptionField, value: unknown): boolean {
  switch (field.kind) {
    case 'text':
      return typeof value === 'string';
    case 'uuid':
      return isOpen(value) || value === '' || isUuid(value);
    case 'boolean':
      return typeof value === 'boolean';
    case 'number':
      return isOpen(value) || (typeof value === 'number' && Number.isFinite(value));
    case 'integer':
      return (
        isOpen(value) ||
        (typeof value === 'number' && Number.isInteger(value) && value >= field.min && value <= field.max)
      );
    case 'choice':
      return isOpen(value) || (typeof value === 'string' && field.of.includes(value));
    case 'pattern':
      return isOpen(value) || (typeof value === 'string' && field.pattern.test(value));
    default:
      return false;
  }
}
