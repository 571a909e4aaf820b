import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { type CallId, NIL_UUID } from '../../core/kernel/ids.ts';
import { type Answer, type CustomerPrincipal, refuse, send } from '../answer.ts';
import type { Backend } from '../backend.ts';
import { operation } from '../operation.ts';
import { presentAddress, timeOf } from '../presentation/values.ts';
import { principalOf } from '../principal.ts';
import { AddressGiven, addressFrom, Id } from '../schema.ts';

/** Addresses of one request. */
const ADDRESSES_MAX = 100;

const Beginning = Type.Object({
  transfer_type: Type.Enum(['attended', 'blind'], { description: 'attended or blind' }),
  transferer_call_id: Id,
  method: Type.Optional(Type.Enum(['', 'bridge', 'refer'], { description: 'bridge or refer' })),
  transferee_addresses: Type.Array(AddressGiven, {
    minItems: 1,
    maxItems: ADDRESSES_MAX,
    description: `an array of 1 to ${ADDRESSES_MAX} addresses {type, target}`,
  }),
});

/** `/transfers`: whom a call talks to goes on with somebody else. */
export function transfers(app: FastifyInstance, backend: Backend): void {
  app.post(
    '/transfers',
    operation('transfers', 'Transfer whom a call talks to: at once, or when that call has spoken to the target', {
      body: Beginning,
      answer: 'TransferManagerTransfer',
    }),
    async (request, reply) =>
      send(reply, await begin(backend, principalOf(request), request.body as Static<typeof Beginning>)),
  );
}

async function begin(backend: Backend, by: CustomerPrincipal, body: Static<typeof Beginning>): Promise<Answer> {
  const { transfer_type: type, method } = body;
  const id = body.transferer_call_id.toLowerCase() as CallId;
  const destinations = body.transferee_addresses.map(addressFrom);
  const result = await backend.execute(
    { kind: 'transferCall', id, manner: type, method: method || 'bridge', destinations },
    by,
  );
  if (result.kind === 'refused') return refuse(result.refusal);
  const { ids = [], at = null } = result;
  return {
    body: {
      id: result.id,
      customer_id: by.customerId,
      type,
      transferer_call_id: id,
      transferee_addresses: destinations.map(presentAddress),
      transferee_call_id: ids.length === 1 ? ids[0] : NIL_UUID,
      groupcall_id: NIL_UUID,
      confbridge_id: NIL_UUID,
      tm_create: timeOf(at),
      tm_update: null,
      tm_delete: null,
    },
  };
}
