import { expect, test } from 'vitest';
import { Scene } from '../sim/scene.ts';
import { expectLadder } from './golden.ts';

/** Alice, whose INVITEs have these fields, calls Bob at 1 s; he answers 2 s later. */
function call(headers: Readonly<Record<string, string>> = {}) {
  const scene = new Scene();
  const alice = scene.phone('alice', '1000', { headers });
  const bob = scene.phone('bob', '1001', { manner: { kind: 'answers', afterMs: 2_000 } });
  alice.plan(1_000, { kind: 'call', to: '1001' });
  return { scene, alice, bob };
}

/** m-lines and directions of the last description that the switch gave. */
function lastMedia(scene: Scene): readonly string[] {
  const last = scene.world.hops.filter(({ from, message }) => from === 'tandem' && message.body.length > 0).at(-1);
  const lines = new TextDecoder().decode(last!.message.body).split('\r\n');
  return lines
    .filter((line) => /^m=|^a=(sendrecv|sendonly|recvonly|inactive)/.test(line))
    .map((line) => line.replace(/ 2\d{4} /, ' PORT '));
}

test('RFC 3262 §3: a caller who demands it acknowledges the ringing', () => {
  const { scene, alice } = call({ Require: '100rel' });
  alice.plan(8_000, { kind: 'hangup' });
  scene.run(60_000);
  expect(alice.heard.slice(1)).toEqual(['ringing 180', 'answered', 'ended normal local']);
  expectLadder(scene, 'reliable-ringing');
});

test('RFC 4028 §7.4: a caller that wants its session refreshed refreshes it, after half its interval', () => {
  const { scene, alice } = call({ 'Session-Expires': '90' });
  alice.plan(55_000, { kind: 'hangup' });
  scene.run(100_000);
  expect(alice.heard.at(-1)).toBe('ended normal local');
  expectLadder(scene, 'session-timer');
});

test('RFC 4028 §10: a session whose refresher fell silent is ended before its interval is over', () => {
  const { scene, alice, bob } = call({ 'Session-Expires': '90' });
  alice.plan(10_000, { kind: 'unplug' });
  scene.run(200_000);
  expect(bob.heard.slice(1)).toEqual(['called by 1000', 'ended network-failed remote']);
  expect(scene.tandem.node.exchange.calls.bridgeCount).toBe(0);
  expectLadder(scene, 'session-expires');
});

test('a re-INVITE for fax alone is refused with 488, and the call goes on', () => {
  const { scene, alice } = call();
  alice.plan(5_000, { kind: 'offer', media: ['m=image 4000 udptl t38', 'a=T38FaxVersion:0'] });
  alice.plan(8_000, { kind: 'hangup' });
  scene.run(60_000);
  expect(alice.heard.slice(2)).toEqual(['answered', 'reanswered 488', 'ended normal local']);
  expectLadder(scene, 'fax-refused');
});

test('RFC 3264 §6: what a re-INVITE offers beside the audio is refused in its place', () => {
  const { scene, alice } = call();
  const media = ['m=video 4002 RTP/AVP 96', 'm=audio 15060 RTP/AVP 0', 'm=image 4000 udptl t38'];
  alice.plan(5_000, { kind: 'offer', media });
  alice.plan(8_000, { kind: 'hangup' });
  scene.run(60_000);
  expect(alice.heard.slice(2)).toEqual(['answered', 'reanswered 200', 'ended normal local']);
  expect(lastMedia(scene)).toEqual([
    'm=video 0 RTP/AVP 96',
    'm=audio PORT RTP/AVP 0',
    'a=sendrecv',
    'm=image 0 udptl t38',
  ]);
});

test('a re-INVITE may change the codec, and every form of hold is answered in kind', () => {
  const forms = [
    [['m=audio 15060 RTP/AVP 8'], 'm=audio PORT RTP/AVP 8', 'a=sendrecv'],
    [['m=audio 15060 RTP/AVP 0', 'a=sendonly'], 'm=audio PORT RTP/AVP 0', 'a=recvonly'],
    [['m=audio 15060 RTP/AVP 0', 'a=inactive'], 'm=audio PORT RTP/AVP 0', 'a=inactive'],
    [['m=audio 15060 RTP/AVP 0', 'c=IN IP4 0.0.0.0'], 'm=audio PORT RTP/AVP 0', 'a=recvonly'],
    [['m=audio 15060 RTP/AVP 0', 'c=IN IP4 0.0.0.0', 'a=inactive'], 'm=audio PORT RTP/AVP 0', 'a=inactive'],
  ] as const;
  for (const [media, line, direction] of forms) {
    const { scene, alice } = call();
    alice.plan(5_000, { kind: 'offer', media });
    alice.plan(8_000, { kind: 'hangup' });
    scene.run(60_000);
    expect([media, lastMedia(scene)]).toEqual([media, [line, direction]]);
  }
});
