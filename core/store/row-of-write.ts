import type { Write } from '../write.ts';

/** Which row a write is about. */
export function rowOf(write: Write): string {
  switch (write.kind) {
    case 'saveDialog':
    case 'dropDialog':
      return `dialog ${write.callId}`;
    case 'saveBinding':
      return `binding ${write.row.extensionId} ${write.row.contact}`;
    case 'dropBinding':
      return `binding ${write.extensionId} ${write.contact}`;
    case 'saveFact':
      return `fact ${write.name}`;
    default:
      return `${write.kind} ${write.row.id}`;
  }
}
