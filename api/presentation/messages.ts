import type { MessageRecord } from '../../core/messages/message-record.ts';
import { type Presented, presentAddress, timeOf, timesOf } from './values.ts';

/** MessageManagerMessage, of a type of its own: a text of a phone is no SMS. */
export function presentMessage(message: MessageRecord): Presented {
  return {
    id: message.id,
    customer_id: message.customerId,
    type: 'sip',
    source: presentAddress(message.source),
    targets: [
      {
        destination: presentAddress(message.destination),
        status: message.status,
        parts: 1,
        tm_update: timeOf(message.updatedAt ?? message.createdAt),
      },
    ],
    text: message.text,
    direction: message.direction,
    ...timesOf(message),
  };
}
