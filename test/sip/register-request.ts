import type { Directory } from '../../core/directory/directory.ts';
import type { Extension } from '../../core/directory/records.ts';
import type { CustomerId, ExtensionId } from '../../core/kernel/ids.ts';
import type { SignalingEvent, TransportAddress } from '../../core/ports.ts';
import { parseUri } from '../../sip/grammar/uri.ts';
import type { HeaderName, Request } from '../../sip/message.ts';
import { buildRequest } from '../../sip/writer.ts';

export const EXTENSION: Extension = {
  id: '00000000-0000-4000-8000-000000001000' as ExtensionId,
  customerId: '00000000-0000-4000-8000-000000000001' as CustomerId,
  extension: '1000',
  name: '',
  detail: '',
  password: 'a password',
  codecs: '',
  srtp: 'off',
  createdAt: 0,
  updatedAt: null,
  deletedAt: null,
};

export const PHONE: TransportAddress = { transport: 'udp', address: '192.0.2.17', port: 5062 };

/** A REGISTER for extension 1000 with these fields; `from` replaces the fields of the same name. */
export function register(
  fields: readonly (readonly [HeaderName, string])[] = [],
  cseq = 1,
  callId = 'a@phone',
): Request {
  return buildRequest({
    method: 'REGISTER',
    uri: parseUri('sip:127.0.0.1')!,
    fields: [
      ['Via', 'SIP/2.0/UDP 192.0.2.17:5062;branch=z9hG4bK1'],
      ['From', '<sip:1000@127.0.0.1>;tag=1'],
      ['To', '<sip:1000@127.0.0.1>'],
      ['Call-ID', callId],
      ['CSeq', `${cseq} REGISTER`],
      ...fields,
    ],
  });
}

/** What the core does with the registrar's events. */
export function apply(directory: Directory, events: readonly SignalingEvent[]): void {
  for (const event of events) {
    if (event.kind === 'bound') directory.putBinding(event.binding);
    if (event.kind === 'unbound') directory.dropBinding(event.binding.extensionId, event.binding.contact);
  }
}
