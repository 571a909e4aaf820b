import type { EventBody } from '../../core/event.ts';
import { rfc3339 } from '../../core/kernel/time.ts';
import type { Presented } from './values.ts';

/** CallManagerExternalMedia, and what the reference does not tell: why it ended, and how it was. */
export function presentExternalMedia(body: Extract<EventBody, { external: unknown }>): Presented {
  const { external } = body;
  const { figures, detail } = 'figures' in body ? body : { figures: undefined, detail: '' };
  return {
    id: external.id,
    customer_id: external.customerId,
    asterisk_id: '',
    channel_id: '',
    bridge_id: '',
    reference_type: external.reference.type,
    reference_id: external.reference.id,
    status: external.status,
    local_ip: external.localAddress,
    local_port: external.localPort,
    external_host: external.target ?? '',
    encapsulation: external.encapsulation,
    transport: external.transport,
    transport_data: '',
    media_uri: '',
    connection_type: external.target === undefined ? 'server' : 'client',
    format: external.format,
    direction_listen: external.listen,
    direction_speak: external.speak,
    detail,
    ...(figures !== undefined && {
      heard_ms: figures.heardMs,
      said_ms: figures.saidMs,
      dropped_ms: figures.droppedMs,
      lost_ms: figures.lostMs,
      malformed: figures.malformed,
    }),
    tm_create: rfc3339(external.createdAt),
  };
}
