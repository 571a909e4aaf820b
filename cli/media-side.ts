import type { LegId } from '../core/kernel/ids.ts';
import { type CounterName, sumCounters } from '../media/counters.ts';
import { FileWorker } from '../media/file-worker.ts';
import type { WorkerMediaPlane } from '../media/media-plane.ts';
import type { StreamReport } from '../media/protocol.ts';
import { Workers, type WorkersOptions } from '../media/workers.ts';
import type { Post } from './node.ts';

export interface MediaSideOptions extends Omit<WorkersOptions, 'received' | 'lost' | 'memories'> {
  readonly plane: WorkerMediaPlane;
  /** Called after anything reached the plane. */
  readonly wake: () => void;
  /** A thread died of a bug and was replaced. */
  readonly lost: (thread: string, reason: string) => void;
  /** A stream is gone; how it was. */
  readonly closed?: (leg: LegId, report: StreamReport) => void;
}

/** The threads behind the media plane: media workers, and the file thread once a file is played or recorded. */
export class MediaSide {
  readonly workers: Workers;
  readonly #options: MediaSideOptions;
  #files: FileWorker | undefined;

  private constructor(workers: Workers, options: MediaSideOptions) {
    this.workers = workers;
    this.#options = options;
  }

  /** Rejects with a `Fault` when a media thread cannot start. */
  static async start(options: MediaSideOptions): Promise<MediaSide> {
    const { plane, wake, lost, closed } = options;
    const workers = await Workers.start({
      ...options,
      memories: plane.memories,
      received: (worker, message) => {
        plane.receive(worker, message);
        if (message.kind === 'closed') closed?.(message.leg, message.report);
        wake();
      },
      lost: (worker, reason) => {
        plane.workerLost(worker);
        lost(`media thread ${worker}`, reason);
        wake();
      },
    });
    return new MediaSide(workers, options);
  }

  post(post: Post): void {
    if (post.kind === 'post') {
      this.workers.post(post.worker, post.message);
      return;
    }
    this.#files ??= this.#startFiles();
    this.#files.post(post.message);
  }

  counters(): Record<CounterName, number> {
    return sumCounters(this.workers.counters);
  }

  /** Ends the threads; false when one did not end in time, so that the process must be ended hard. */
  async stop(): Promise<boolean> {
    const ended = await this.workers.stop();
    const filesEnded = (await this.#files?.stop()) ?? true;
    return ended && filesEnded;
  }

  #startFiles(): FileWorker {
    const { plane, wake, lost } = this.#options;
    return new FileWorker({
      received: (message) => {
        plane.receiveFromFiles(message);
        wake();
      },
      lost: (reason) => {
        plane.filesLost(reason);
        lost('the file thread', reason);
        wake();
      },
    });
  }
}
