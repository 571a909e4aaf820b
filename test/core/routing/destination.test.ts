import { describe, expect, test } from 'vitest';
import { type Address, address } from '../../../core/calls/address.ts';
import { Directory } from '../../../core/directory/directory.ts';
import { reachOf } from '../../../core/routing/destination.ts';
import { bindingOf, OTHER_CUSTOMER, SECOND } from '../office.ts';
import { CUSTOMER, EXTENSION } from '../store/rows.ts';

function reached(destination: Address, customerId = CUSTOMER.id) {
  const directory = new Directory();
  directory.putExtension(EXTENSION);
  directory.putExtension(SECOND);
  directory.putBinding(bindingOf(1));
  directory.putBinding(bindingOf(2));
  return reachOf(directory, { customerId, source: address('', ''), forwardedFrom: '' }, destination, 0);
}

const causeOf = (destination: Address, customerId = CUSTOMER.id) => {
  const reach = reached(destination, customerId);
  return reach.kind === 'refused' ? reach.cause : reach.kind;
};

describe('a destination', () => {
  test('of an extension, by name or id, reaches each of its contacts over the flow that it registered over', () => {
    for (const target of ['1001', EXTENSION.id]) {
      const reach = reached(address('extension', target));
      if (reach.kind === 'refused') throw new Error(reach.expected);
      expect(reach.isGroup).toBe(true);
      expect(reach.diallings.map((one) => one.target.contact)).toEqual(['sip:b@192.0.2.2', 'sip:b@192.0.2.1']);
      expect(reach.diallings[0]).toMatchObject({
        toUser: '1001',
        extensionId: EXTENSION.id,
        peer: { transport: 'udp', address: '192.0.2.1', port: 5060 },
        target: { localPort: 5060 },
      });
    }
  });

  test('of an extension without a phone, of nobody, or of another customer reaches nobody', () => {
    expect(causeOf(address('extension', '1002'))).toBe('unavailable');
    expect(causeOf(address('extension', '1999'))).toBe('not-found');
    expect(causeOf(address('extension', '1001'), OTHER_CUSTOMER)).toBe('not-found');
    expect(causeOf(address('extension', EXTENSION.id), OTHER_CUSTOMER)).toBe('not-found');
  });

  test.each([
    ['sip:bob@192.0.2.7', 'bob', 'udp', '192.0.2.7', 5060],
    ['bob@192.0.2.7:5070', 'bob', 'udp', '192.0.2.7', 5070],
    ['sip:192.0.2.7;transport=tcp', '', 'tcp', '192.0.2.7', 5060],
    ['SIP:+49@localhost:5061;lr;Transport=TLS', '+49', 'tls', '127.0.0.1', 5061],
    ['sips:bob@192.0.2.7', 'bob', 'tls', '192.0.2.7', 5061],
    ['sip:bob:pw@[2001:db8::1]:5080', 'bob', 'udp', '2001:db8::1', 5080],
  ])('%s goes to %s by %s at %s port %i', (target, toUser, transport, host, port) => {
    const reach = reached(address('sip', target));
    if (reach.kind === 'refused') throw new Error(reach.expected);
    const [dialling] = reach.diallings;
    expect(dialling).toMatchObject({ toUser, peer: { transport, address: host, port }, extensionId: null });
    expect(dialling!.target.via).toBeUndefined();
    expect(dialling!.target.contact).toMatch(/^sips?:/i);
  });

  test.each(['sip:bob@pbx.example', 'sips:bob@PBX-1.example.:5061', 'bob@pbx', 'sip:_x@a1.b2.c3;transport=tcp'])(
    '%s is a name, whose servers are to be found',
    (target) => {
      const reach = reached(address('sip', target));
      if (reach.kind === 'refused') throw new Error(reach.expected);
      expect(reach.diallings).toMatchObject([{ peer: undefined, extensionId: null, target: { via: undefined } }]);
    },
  );

  test.each([
    'sip:a@1.2.3',
    'sip:a@-x.example',
    'sip:a@x..example',
    'sip:a@.example',
    `sip:a@${'x.'.repeat(126)}xx`,
    '',
    'sip:',
    'sip:a b@192.0.2.1',
    'sip:<a>@192.0.2.1',
    'sip:a@192.0.2.1:0',
    'sip:a@192.0.2.1:99999',
    'sip:a@b@c',
  ])('%j is no SIP URI', (target) => {
    expect(causeOf(address('sip', target))).toBe('not-found');
  });

  test('what is of another kind reaches nobody', () => {
    expect(causeOf(address('tel', '+4930123456'))).toBe('not-found');
    expect(causeOf(address('agent', 'x'))).toBe('not-found');
    expect(causeOf(address('', ''))).toBe('not-found');
  });
});
