import type { FastifySchema } from 'fastify';
import Type, { type TSchema } from 'typebox';
import { type ShapeName, shapeOf } from './presentation/shapes.ts';
import { PageQuery } from './schema.ts';

/** What of an operation is checked and told: the same schemas do both. */
export interface OperationParts {
  /** A page of `answer` is asked for, and given. */
  readonly isList?: boolean;
  readonly body?: TSchema;
  readonly query?: TSchema;
  /** The shape of the answer, by name or in full. */
  readonly answer: ShapeName | TSchema;
  /** 200 unless said otherwise. */
  readonly status?: number;
  /** application/json unless said otherwise. */
  readonly type?: string;
  /** Needs no credential. */
  readonly isPublic?: boolean;
}

/** The schema of a route: its tag, one line of what it does, what it takes and what comes back. */
export function operation(tag: string, summary: string, parts: OperationParts): { readonly schema: FastifySchema } {
  const { body, answer, isList = false, query = isList ? PageQuery : undefined } = parts;
  const { status = 200, type = 'application/json', isPublic = false } = parts;
  const shape = typeof answer === 'string' ? shapeOf(answer as ShapeName) : answer;
  const done = isList ? Type.Object({ result: Type.Array(shape), next_page_token: Type.String() }) : shape;
  return {
    schema: {
      tags: [tag],
      summary,
      ...(body === undefined ? {} : { body }),
      ...(query === undefined ? {} : { querystring: query }),
      ...(isPublic ? { security: [] } : {}),
      response: {
        [status]: described('Done', type, done),
        default: described('Why not', 'application/json', shapeOf('Error')),
      },
    },
  };
}

/** The document wants a sentence with each answer. */
function described(description: string, type: string, schema: TSchema): unknown {
  return { description, content: { [type]: { schema } } };
}
