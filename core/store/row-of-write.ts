import type { Write } from '../write.ts';

/** Which table a write is about: its rows are told apart by `keyOf`. */
export function tableOf({ kind }: Write): string {
  switch (kind) {
    case 'dropDialog':
      return 'saveDialog';
    case 'dropBinding':
      return 'saveBinding';
    default:
      return kind;
  }
}

/** Which row of its table a write is about. */
export function keyOf(write: Write): string {
  switch (write.kind) {
    case 'saveDialog':
    case 'dropDialog':
      return write.callId;
    case 'saveBinding':
      return `${write.row.extensionId} ${write.row.contact}`;
    case 'dropBinding':
      return `${write.extensionId} ${write.contact}`;
    case 'saveFact':
      return write.name;
    default:
      return write.row.id;
  }
}
