import { expect, test } from 'vitest';
import { TrunkReports } from '../../cli/trunk-reports.ts';
import { type Step, stepsOf } from '../../cli/trunk-steps.ts';
import type { Trunk } from '../../core/directory/records.ts';
import type { Zone } from '../sim/name-server.ts';
import { type OwnTrunk, ownTrunkOf, storeOwnTrunks } from '../sim/own-trunks.ts';
import { calleesThrough } from '../sim/providers.ts';
import { Scene } from '../sim/scene.ts';
import { SimulatedSwitch } from '../sim/switch.ts';

const PEER = { transport: 'udp', address: '192.0.2.2', port: 5060 } as const;
const ACCOUNT = { username: '1000', password: 'secret', registers: true, expiresS: 600 } as const;
/** As an exchange that knows us by an account, and whose own calls come from its address. */
const RIGHT: OwnTrunk = { hostname: PEER.address, allowedIps: [PEER.address], terms: ACCOUNT };
const ZONE: Zone = {
  'SRV _sip._udp.pbx.example': ['1 1 5060 one.pbx.example'],
  'A one.pbx.example': [PEER.address],
};

/** What is found out of this trunk, called `pbx1`, while the exchange stands beside us. */
async function check(trunk: OwnTrunk, name = 'pbx1'): Promise<readonly Step[]> {
  const scene = new Scene({ zone: ZONE });
  const exchange = new SimulatedSwitch({ name: 'exchange', address: PEER, random: scene.random });
  exchange.directory.addOwnHost('pbx.example');
  scene.world.add(exchange);
  storeOwnTrunks(scene.tandem, [ownTrunkOf(1, trunk)]);
  calleesThrough(scene.tandem, []);
  scene.run(1_000);
  const reports = new TrunkReports(scene.tandem.directory, (command, by) => {
    scene.tandem.execute(1, command, by, scene.world.now);
    scene.run(scene.world.now + 60_000);
    return Promise.resolve(scene.tandem.settled.at(-1)!.result);
  });
  const report = await reports.of(name);
  if (report === undefined) throw new Error(`nothing is called ${name}`);
  expect(report.kind).toBe('trunk');
  // The account there is bound as it was: asking has changed nothing.
  expect(exchange.directory.bindingCount).toBe(trunk === RIGHT ? 1 : exchange.directory.bindingCount);
  return stepsOf(report);
}

const told = (steps: readonly Step[]) => steps.map(({ step, result }) => `${step} ${result}`);
const wrongs = (steps: readonly Step[]) =>
  steps.filter(({ result }) => result === 'wrong').map(({ step, found, advice }) => `${step}: ${found} → ${advice}`);

const NAMES: readonly ((trunk: Trunk) => string)[] = [
  ({ id }) => id.toUpperCase(),
  ({ domainName }) => domainName.toUpperCase(),
  ({ hostname }) => hostname,
];

test.each(NAMES)(
  "a customer's own trunk that is right is so in every step, by whichever name it is asked for",
  async (nameOf) => {
    const steps = await check(RIGHT, nameOf(ownTrunkOf(1, RIGHT)));
    expect(told(steps)).toEqual([
      'access ok',
      'route ok',
      'caller ok',
      'name ok',
      'transport ok',
      'options ok',
      'register ok',
      'address ok',
    ]);
    expect(steps.map(({ found }) => found)).toEqual([
      'its calls are known from 192.0.2.2',
      'routes to all; countries de',
      'calls show +4930123456 where the caller has no number',
      'leads to udp 192.0.2.2:5060',
      'packets go there and back',
      'answered 200 OK',
      'answered 200 OK; the credentials are right',
      'the other side sees us at 192.0.2.1:5060',
    ]);
  },
);

test('a trunk that only brings calls is known by its address or by credentials, and nothing is asked of it', async () => {
  const byAddress = await check({ allowedIps: ['203.0.113.0/24'] });
  expect(byAddress.map(({ found }) => found)).toEqual([
    'its calls are known from 203.0.113.0/24',
    'calls only come from it: it has no hostname',
  ]);
  const [either] = await check({
    allowedIps: ['203.0.113.7'],
    authTypes: ['ip', 'basic'],
    username: 'pbx',
    password: 'secret of pbx',
  });
  expect(either!.found).toBe('its calls are known from 203.0.113.7, or by the credentials of pbx');
  expect(JSON.stringify(either)).not.toContain('secret');
});

test.each<[string, OwnTrunk, readonly string[]]>([
  [
    'that nothing tells from strangers',
    { hostname: PEER.address, allowedIps: [] },
    ['access: its calls are taken for those of strangers: nothing tells them from others → PUT /v1.0/trunks/ID'],
  ],
  [
    'whose credentials nobody has',
    { allowedIps: [PEER.address], authTypes: ['basic'] },
    ['access: its calls are taken for those of strangers: nothing tells them from others → PUT /v1.0/trunks/ID'],
  ],
  [
    'whose password there is wrong',
    { ...RIGHT, terms: { ...ACCOUNT, password: 'guessed' } },
    ['register: answered 401 Unauthorized to our credentials → correct username and password in its metadata'],
  ],
  [
    'whose name does not exist',
    { ...RIGHT, hostname: 'nowhere.example' },
    ['name: there is no such host → correct its hostname or outbound_proxy'],
  ],
  [
    'whose proxy is called over a transport that we do not speak',
    { ...RIGHT, terms: { ...ACCOUNT, outboundProxy: 'sip:pbx.example;transport=ws' } },
    ['name: its transport is not listened for here → add a --sip listener of that transport'],
  ],
  [
    'where nobody answers',
    { ...RIGHT, hostname: '192.0.2.99' },
    ['transport: nothing comes back within 32 s → ask whether the other side knows our address; look at firewalls'],
  ],
  [
    'where nobody can be connected to',
    { ...RIGHT, hostname: '192.0.2.99', terms: { ...ACCOUNT, transport: 'tcp' } },
    ['transport: it cannot be connected to → look at host and port, firewalls'],
  ],
])("a customer's own trunk %s is told so, and what to change", async (_, trunk, expected) => {
  const found = wrongs(await check(trunk));
  expect(found).toEqual(expected.map((text) => expect.stringContaining(text)));
});

test("a customer's own trunk with a name is found by its servers", async () => {
  const steps = await check({ ...RIGHT, hostname: 'pbx.example' });
  expect(steps.find(({ step }) => step === 'name')?.found).toBe('leads to udp 192.0.2.2:5060');
  expect(wrongs(steps)).toEqual([]);
});
