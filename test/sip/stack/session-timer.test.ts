import { expect, test } from 'vitest';
import type { Request } from '../../../sip/message.ts';
import { kinds, OFFER, Rig, words } from './rig.ts';

const body = new TextEncoder().encode(OFFER);
const CONTACT = ['Contact', '<sip:bob@198.51.100.7:40000>'] as const;
const SDP = ['Content-Type', 'application/sdp'] as const;
const UPDATABLE = ['Allow', 'INVITE, ACK, BYE, UPDATE'] as const;

/** An answered call from a peer whose INVITE has these fields. */
function called(fields: Readonly<Record<string, string>>) {
  const rig = new Rig();
  const leg = rig.offered(fields);
  const [ok] = rig.execute({ kind: 'answer', leg, body });
  const To = ok!.message.first('To')!;
  const inDialog = (method: string, cseq: number, more = {}, sdp = '') =>
    rig.request(method, { To, CSeq: `${cseq} ${method}`, ...more }, sdp, 'sip:192.0.2.1:5060');
  rig.receive(inDialog('ACK', 2));
  return { rig, leg, ok: ok!.message, inDialog, at: rig.now };
}

/** A call of ours, answered with these fields. */
function calling(sessionExpiresS: number, ...fields: readonly (readonly [string, string])[]) {
  const rig = new Rig({ sessionExpiresS });
  const { leg, invite } = rig.dialled({ username: 'u', password: 'p' });
  rig.answer(invite, 200, { fields: [CONTACT, SDP, ...fields], body });
  return { rig, leg, invite, at: rig.now };
}

test('a call in which nobody asks for a session timer has none', () => {
  const { ok, rig } = called({ Supported: 'timer' });
  expect(ok.first('Session-Expires')).toBeUndefined();
  expect(rig.until(rig.now + 86_400_000)).toEqual([]);
  const ours = calling(0);
  expect([ours.invite.first('Session-Expires'), ours.invite.all('Supported')]).toEqual([
    undefined,
    ['100rel', 'timer', 'replaces', 'norefersub'],
  ]);
  expect(ours.rig.until(86_400_000)).toEqual([]);
});

test('RFC 4028 §9: a caller is the refresher that it nominates, itself when it leaves the choice, and we when it cannot', () => {
  const agreed = (fields: Record<string, string>) => {
    const { ok } = called(fields);
    return [ok.first('Session-Expires'), ok.first('Require')];
  };
  const Supported = 'timer';
  expect(agreed({ Supported, 'Session-Expires': '1800' })).toEqual(['1800;refresher=uac', 'timer']);
  expect(agreed({ Supported, 'Session-Expires': '1800;refresher=uac' })).toEqual(['1800;refresher=uac', 'timer']);
  expect(agreed({ Supported, x: '1800 ; Refresher = UAS' })).toEqual(['1800;refresher=uas', undefined]);
  expect(agreed({ 'Session-Expires': '1800;refresher=uac' })).toEqual(['1800;refresher=uas', undefined]);
  expect(agreed({ 'Session-Expires': '60', 'Min-SE': '120' })).toEqual(['120;refresher=uas', undefined]);
});

test('RFC 4028 §9: an interval that is too short gets 422 with the least one', () => {
  const refused = (fields: Record<string, string>) =>
    new Rig()
      .authenticated('INVITE', fields, OFFER)
      .map(({ message }) => [words([{ message } as never]), message.first('Min-SE')]);
  expect(refused({ Supported: 'timer', 'Session-Expires': '89' })).toEqual([[['422 INVITE'], '90']]);
  expect(refused({ Supported: 'timer', 'Session-Expires': '90' })).toEqual([]);
  expect(refused({ Supported: 'timer', 'Session-Expires': 'soon' })).toEqual([]);
});

