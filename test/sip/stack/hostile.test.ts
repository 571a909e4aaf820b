import { expect, test } from 'vitest';
import type { Random } from '../../../core/kernel/random.ts';
import { seeded } from '../../../core/kernel/random.ts';
import type { Message } from '../../../sip/message.ts';
import { write } from '../../../sip/writer.ts';
import { OFFER, PEER, Rig } from './rig.ts';

const SOUP = [
  '\r',
  '\n',
  '\r\n',
  '\0',
  ';',
  ',',
  '<',
  '>',
  '"',
  ':',
  '@',
  ' ',
  'sip:',
  ';tag=',
  'é',
  '1e9',
  '-1',
  'SIP/2.0',
];
const METHODS = ['INVITE', 'ACK', 'BYE', 'CANCEL', 'UPDATE', 'REGISTER', 'OPTIONS', 'INFO', 'PRACK'];
const STATUSES = [100, 180, 183, 200, 202, 302, 401, 407, 408, 481, 486, 487, 491, 500, 603, 699];

function pick<Value>(random: Random, values: readonly Value[]): Value {
  return values[Math.floor(random.next() * values.length)]!;
}

/** The text with a few places overwritten, cut or filled. */
function damaged(text: string, random: Random): string {
  let result = text;
  for (let times = Math.floor(random.next() * 4); times > 0; times--) {
    const at = Math.floor(random.next() * result.length);
    const cut = random.next() < 0.5 ? 0 : Math.floor(random.next() * 12);
    result = result.slice(0, at) + (random.next() < 0.7 ? pick(random, SOUP) : '') + result.slice(at + cut);
  }
  return result;
}

/** A request in the dialog of this message, by any method. */
function requestLike(rig: Rig, message: Message, random: Random): string {
  const isOurs = message.type === 'request';
  const method = pick(random, METHODS);
  return rig.request(
    method,
    {
      'Call-ID': message.callId,
      From: message.first(isOurs ? 'To' : 'From')!,
      To: message.first(isOurs ? 'From' : 'To')!,
      CSeq: `${1 + Math.floor(random.next() * 12)} ${method}`,
    },
    random.next() < 0.5 ? OFFER : '',
  );
}

test.each(['udp', 'tcp', 'ws'] as const)(
  'whatever a peer in a call sends over %s, in whatever order and shape, and whenever it is gone, the stack goes on and everything ends',
  (transport) => {
    const seeds = Number(process.env['TANDEM_SEEDS'] ?? 60);
    for (let seed = 1; seed <= seeds; seed++) {
      const random = seeded(seed);
      const rig = new Rig({}, seed);
      rig.peer = { ...PEER, transport };
      const offered = rig.offered();
      const { leg: dialled } = rig.dialled({ username: 'u', password: 'p' });
      for (let step = 0; step < 60; step++) {
        const known = pick(random, rig.sent);
        const { message } = known;
        const choice = random.next();
        if (choice < 0.35 && message.type === 'request') {
          const status = pick(random, STATUSES);
          const challenge: [string, string][] = [['WWW-Authenticate', 'Digest realm="r", nonce="n", qop="auth"']];
          rig.answer(message, status, {
            toTag: pick(random, ['bob', 'bob', 'other']),
            fields: status === 401 ? challenge : [],
          });
        } else if (choice < 0.65) {
          rig.receive(damaged(requestLike(rig, message, random), random));
        } else if (choice < 0.75) rig.receive(damaged(new TextDecoder().decode(write(message)), random));
        else if (choice < 0.8) rig.transportFailed(pick(random, rig.sent).destination);
        else if (choice < 0.95) rig.until(rig.now + random.next() * 3_000);
        else {
          const leg = pick(random, [offered, dialled]);
          const body = new TextEncoder().encode(OFFER);
          const last = rig.events.filter((event) => 'leg' in event && event.leg === leg).at(-1)?.kind;
          if (last === 'offered') rig.execute({ kind: 'answer', leg, body });
          else if (last === 'reoffered') rig.execute({ kind: 'acceptOffer', leg, answer: body });
          else if (last === 'confirmed' || last === 'answered') rig.execute({ kind: 'reoffer', leg, offer: body });
        }
      }
      for (const leg of [offered, dialled]) rig.execute({ kind: 'hangup', leg, cause: 'normal' });
      rig.until(rig.now + 400_000);
      const ends = rig.events.flatMap((event) =>
        event.kind === 'ended' || event.kind === 'failed' ? [event.leg] : [],
      );
      expect(ends.filter((leg) => leg === offered || leg === dialled).sort(), `seed ${seed}`).toEqual([
        offered,
        dialled,
      ]);
      expect(rig.stack.counters, `seed ${seed}`).toMatchObject({
        inviteClientTransactions: 0,
        nonInviteClientTransactions: 0,
        inviteServerTransactions: 0,
        nonInviteServerTransactions: 0,
        timersArmed: 0,
      });
    }
  },
);
