import { expect, test } from 'vitest';
import type { Request } from '../../../sip/message.ts';
import { kinds, OFFER, Rig, words } from './rig.ts';

const body = new TextEncoder().encode(OFFER);
const sdp = {
  body,
  fields: [
    ['Contact', '<sip:bob@198.51.100.7:40000>'],
    ['Content-Type', 'application/sdp'],
  ] as [string, string][],
};

/** A leg that the peer called, in the state after `steps`, and the peer's requests in its dialog. */
function called(...steps: readonly ('ring' | 'answer' | 'confirm')[]) {
  const rig = new Rig();
  const leg = rig.offered();
  const [ringing] = rig.execute({ kind: 'ring', leg, early: undefined });
  const To = ringing!.message.first('To')!;
  const inDialog = (method: string, cseq: number, sdp = '', fields = {}) =>
    rig.request(method, { To, CSeq: `${cseq} ${method}`, ...fields }, sdp);
  if (steps.includes('answer')) rig.execute({ kind: 'answer', leg, body });
  if (steps.includes('confirm')) rig.receive(inDialog('ACK', 2));
  return { rig, leg, inDialog };
}

/** As called and confirmed, with our re-INVITE put off by 491. */
function postponed() {
  const scene = called('answer', 'confirm');
  const [reinvite] = scene.rig.execute({ kind: 'reoffer', leg: scene.leg, offer: body });
  scene.rig.answer(reinvite!.message as Request, 491);
  return scene;
}

test('a caller may end an early dialog by BYE: its INVITE gets 487', () => {
  const { rig, inDialog } = called('ring');
  expect(words(rig.receive(inDialog('BYE', 3)))).toEqual(['200 BYE', '487 INVITE']);
  expect(kinds(rig.events)).toEqual(['offered', 'ended canceled']);
});

test('a new offer before the last one is settled is told to come again later', () => {
  const ringing = called('ring');
  const [early] = ringing.rig.receive(ringing.inDialog('UPDATE', 3, OFFER));
  expect([words([early!]), early!.message.first('Retry-After')]).toEqual([
    ['500 UPDATE'],
    expect.stringMatching(/^\d+$/),
  ]);
  const answering = called('answer');
  expect(words(answering.rig.receive(answering.inDialog('INVITE', 3, OFFER)))).toEqual(['500 INVITE']);
  const waiting = called('answer', 'confirm');
  waiting.rig.receive(waiting.inDialog('INVITE', 3, OFFER));
  expect(words(waiting.rig.receive(waiting.inDialog('INVITE', 4, OFFER)))).toEqual(['500 INVITE']);
});

test('our offer while another is open is refused to our user as pending', () => {
  const answering = called('answer');
  expect(answering.rig.execute({ kind: 'reoffer', leg: answering.leg, offer: body })).toEqual([]);
  expect(answering.rig.events.at(-1)).toMatchObject({ kind: 'reanswered', status: 491 });
  const theirs = called('answer', 'confirm');
  theirs.rig.receive(theirs.inDialog('INVITE', 3, OFFER));
  expect(theirs.rig.execute({ kind: 'reoffer', leg: theirs.leg, offer: body })).toEqual([]);
  expect(theirs.rig.events.at(-1)).toMatchObject({ kind: 'reanswered', status: 491 });
});

test('while our re-INVITE is put off, the peer may send its own, and ours is given up', () => {
  const { rig, leg, inDialog } = postponed();
  rig.receive(inDialog('INVITE', 3, OFFER));
  expect(kinds(rig.events).slice(-2)).toEqual(['reanswered', 'reoffered']);
  expect(words(rig.execute({ kind: 'acceptOffer', leg, answer: body }))).toEqual(['200 INVITE']);
  rig.receive(inDialog('ACK', 3));
  expect(words(rig.until(rig.now + 10_000))).toEqual([]);
});

test('while our re-INVITE is put off, either side may hang up', () => {
  const ours = postponed();
  expect(words(ours.rig.execute({ kind: 'hangup', leg: ours.leg, cause: 'normal' }))).toEqual(['BYE']);
  const theirs = postponed();
  expect(words(theirs.rig.receive(theirs.inDialog('BYE', 3)))).toEqual(['200 BYE']);
  expect(words(theirs.rig.until(theirs.rig.now + 10_000))).toEqual([]);
});

test('a re-INVITE that meets the peer\u2019s three times is given up', () => {
  const { rig, leg } = called('answer', 'confirm');
  let [reinvite] = rig.execute({ kind: 'reoffer', leg, offer: body });
  for (let glare = 0; glare < 4; glare++) {
    rig.answer(reinvite!.message as Request, 491);
    const next = rig
      .until(rig.now + 4_000)
      .filter(({ message }) => message.type === 'request' && message.method === 'INVITE');
    reinvite = next[0] ?? reinvite;
  }
  expect(kinds(rig.events).filter((kind) => kind === 'reanswered')).toEqual(['reanswered']);
  expect(rig.events.at(-1)).toMatchObject({ kind: 'reanswered', status: 491 });
});

