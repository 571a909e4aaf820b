import type { FastifyInstance } from 'fastify';
import type { Static, TSchema } from 'typebox';
import type { Command } from '../core/command.ts';
import { alreadyExists, type CustomerPrincipal, type Refused, send } from './answer.ts';
import type { Backend, RowKind, Rows } from './backend.ts';
import { type OperationParts, operation } from './operation.ts';
import type { ShapeName } from './presentation/shapes.ts';
import { principalOf } from './principal.ts';
import { changeRow, createRow, deleteRow, listRows, type Resource, readRow } from './rows.ts';

export interface RoutedResource<Kind extends RowKind> extends Resource<Kind> {
  /** `/extensions`. */
  readonly path: string;
  readonly shape: ShapeName;
}

/** The routes of one kind of row: each takes a schema and what makes a command of it, the rest is alike. */
export class RowRoutes<Kind extends RowKind> {
  readonly #app: FastifyInstance;
  readonly #backend: Backend;
  readonly #resource: RoutedResource<Kind>;
  readonly #tag: string;

  constructor(app: FastifyInstance, backend: Backend, resource: RoutedResource<Kind>) {
    this.#app = app;
    this.#backend = backend;
    this.#resource = resource;
    this.#tag = resource.path.slice(1);
  }

  /** `GET /things` and `GET /things/{id}`. */
  read(): void {
    const { path, shape, kind } = this.#resource;
    const [backend, resource, tag] = [this.#backend, this.#resource, this.#tag];
    const list = operation(tag, `List ${tag}, newest first`, { isList: true, answer: shape });
    this.#app.get(path, list, async (request, reply) =>
      send(reply, await listRows(backend, principalOf(request), resource, request.query)),
    );
    const read = operation(tag, `Read one ${kind}`, { answer: shape });
    this.#app.get(`${path}/:id`, read, async (request, reply) =>
      send(reply, await readRow(backend, principalOf(request), resource, request.params)),
    );
  }

  /** `POST /things`. */
  create<Body extends TSchema>(
    body: Body,
    commandOf: (given: Static<Body>, by: CustomerPrincipal) => Command | Refused,
  ): void {
    const { path, shape, kind } = this.#resource;
    const create = operation(this.#tag, `Create one ${kind}`, { body, answer: shape });
    this.#app.post(path, create, async (request, reply) => {
      const by = principalOf(request);
      const command = commandOf(request.body as Static<Body>, by);
      if ('refusal' in command) return send(reply, command);
      const wanted = 'id' in command ? command.id : null;
      if (wanted !== null && (await this.#backend.get(kind, wanted)) !== undefined) {
        return send(reply, alreadyExists(kind, wanted));
      }
      return send(reply, await createRow(this.#backend, by, this.#resource, command));
    });
  }

  /** Anything that is asked of one row, `PUT /things/{id}` with '' as its path; the answer is the row afterwards. */
  act<Body extends TSchema>(
    method: 'POST' | 'PUT' | 'DELETE',
    path: string,
    summary: string,
    body: Body,
    commandOf: (row: Rows[Kind], given: Static<Body>) => Command | Refused,
  ): void {
    const { path: things, shape } = this.#resource;
    this.#app.route({
      method,
      url: `${things}/:id${path}`,
      ...operation(this.#tag, summary, { ...bodyOf(body), answer: shape }),
      handler: async (request, reply) => {
        const make = (row: Rows[Kind]): Command | Refused => commandOf(row, request.body as Static<Body>);
        return send(reply, await changeRow(this.#backend, principalOf(request), this.#resource, request.params, make));
      },
    });
  }

  /** `DELETE /things/{id}`; the answer is the row as it was, marked as deleted. */
  remove(commandOf: (row: Rows[Kind]) => Command): void {
    const { path, shape, kind } = this.#resource;
    const remove = operation(this.#tag, `Delete one ${kind}`, { answer: shape });
    this.#app.delete(`${path}/:id`, remove, async (request, reply) =>
      send(reply, await deleteRow(this.#backend, principalOf(request), this.#resource, request.params, commandOf)),
    );
  }
}

/** A body of nothing is left out of the document. */
function bodyOf(body: TSchema): Pick<OperationParts, 'body'> {
  return 'properties' in body && Object.keys(body['properties'] as object).length === 0 ? {} : { body };
}
