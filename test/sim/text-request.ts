import { hexToken } from '../../core/kernel/ids.ts';
import type { Random } from '../../core/kernel/random.ts';
import { buildUri } from '../../sip/grammar/uri.ts';
import type { Request } from '../../sip/message.ts';
import { buildRequest } from '../../sip/writer.ts';

/** A MESSAGE of a phone to somebody at its server (RFC 3428 §4). */
export function textRequest(parts: {
  readonly server: string;
  readonly username: string;
  readonly to: string;
  readonly text: string;
  readonly authorization: string | undefined;
  readonly random: Random;
}): Request {
  const { server, username, to, text, authorization, random } = parts;
  const uri = buildUri({ user: to, host: server });
  return buildRequest({
    method: 'MESSAGE',
    uri,
    fields: [
      ['Max-Forwards', '70'],
      ['From', `<sip:${username}@${server}>;tag=${hexToken(random, 4)}`],
      ['To', `<${uri.text}>`],
      ['Call-ID', hexToken(random, 8)],
      ['CSeq', '1 MESSAGE'],
      ['Content-Type', 'text/plain;charset=utf-8'],
      ...(authorization === undefined ? [] : [['Authorization', authorization] as const]),
    ],
    body: new TextEncoder().encode(text),
  });
}