test('a re-INVITE that its sender cancels gets 487, and the session goes on as it was', () => {
  const { rig, leg, inDialog } = called('answer', 'confirm');
  const Via = 'SIP/2.0/UDP 198.51.100.7:40000;rport;branch=z9hG4bKre';
  rig.receive(inDialog('INVITE', 3, OFFER, { Via }));
  expect(words(rig.receive(inDialog('CANCEL', 3, '', { Via })))).toEqual(['200 CANCEL', '487 INVITE']);
  expect(rig.execute({ kind: 'acceptOffer', leg, answer: body })).toEqual([]);
  expect(words(rig.execute({ kind: 'hangup', leg, cause: 'normal' }))).toEqual(['BYE']);
});

test('a hang-up on either side while a re-INVITE waits answers it first', () => {
  const ours = called('answer', 'confirm');
  ours.rig.receive(ours.inDialog('INVITE', 3, OFFER));
  expect(words(ours.rig.execute({ kind: 'hangup', leg: ours.leg, cause: 'normal' }))).toEqual(['487 INVITE', 'BYE']);
  const theirs = called('answer', 'confirm');
  theirs.rig.receive(theirs.inDialog('INVITE', 3, OFFER));
  expect(words(theirs.rig.receive(theirs.inDialog('BYE', 4)))).toEqual(['200 BYE', '487 INVITE']);
});

test('a next re-INVITE stands for the ACK that was lost; without either the leg ends', () => {
  const { rig, leg, inDialog } = called('answer', 'confirm');
  rig.receive(inDialog('INVITE', 3, OFFER));
  rig.execute({ kind: 'acceptOffer', leg, answer: body });
  rig.receive(inDialog('INVITE', 4, OFFER));
  expect(words(rig.execute({ kind: 'acceptOffer', leg, answer: body }))).toEqual(['200 INVITE']);
  expect(words(rig.until(rig.now + 32_000)).at(-1)).toBe('BYE');
});

test('an answer without any provisional response, to a call that was given up, is ended by BYE', () => {
  const rig = new Rig();
  const { leg, invite } = rig.dialled();
  rig.execute({ kind: 'hangup', leg, cause: 'canceled' });
  const sent = rig.answer(invite, 200, sdp);
  expect(words(sent)).toEqual(['ACK', 'BYE']);
  rig.answer(sent[1]!.message as Request, 200);
  expect(kinds(rig.events)).toEqual(['dialogChanged', 'ended canceled']);
});

test.each(['dialing', 'early', 'abandoning', 'canceling'])(
  'a callee that is %s can neither hang up nor offer',
  (state) => {
    const rig = new Rig();
    const { leg, invite } = rig.dialled();
    if (state === 'early' || state === 'canceling') rig.answer(invite, 180);
    if (state === 'abandoning' || state === 'canceling') rig.execute({ kind: 'hangup', leg, cause: 'canceled' });
    const fields = { 'Call-ID': invite.callId, To: invite.first('From')!, From: '<sip:bob@192.0.2.1>;tag=bob' };
    expect(words(rig.receive(rig.request('BYE', fields)))).toEqual(['481 BYE']);
    expect(words(rig.receive(rig.request('UPDATE', { ...fields, CSeq: '2 UPDATE' }, OFFER)))).toEqual(['491 UPDATE']);
  },
);

test.each(['reoffered', 'reanswering', 'postponed', 'ending', 'ended'])(
  'a second branch is released also while the leg is %s',
  (state) => {
    const rig = new Rig();
    const { leg, invite } = rig.dialled();
    rig.answer(invite, 200, sdp);
    const fields = {
      'Call-ID': invite.callId,
      To: invite.first('From')!,
      From: '<sip:bob@192.0.2.1>;tag=bob',
      CSeq: '1 INVITE',
    };
    if (state === 'reoffered' || state === 'reanswering') rig.receive(rig.request('INVITE', fields, OFFER));
    if (state === 'reanswering') rig.execute({ kind: 'acceptOffer', leg, answer: body });
    if (state === 'postponed') {
      const [reinvite] = rig.execute({ kind: 'reoffer', leg, offer: body });
      rig.answer(reinvite!.message as Request, 491);
    }
    if (state === 'ending') rig.execute({ kind: 'hangup', leg, cause: 'normal' });
    if (state === 'ended') rig.receive(rig.request('BYE', { ...fields, CSeq: '2 BYE' }));
    expect(words(rig.answer(invite, 200, sdp))).toEqual(['ACK']);
    expect(words(rig.answer(invite, 200, { ...sdp, toTag: 'other' }))).toEqual(['ACK', 'BYE']);
  },
);
