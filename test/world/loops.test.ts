import { expect, test } from 'vitest';
import { INCOMING_ONLY } from '../../core/directory/provider-terms.ts';
import type { Trunk } from '../../core/directory/records.ts';
import type { TrunkId } from '../../core/kernel/ids.ts';
import type { Request } from '../../sip/message.ts';
import { calleesThrough, dialsOut, providerOf } from '../sim/providers.ts';
import { Scene, SERVER } from '../sim/scene.ts';
import { CUSTOMER, EPOCH, SimulatedSwitch } from '../sim/switch.ts';
import { expectNothingLeft } from './invariants.ts';
import { OVER_AT } from './scenarios.ts';

const SECOND = { transport: 'udp', address: '192.0.2.2', port: 5060 } as const;
const MAX_FORWARDS = 70;
/** Two for each time that the call comes by. */
const STREAMS_MAX = 80;

/** Calls from this address are served, and those for numbers of nobody go back there, by one of two ways. */
function leadsTo(tandem: SimulatedSwitch, other: string): void {
  calleesThrough(
    tandem,
    [1, 2].map((number) => providerOf(number, { hostname: other })),
  );
  const trunk: Trunk = {
    ...{ createdAt: EPOCH, updatedAt: null, deletedAt: null, customerId: CUSTOMER, name: '', detail: '' },
    ...{ id: '9a000000-0000-4000-8000-000000000001' as TrunkId, domainName: 'other', authTypes: ['ip'] },
    ...{ username: '', password: '', allowedIps: [other], ...INCOMING_ONLY },
  };
  tandem.directory.putTrunk(trunk);
}

/** Max-Forwards of each INVITE between the two, in order. */
function hopCounts({ world }: Scene): number[] {
  const isBetween = (name: string): boolean => name === 'tandem' || name === 'second';
  const invites = world.hops.filter(
    ({ from, to, message }) =>
      isBetween(from) && isBetween(to) && message.type === 'request' && message.method === 'INVITE',
  );
  return invites.map(({ message }) => Number((message as Request).first('Max-Forwards')));
}

test('RFC 7332 §5: two switches that send a call to each other send it less far each time, until one refuses it', () => {
  const scene = new Scene({ streamsMax: STREAMS_MAX });
  const alice = dialsOut(scene);
  const second = new SimulatedSwitch({
    name: 'second',
    address: SECOND,
    random: scene.random,
    streamsMax: STREAMS_MAX,
  });
  scene.world.add(second);
  leadsTo(scene.tandem, SECOND.address);
  leadsTo(second, SERVER.address);
  scene.run(OVER_AT);
  const counts = hopCounts(scene);
  expect(counts).toEqual(Array.from({ length: MAX_FORWARDS }, (_, hop) => MAX_FORWARDS - 1 - hop));
  expect(alice.heard.at(-1)).toBe('failed 480');
  for (const tandem of [scene.tandem, second]) expectNothingLeft({ tandem });
});
