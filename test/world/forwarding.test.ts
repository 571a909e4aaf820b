import { expect, test } from 'vitest';
import type { ProviderTerms } from '../../core/directory/provider-terms.ts';
import { assert } from '../../core/kernel/assert.ts';
import { seeded } from '../../core/kernel/random.ts';
import { compile } from '../../flows/compile.ts';
import type { Request } from '../../sip/message.ts';
import { ownTrunkOf, storeOwnTrunks } from '../sim/own-trunks.ts';
import { calleesThrough, dialsOut, ECHO, OUTSIDE, OWN_NUMBER, providerOf } from '../sim/providers.ts';
import { Scene } from '../sim/scene.ts';
import { expectNothingLeft } from './invariants.ts';

/** Somebody outside who calls the customer's number. */
const CALLER = '+498911111111';
const ANSWERS = { manner: { kind: 'answers', afterMs: 1_000 }, hangsUpAfterMs: 2_000 } as const;

/** The INVITE to the carrier for a call to our number, which a flow forwards outside through a carrier with these terms. */
function forwarded(terms: Partial<ProviderTerms>): Request {
  const scene = new Scene();
  const caller = scene.stranger('caller', CALLER);
  const carrier = scene.stranger('carrier', '', ANSWERS);
  const { address } = caller.addresses[0]!;
  storeOwnTrunks(scene.tandem, [ownTrunkOf(1, { allowedIps: [address] })]);
  const compiled = compile(
    [{ type: 'connect', option: { destinations: [{ type: 'tel', target: OUTSIDE }] } }],
    seeded(1),
  );
  assert('actions' in compiled, JSON.stringify(compiled));
  const hostname = carrier.addresses[0]!.address;
  calleesThrough(scene.tandem, [providerOf(1, { hostname, terms })], { ...ECHO, actions: compiled.actions });
  caller.plan(1_000, { kind: 'call', to: OWN_NUMBER });
  scene.run(60_000);
  expect(caller.heard).toContain('answered');
  expectNothingLeft(scene);
  return inviteTo(scene, 'carrier');
}

function inviteTo(scene: Scene, name: string): Request {
  return scene.world.hops.find(({ to, message }) => to === name && message.type === 'request')!.message as Request;
}

const told = (request: Request) => [request.from.uri.user, request.first('Diversion')];

test('a call that is forwarded outside shows the number that forwards it, and says nothing of that', () => {
  expect(told(forwarded({}))).toEqual([OWN_NUMBER, undefined]);
});

test('RFC 5806 §4: a provider that wants it is told which number forwarded the call, in its own form', () => {
  const terms = { diversion: 'diversion' } as const;
  expect(told(forwarded(terms))).toEqual([OWN_NUMBER, `<sip:${OWN_NUMBER}@192.0.2.1>;reason=unconditional`]);
  const formed = forwarded({ ...terms, numberFormat: 'national', country: 'DE', fromDomain: 'ours.example' });
  expect(told(formed)).toEqual(['030123456', '<sip:030123456@ours.example>;reason=unconditional']);
});

test('a provider that lets numbers of others be shown is shown the caller, and who forwarded the call', () => {
  const terms = { callerNumbers: 'any', diversion: 'diversion', identity: 'p-asserted-identity' } as const;
  const request = forwarded(terms);
  expect(told(request)).toEqual([CALLER, `<sip:${OWN_NUMBER}@192.0.2.1>;reason=unconditional`]);
  expect(request.first('P-Asserted-Identity')).toContain(`<sip:${CALLER}@`);
});

test('who calls out directly shows a number of the customer, and has forwarded nothing', () => {
  const scene = new Scene();
  // A phone that says to be somebody else.
  const alice = dialsOut(scene, OUTSIDE, { headers: { 'P-Asserted-Identity': `<sip:${CALLER}@192.0.2.10>` } });
  const carrier = scene.stranger('carrier', '', ANSWERS);
  const terms = { callerNumbers: 'any', diversion: 'diversion' } as const;
  calleesThrough(scene.tandem, [providerOf(1, { hostname: carrier.addresses[0]!.address, terms })]);
  scene.run(60_000);
  expect(alice.heard).toContain('answered');
  expect(told(inviteTo(scene, 'carrier'))).toEqual([OWN_NUMBER, undefined]);
});