test('RFC 4028 §10: a peer that does not refresh is hung up a little before the session expires', () => {
  const { rig, at, inDialog } = called({ Supported: 'timer', 'Session-Expires': '1800' });
  rig.until(at + 900_000);
  const [refreshed] = rig.receive(
    inDialog('UPDATE', 3, { Supported: 'timer', 'Session-Expires': '1800;refresher=uac' }),
  );
  expect([words([refreshed!]), refreshed!.message.first('Session-Expires')]).toEqual([
    ['200 UPDATE'],
    '1800;refresher=uac',
  ]);
  expect(rig.until(at + 900_000 + 1_767_999)).toEqual([]);
  const [bye] = rig.until(at + 900_000 + 1_768_000);
  expect([bye!.message.cseq.method, bye!.message.first('Reason')]).toEqual([
    'BYE',
    'Q.850;cause=102;text="Session not refreshed in time"',
  ]);
  rig.answer(bye!.message as Request, 200);
  expect(kinds(rig.events).at(-1)).toBe('ended session-expired');
});

test('RFC 4028 §7.4: as refresher we send UPDATE after half the interval where the peer takes it', () => {
  const { rig, at } = called({
    Supported: 'timer',
    Allow: 'INVITE, ACK, BYE, UPDATE',
    'Session-Expires': '1800;refresher=uas',
  });
  const [update] = rig.until(at + 900_000);
  expect([update!.message.cseq.method, update!.message.first('Session-Expires'), update!.message.body.length]).toEqual([
    'UPDATE',
    '1800;refresher=uac',
    0,
  ]);
  rig.answer(update!.message as Request, 200, { fields: [CONTACT, ['Session-Expires', '1800;refresher=uac']] });
  expect(words(rig.until(rig.now + 899_999))).toEqual([]);
  expect(words(rig.until(rig.now + 1))).toEqual(['UPDATE']);
});

test('RFC 4028 §7.4: and a re-INVITE with the same description where it does not', () => {
  const { rig, at } = called({ Supported: 'timer', 'Session-Expires': '1800;refresher=uas' });
  const [reinvite] = rig.until(at + 900_000);
  expect(new TextDecoder().decode(reinvite!.message.body)).toBe(OFFER);
  expect(words(rig.answer(reinvite!.message as Request, 200, { fields: [CONTACT, SDP], body }))).toEqual(['ACK']);
  expect(words(rig.until(rig.now + 900_000))).toEqual(['INVITE']);
});

test('a peer that knows no UPDATE after all gets a re-INVITE at once', () => {
  const { rig, at } = calling(1_800, UPDATABLE);
  const [update] = rig.until(at + 900_000);
  expect(words(rig.answer(update!.message as Request, 405))).toEqual(['INVITE']);
});

test('RFC 3261 §22.2: an UPDATE that is challenged goes once more, with credentials and the next CSeq', () => {
  const { rig, at } = calling(1_800, UPDATABLE);
  const fields = [['WWW-Authenticate', 'Digest realm="r", nonce="n", algorithm=MD5, qop="auth"']] as const;
  const [first] = rig.until(at + 900_000);
  const second = rig.answer(first!.message as Request, 401, { fields })[0]!.message;
  expect(second.cseq).toEqual({ number: first!.message.cseq.number + 1, method: 'UPDATE' });
  expect(second.first('Authorization')).toContain('username="u"');
  expect(second.first('Session-Expires')).toBe(first!.message.first('Session-Expires'));
  rig.answer(second as Request, 200, { fields: [CONTACT, ['Session-Expires', '1800;refresher=uac']] });
  // The next one is a request of its own, which may be challenged as well.
  const [next] = rig.until(rig.now + 900_000);
  expect([next!.message.cseq.method, next!.message.first('Authorization')]).toEqual(['UPDATE', undefined]);
  expect(words(rig.answer(next!.message as Request, 401, { fields }))).toEqual(['UPDATE']);
});

test('RFC 4028 §10: a session is over when its refresh times out, or the peer has lost it', () => {
  const silent = calling(1_800, UPDATABLE);
  expect(words(silent.rig.until(silent.at + 900_000 + 32_000)).at(-1)).toBe('BYE');
  const gone = calling(1_800, UPDATABLE);
  const [update] = gone.rig.until(gone.at + 900_000);
  expect(words(gone.rig.answer(update!.message as Request, 481))).toEqual(['BYE']);
});

