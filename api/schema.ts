import Type, { type Static } from 'typebox';
import type { Address } from '../core/calls/address.ts';
import type { Refusal } from '../core/command.ts';
import { NIL_UUID } from '../core/kernel/ids.ts';

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

const UUID_PATTERN = '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}';

/** An id that must be there. */
export const Id = Type.String({ pattern: `^${UUID_PATTERN}$`, description: 'a UUID' });

/** An id that may be left out; "" and the nil UUID mean none as well. */
export const OptionalId = Type.Optional(
  Type.String({ pattern: `^(${UUID_PATTERN})?$`, description: 'a UUID, or "" for none' }),
);

/** An `OptionalId` in lower case; null for none. */
export function idFrom<Id extends string>(given: string | undefined): Id | null {
  const id = (given ?? '').toLowerCase();
  return id === '' || id === NIL_UUID ? null : (id as Id);
}

/** As `idFrom`, for a change: undefined leaves the id as it is. */
export function idChangeFrom<Id extends string>(given: string | undefined): Id | null | undefined {
  return given === undefined ? undefined : idFrom<Id>(given);
}

/** The fields that are there: a change that names nothing else. */
export function given<Fields extends object>(
  fields: Fields,
): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

/** Where a call comes from or goes to (CommonAddress). */
export const AddressGiven = Type.Object(
  {
    type: Type.Optional(
      Type.Enum(['', 'agent', 'conference', 'email', 'extension', 'line', 'sip', 'tel', 'web_session'], {
        description: 'a type of address: tel, sip, extension, agent, conference, email, line, web_session or ""',
      }),
    ),
    target: Type.Optional(Type.String({ maxLength: 1024, description: 'a number, extension, URI or id' })),
    target_name: Type.Optional(Name),
    name: Type.Optional(Name),
    detail: Type.Optional(Text),
  },
  { description: 'an address {type, target}' },
);

export function addressFrom(given: Static<typeof AddressGiven>): Address {
  const { type = '', target = '', target_name: targetName = '', name = '', detail = '' } = given;
  return { type, target, targetName, name, detail };
}

/** A web address; "" for none. */
export const WebUri = Type.String({
  maxLength: 2048,
  pattern: '^(https?://[^\\s]+)?$',
  description: 'an http or https URI of at most 2048 characters, or ""',
});

export const WebMethod = Type.Enum(['', 'POST', 'GET', 'PUT', 'DELETE'], {
  description: 'POST, GET, PUT, DELETE or ""',
});

/** Judged by `readActions`, which knows every action and names everything that is wrong. */
export const Actions = Type.Unsafe<readonly unknown[]>({
  type: 'array',
  description: 'an array of actions {type, option}; id and next_id may be left out',
  examples: [[{ type: 'answer' }, { type: 'play', option: { stream_urls: ['https://example.com/hello.wav'] } }]],
});

/** Anything goes: what is unusable means the default, as `readPage` has it. */
export const PageQuery = Type.Object({
  page_size: Type.Optional(Type.Unknown({ description: 'rows on a page, 1 to 100' })),
  page_token: Type.Optional(Type.Unknown({ description: 'next_page_token of the page before' })),
});

const UUID = new RegExp(`^${UUID_PATTERN}$`);

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
