import type { HeaderRule } from '../../core/directory/provider-terms.ts';
import type { Field } from './session-messages.ts';

/** The fields after each rule in turn. Names are alike in letters of either case (RFC 3261 §7.3.1). */
export function withRules(fields: readonly Field[], rules: readonly HeaderRule[]): readonly Field[] {
  let result = fields;
  for (const { action, name, value } of rules) {
    const isMeant = (field: Field): boolean => field[0].toLowerCase() === name.toLowerCase();
    if (action === 'add') result = [...result, [name, value]];
    else if (action === 'remove') result = result.filter((field) => !isMeant(field));
    else result = result.map((field): Field => (isMeant(field) ? [field[0], value] : field));
  }
  return result;
}
