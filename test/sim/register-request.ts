import { hexToken } from '../../core/kernel/ids.ts';
import type { Random } from '../../core/kernel/random.ts';
import { buildUri } from '../../sip/grammar/uri.ts';
import type { Request } from '../../sip/message.ts';
import { buildRequest } from '../../sip/writer.ts';

/** A REGISTER of a phone at its server (RFC 3261 §10.2); without a contact it only asks. */
export function registerRequest(parts: {
  readonly server: string;
  readonly username: string;
  readonly callId: string;
  readonly cseq: number;
  readonly contact: string | undefined;
  readonly authorization: string | undefined;
  readonly random: Random;
}): Request {
  const { server, username, callId, cseq, contact, authorization, random } = parts;
  const aor = `<${buildUri({ user: username, host: server }).text}>`;
  return buildRequest({
    method: 'REGISTER',
    uri: buildUri({ host: server }),
    fields: [
      ['Max-Forwards', '70'],
      ['From', `${aor};tag=${hexToken(random, 4)}`],
      ['To', aor],
      ['Call-ID', callId],
      ['CSeq', `${cseq} REGISTER`],
      ...(contact === undefined ? [] : [['Contact', contact] as const]),
      ...(authorization === undefined ? [] : [['Authorization', authorization] as const]),
    ],
  });
}
