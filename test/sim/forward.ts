import { respond } from '../../sip/writer.ts';
import type { Phone } from './phone.ts';
import { SERVER } from './scene.ts';

/** From now on a phone sends whoever calls it to another extension of its server (RFC 3261 §21.3.3). */
export function forward(phone: Phone, to: string): void {
  phone.attend = (arrival) => {
    const { request } = arrival;
    if (request.method !== 'INVITE') return false;
    const Contact = `<sip:${to}@${SERVER.address}>`;
    phone.layer.respondStatelessly(
      arrival,
      respond(request, 302, { toTag: 'moved', fields: [['Contact', Contact]] }),
      Infinity,
    );
    return true;
  };
}
