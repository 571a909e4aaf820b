import { expect, test } from 'vitest';
import type { SrtpPolicy } from '../../core/kernel/srtp-policy.ts';
import { Scene } from '../sim/scene.ts';
import { CUSTOMER } from '../sim/switch.ts';
import { expectLadder } from './golden.ts';

const KEYS = ['d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj', 'WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz'] as const;

/** Alice, whose audio goes by this policy, calls Bob at 1 s, in the clear. */
function call(srtp: SrtpPolicy) {
  const scene = new Scene();
  const { directory } = scene.tandem;
  const alice = scene.phone('alice', '1000');
  const bob = scene.phone('bob', '1001', { manner: { kind: 'answers', afterMs: 2_000 } });
  directory.putExtension({ ...directory.extensionByName(CUSTOMER, '1000')!, srtp });
  alice.plan(1_000, { kind: 'call', to: '1001' });
  return { scene, alice, bob };
}

/** m-lines and keys of what the switch described to Alice, and beside them the key that she had said. */
function toAlice(scene: Scene): readonly string[] {
  const told = scene.world.hops.filter(({ from, to, message }) => {
    return from === 'tandem' && to === 'alice' && message.body.length > 0;
  });
  return told.map(({ message }) => {
    const text = new TextDecoder().decode(message.body);
    return (text.match(/^(m=audio|a=crypto).*$/gm) ?? []).join(' ').replace(/ 2\d{4} /, ' PORT ');
  });
}

test('RFC 4568 §5.1.2: a phone that is to have SRTP and offers none is refused with 488, and told why', () => {
  const { scene, alice, bob } = call('required');
  scene.run(60_000);
  expect(alice.heard.at(-1)).toBe('failed 488');
  expect(bob.heard).toEqual(['registered 200']);
  const refusal = scene.world.hops.find(({ message }) => message.type === 'response' && message.status === 488);
  expect(refusal!.message.first('Warning')).toBe('399 tandem "SRTP required"');
  expectLadder(scene, 'srtp-required');
});

test('RFC 4568 §7.1.4: a call begun in the clear is protected by a re-INVITE, and the next one brings another key', () => {
  const { scene, alice } = call('preferred');
  for (const [index, key] of KEYS.entries()) {
    const line = `a=crypto:${index + 1} AES_CM_128_HMAC_SHA1_80 inline:${key}`;
    alice.plan(5_000 + 2_000 * index, { kind: 'offer', media: ['m=audio 15060 RTP/SAVP 0', line] });
  }
  alice.plan(12_000, { kind: 'hangup' });
  scene.run(60_000);
  expect(alice.heard.slice(2)).toEqual(['answered', 'reanswered 200', 'reanswered 200', 'ended normal local']);
  const [first, second, third] = toAlice(scene);
  expect(first).toBe('m=audio PORT RTP/AVP 0 101');
  const ours = /inline:(\S{40})/.exec(second!)?.[1];
  expect(second).toBe(`m=audio PORT RTP/SAVP 0 a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${ours}`);
  expect(third).toBe(`m=audio PORT RTP/SAVP 0 a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:${ours}`);
  const told = JSON.stringify(scene.tandem.events);
  for (const key of [...KEYS, ours!]) expect(told).not.toContain(key);
  expectLadder(scene, 'srtp-rekeyed');
});
