import type { RecordingId } from '../kernel/ids.ts';
import type { Archive, ArchiveEvent } from '../ports.ts';
import type { RecordingArchive } from './recording-archive.ts';

/** The core's way into the archive: what is looked up comes back as an input. */
export class RecordingLookup implements Archive {
  readonly #recordings: RecordingArchive;
  readonly #events: ArchiveEvent[] = [];
  #listener: () => void = () => undefined;

  constructor(recordings: RecordingArchive) {
    this.#recordings = recordings;
  }

  /** `listener` is called when `poll` has something new to say. It must only note that, or start a drain. */
  onEvent(listener: () => void): void {
    this.#listener = listener;
  }

  findRecording(request: number, id: RecordingId): void {
    this.#recordings.byId(id).then(
      (recording) => this.#found({ kind: 'recordingFound', request, recording }),
      // Counted where reads fail, in the store; whoever asked goes on without it.
      () => this.#found({ kind: 'recordingFound', request, recording: undefined }),
    );
  }

  poll(): ArchiveEvent | undefined {
    return this.#events.shift();
  }

  #found(event: ArchiveEvent): void {
    this.#events.push(event);
    this.#listener();
  }
}
