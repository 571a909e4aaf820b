import Type from 'typebox';
import type { Refusal } from '../core/command.ts';

/** Descriptions are what a refusal gives as "expected". */

export const ExtensionName = Type.String({
  pattern: '^[A-Za-z0-9_.+-]{1,64}$',
  description: '1 to 64 letters, digits or _ . + -',
});

/** A password that a phone can be given: printable, no line breaks. */
export const SipPassword = Type.String({
  minLength: 1,
  maxLength: 128,
  pattern: '^[^\\u0000-\\u001f\\u007f]*$',
  description: '1 to 128 characters without control characters',
});

export const Name = Type.String({ maxLength: 255, description: 'text of at most 255 characters' });
export const Text = Type.String({ maxLength: 4096, description: 'text of at most 4096 characters' });

/** Anything goes: what is unusable means the default, as `readPage` has it. */
export const PageQuery = Type.Object({
  page_size: Type.Optional(Type.Unknown({ description: 'rows on a page, 1 to 100' })),
  page_token: Type.Optional(Type.Unknown({ description: 'next_page_token of the page before' })),
});

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The `id` of a path in lower case, or why it is none. */
export function readId(parameters: unknown): { readonly id: string } | { readonly refusal: Refusal } {
  const given = String((parameters as { id?: unknown }).id);
  const id = given.toLowerCase();
  if (UUID.test(id)) return { id };
  const refusal: Refusal = {
    code: 'INVALID_ARGUMENT',
    message: 'the id in the path is no UUID',
    field: 'id',
    expected: 'a UUID',
    got: given.slice(0, 100),
  };
  return { refusal };
}
