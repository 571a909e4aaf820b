import { expect, test } from 'vitest';
import { address } from '../../../core/calls/address.ts';
import { NIL_UUID } from '../../../core/kernel/ids.ts';
import { documented } from '../documented.ts';
import { asker, simulate } from '../simulated-backend.ts';

const CAROL = { type: 'extension', target: '1002' };

async function talking() {
  const { backend, ask, server, customerId } = await simulate();
  const [source, destination] = [address('tel', '+4930111111'), address('extension', '1001')];
  const { id } = backend.life.addCall(customerId, { status: 'progressing', source, destination });
  const begin = (body: object) =>
    ask('POST', '/v1.0/transfers', {
      transfer_type: 'blind',
      transferer_call_id: id,
      transferee_addresses: [CAROL],
      ...body,
    });
  return { backend, begin, server, customerId, id };
}

test('a transfer is answered in the shape of the reference, with the call that rings for it', async () => {
  const { backend, begin, server, customerId, id } = await talking();
  const judge = await documented(server);
  for (const type of ['blind', 'attended']) {
    const { status, body } = await begin({ transfer_type: type, transferer_call_id: id.toUpperCase() });
    expect([status, judge('POST', '/v1.0/transfers', body)]).toEqual([200, '']);
    expect(body).toMatchObject({ customer_id: customerId, type, transferer_call_id: id, confbridge_id: NIL_UUID });
    expect(body.transferee_addresses).toMatchObject([CAROL]);
    const call = await backend.get('call', body.transferee_call_id);
    expect(call).toMatchObject({ masterCallId: id, destination: CAROL });
  }
});

test('of several that ring for a transfer none is told as the one', async () => {
  const { begin } = await talking();
  const { body } = await begin({ transferee_addresses: [CAROL, { type: 'tel', target: '+4930222222' }] });
  expect([body.transferee_call_id, body.transferee_addresses.length]).toEqual([NIL_UUID, 2]);
});

test.each([
  [{ transfer_type: 'foo' }, 'transfer_type'],
  [{ transferer_call_id: 'x' }, 'transferer_call_id'],
  [{ transferee_addresses: [] }, 'transferee_addresses'],
  [{ transferee_addresses: [{ type: 'pigeon' }] }, 'transferee_addresses[0].type'],
])('a transfer with %j is refused', async (fields, field) => {
  const { begin } = await talking();
  const { status, body } = await begin(fields);
  expect([status, body.error.details[0].field]).toEqual([400, field]);
});

test("another customer's call is transferred by nobody else", async () => {
  const { backend, server, id } = await talking();
  backend.addAccesskey(backend.addCustomer('Second'), 'vb_second');
  const ask = asker(server, 'vb_second');
  const body = { transfer_type: 'blind', transferer_call_id: id, transferee_addresses: [CAROL] };
  expect((await ask('POST', '/v1.0/transfers', body)).status).toBe(404);
});
