import type { GatewayId } from '../../core/kernel/ids.ts';
import type { DialRequest } from '../../core/ports.ts';

/** What makes an INVITE carry further fields: as if a provider wanted them. */
export function furtherFields(headers: Readonly<Record<string, string>>): NonNullable<DialRequest['wishes']> {
  return {
    gatewayId: '' as GatewayId,
    fromUser: '',
    fromDomain: '',
    identity: 'none',
    forwardedFrom: '',
    headers: Object.entries(headers).map(([name, value]) => ({ action: 'add', name, value })),
  };
}