test('a refresh that is refused for the moment comes again, until the session expires', () => {
  const { rig, at } = calling(1_800, UPDATABLE);
  const [update] = rig.until(at + 900_000);
  rig.answer(update!.message as Request, 491);
  const [second] = rig.until(rig.now + 10_000);
  expect(second!.message.cseq.method).toBe('UPDATE');
  rig.answer(second!.message as Request, 500);
  let last = second!;
  for (let now = rig.now; now < at + 1_800_000; now = rig.now) {
    for (const sent of rig.until(now + 10_000)) {
      last = sent;
      rig.answer(sent.message as Request, 500);
    }
  }
  expect([last.message.cseq.method, rig.now]).toEqual(['BYE', at + 1_800_000]);
});

test('RFC 4028 §7.2: a callee that cannot refresh is refreshed by us, one that can does it when it says so', () => {
  const alone = calling(1_800);
  expect(alone.invite.first('Session-Expires')).toBe('1800');
  expect(words(alone.rig.until(alone.at + 900_000))).toEqual(['INVITE']);
  const helped = calling(1_800, ['Session-Expires', '600;refresher=uas']);
  expect(helped.rig.until(helped.at + 567_999)).toEqual([]);
  expect(words(helped.rig.until(helped.at + 568_000))).toEqual(['BYE']);
  const asked = calling(0, ['Session-Expires', '600;refresher=uac'], UPDATABLE);
  expect(words(asked.rig.until(asked.at + 300_000))).toEqual(['UPDATE']);
});

test('RFC 4028 §7.3: a callee that wants a longer interval gets it, three times at most', () => {
  const rig = new Rig({ sessionExpiresS: 90 });
  let { invite } = rig.dialled();
  for (const [minimum, cseq] of [
    [120, 2],
    [240, 3],
    [480, 4],
  ] as const) {
    const sent = rig.answer(invite, 422, { fields: [['Min-SE', String(minimum)]] });
    expect(words(sent)).toEqual(['ACK', 'INVITE']);
    invite = sent[1]!.message as Request;
    expect([invite.first('Session-Expires'), invite.first('Min-SE'), invite.cseq.number]).toEqual([
      String(minimum),
      String(minimum),
      cseq,
    ]);
  }
  expect(words(rig.answer(invite, 422, { fields: [['Min-SE', '960']] }))).toEqual(['ACK']);
  expect(rig.events.at(-1)).toMatchObject({ kind: 'failed', status: 422 });
});

test('a re-INVITE of either side refreshes too; one without an interval keeps it for a peer that knows what it is', () => {
  const { rig, at, leg, inDialog } = called({ Supported: 'timer', 'Session-Expires': '1800' });
  rig.until(at + 900_000);
  const [reinvite] = rig.execute({ kind: 'reoffer', leg, offer: body });
  expect(reinvite!.message.first('Session-Expires')).toBe('1800;refresher=uas');
  const agreed = ['Session-Expires', '1800;refresher=uas'] as const;
  rig.answer(reinvite!.message as Request, 200, { fields: [CONTACT, SDP, agreed], body });
  rig.until(rig.now + 900_000);
  rig.receive(inDialog('INVITE', 3, { Supported: 'timer' }, OFFER));
  const [kept] = rig.execute({ kind: 'acceptOffer', leg, answer: body });
  expect(kept!.message.first('Session-Expires')).toBe('1800;refresher=uac');
  rig.receive(inDialog('ACK', 3));
  rig.until(rig.now + 900_000);
  rig.receive(inDialog('INVITE', 4, {}, OFFER));
  const [dropped] = rig.execute({ kind: 'acceptOffer', leg, answer: body });
  expect(dropped!.message.first('Session-Expires')).toBeUndefined();
  rig.receive(inDialog('ACK', 4));
  expect(rig.until(rig.now + 86_400_000)).toEqual([]);
});
