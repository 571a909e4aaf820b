import { LIMITS } from '../kernel/limits.ts';
import type { Instant } from '../kernel/time.ts';
import type { HttpClient, HttpEvent, MediaPlane } from '../ports.ts';

export interface SoundDownloadsPorts {
  readonly media: Pick<MediaPlane, 'removeFiles'>;
  readonly http: HttpClient;
  /** Where the files lie; without a slash at its end. */
  readonly folder: string;
}

export type Fetched =
  | { readonly kind: 'ready'; readonly path: string }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'failed'; readonly detail: string };

interface Cached {
  readonly path: string;
  readonly fetchedAt: Instant;
}

/**
 * Sounds from the web as local files: one download for all who want the same URL, kept for a while. Every download has
 * a file of its own, so that nobody hears a file that is being replaced.
 */
export class SoundDownloads {
  readonly counters = { started: 0, failed: 0, spared: 0, refused: 0 };
  readonly #ports: SoundDownloadsPorts;
  /** Oldest first. */
  readonly #cached = new Map<string, Cached>();
  readonly #running = new Map<number, { readonly url: string; readonly path: string }>();
  /** Being downloaded, or waiting for its turn. */
  readonly #wanted = new Set<string>();
  readonly #queue: string[] = [];
  #lastNumber = 0;

  constructor(ports: SoundDownloadsPorts) {
    this.#ports = ports;
  }

  get runningCount(): number {
    return this.#running.size;
  }

  get cachedCount(): number {
    return this.#cached.size;
  }

  /** The file, or `waiting`: then `receive` tells of this URL once. */
  fetch(url: string, now: Instant): Fetched {
    const cached = this.#cached.get(url);
    if (cached !== undefined && now - cached.fetchedAt < LIMITS.soundCacheMs) {
      this.counters.spared += 1;
      return { kind: 'ready', path: cached.path };
    }
    if (this.#wanted.has(url)) {
      this.counters.spared += 1;
      return { kind: 'waiting' };
    }
    if (this.#running.size < LIMITS.soundDownloadsMax) this.#start(url);
    else if (this.#queue.length < LIMITS.soundDownloadsWaitingMax) this.#queue.push(url);
    else {
      this.counters.refused += 1;
      return { kind: 'failed', detail: `more than ${LIMITS.soundDownloadsWaitingMax} downloads wait` };
    }
    this.#wanted.add(url);
    return { kind: 'waiting' };
  }

  /** What has become of a URL; undefined when the event is not about a download of ours. */
  receive(event: HttpEvent, now: Instant): (Fetched & { readonly url: string }) | undefined {
    const download = this.#running.get(event.number);
    if (download === undefined) return undefined;
    const { url, path } = download;
    this.#running.delete(event.number);
    this.#wanted.delete(url);
    const next = this.#queue.shift();
    if (next !== undefined) this.#start(next);
    if (event.kind === 'answered' && event.status >= 200 && event.status < 300) {
      this.#keep(url, { path, fetchedAt: now });
      return { kind: 'ready', url, path };
    }
    this.counters.failed += 1;
    // The body of an error may have been saved.
    this.#ports.media.removeFiles([path]);
    const detail = event.kind === 'failed' ? event.detail : `expected status 200, got ${event.status}`;
    return { kind: 'failed', url, detail };
  }

  #start(url: string): void {
    const number = ++this.#lastNumber;
    const path = `${this.#ports.folder}/${number}.${suffixOf(url)}`;
    this.#running.set(number, { url, path });
    this.counters.started += 1;
    this.#ports.http.request({
      owner: 'calls',
      number,
      method: 'GET',
      url,
      headers: {},
      body: '',
      timeoutMs: LIMITS.soundTimeoutMs,
      answerBytesMax: LIMITS.soundBytesMax,
      saveTo: path,
    });
  }

  #keep(url: string, fresh: Cached): void {
    this.#drop(url);
    this.#cached.set(url, fresh);
    for (const [oldest, { fetchedAt }] of this.#cached) {
      const isOver = fresh.fetchedAt - fetchedAt >= LIMITS.soundCacheMs;
      if (!isOver && this.#cached.size <= LIMITS.soundsCachedMax) break;
      this.#drop(oldest);
    }
  }

  #drop(url: string): void {
    const cached = this.#cached.get(url);
    if (cached === undefined) return;
    this.#cached.delete(url);
    this.#ports.media.removeFiles([cached.path]);
  }
}

/** What the name of a file ends with tells what is in it, where nothing else does. */
function suffixOf(url: string): string {
  return /^https?:\/\/[^/?#]+\/[^?#]*\.([a-z0-9]{1,8})(?:[?#]|$)/i.exec(url)?.[1]?.toLowerCase() ?? 'wav';
}
