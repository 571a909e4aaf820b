import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { termsFrom } from '../../api/resources/provider-metadata.ts';
import { missingFor, TRUNK_PROFILES, type TrunkProfile } from '../../cli/trunk-profiles.ts';
import { INCOMING_ONLY } from '../../core/directory/provider-terms.ts';
import { PERMISSION } from '../../core/directory/records.ts';
import type { TrunkId } from '../../core/kernel/ids.ts';
import { asker, simulate } from '../api/simulated-backend.ts';
import { calleesThrough, dialsOut, ECHO, OUTSIDE, OWN_NUMBER, providerOf } from '../sim/providers.ts';
import { Scene } from '../sim/scene.ts';
import { CUSTOMER, EPOCH, SimulatedSwitch } from '../sim/switch.ts';

const PEER = { transport: 'udp', address: '192.0.2.2', port: 5060 } as const;
const PHONE = { transport: 'udp', address: '192.0.2.50', port: 5060 } as const;

/** The profile with what is a customer's own filled in. */
function filled({ provider }: TrunkProfile) {
  const own = {
    HOST: PEER.address,
    REGISTRAR: 'sip.example.com',
    EXTENSION: '1000',
    ACCOUNT: '1000',
    PASSWORD: 'secret',
  };
  let text = JSON.stringify(provider).replaceAll('+NUMBER', OWN_NUMBER);
  for (const [name, value] of Object.entries(own)) text = text.replaceAll(name, value);
  return JSON.parse(text) as TrunkProfile['provider'];
}

function profile(name: string): TrunkProfile {
  return TRUNK_PROFILES.find((one) => one.name === name)!;
}

/** Our switch with this profile, the peer whose number outside is an echo, and a phone on each side. */
function beside(name: string) {
  const scene = new Scene();
  const alice = dialsOut(scene);
  const peer = new SimulatedSwitch({ name: 'peer', address: PEER, random: scene.random });
  scene.world.add(peer);
  const { hostname, metadata } = filled(profile(name));
  calleesThrough(scene.tandem, [providerOf(1, { hostname, terms: termsFrom(metadata) })], ECHO);
  peer.directory.putFlow(ECHO);
  const [number] = [...scene.tandem.directory.numbers.values()];
  peer.directory.putNumber({ ...number!, number: OUTSIDE });
  return { scene, alice, peer };
}

test('every profile makes a provider, and names what replays it or is untested', async () => {
  const { backend, server, customerId } = await simulate();
  await backend.addAgent(customerId, 'root@localhost', PERMISSION.projectSuperAdmin);
  const payload = { username: 'root@localhost', password: 'correct horse' };
  const { token } = (await server.inject({ method: 'POST', url: '/auth/login', payload })).json();
  for (const one of TRUNK_PROFILES) {
    const { status, body } = await asker(server, token)('POST', '/v1.0/providers', filled(one));
    expect([one.name, status], JSON.stringify(body)).toEqual([one.name, 200]);
    if (one.replayedBy !== '') expect(existsSync(one.replayedBy), one.replayedBy).toBe(true);
  }
});

test('what a peer requires of media and is not built is told', () => {
  expect(missingFor(profile('tandem'))).toEqual([]);
  expect(missingFor(profile('encrypted'))).toEqual([]);
  const { media } = profile('account');
  expect(missingFor({ ...profile('account'), media: { ...media, encodings: ['G729'] } })).toEqual(['one of G729']);
});

test('the profile of another Tandem: we register, call out through it, and are called by our line', () => {
  const { scene, alice, peer } = beside('tandem');
  const bob = scene.phoneOf('bob', '1001', peer, PHONE);
  bob.plan(20_000, { kind: 'call', to: '1000' });
  scene.run(40_000);
  expect(alice.heard).toContain('answered');
  expect(bob.heard).toContain('answered');
});

test('the profile of a Tandem that trusts our address: we call out through it without being asked who we are', () => {
  const { scene, alice, peer } = beside('tandem-trunk');
  peer.directory.putTrunk({
    createdAt: EPOCH,
    updatedAt: null,
    deletedAt: null,
    id: '9a000000-0000-4000-8000-000000000001' as TrunkId,
    customerId: CUSTOMER,
    name: '',
    detail: '',
    domainName: 'us',
    authTypes: ['ip'],
    username: '',
    password: '',
    allowedIps: [scene.tandem.addresses[0]!.address],
    ...INCOMING_ONLY,
  });
  scene.run(40_000);
  expect(alice.heard).toContain('answered');
  expect(scene.world.lines).not.toContain('peer 401 INVITE tandem');
});
