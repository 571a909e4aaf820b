import type { CallNews } from '../flows/call-control.ts';
import type { Journal } from '../journal.ts';
import type { Calendar } from '../kernel/clock.ts';
import type { CallId, CustomerId, LegId, MixId, RecordingId } from '../kernel/ids.ts';
import { LIMITS } from '../kernel/limits.ts';
import { LiveMap } from '../kernel/live-map.ts';
import type { Instant } from '../kernel/time.ts';
import type {
  Archive,
  ArchiveEvent,
  HttpClient,
  HttpEvent,
  MediaEvent,
  MediaPlane,
  PlayOrder,
  PlaySource,
} from '../ports.ts';
import type { Party } from './party.ts';
import type { RecordingRecord } from './recording-record.ts';
import { type Fetched, SoundDownloads } from './sound-downloads.ts';
import { soundSourceOf } from './sound-source.ts';

export interface SoundsPorts {
  readonly media: Pick<MediaPlane, 'play' | 'stopPlaying' | 'players' | 'removeFiles' | 'mixes'>;
  readonly journal: Journal;
  readonly calendar: Calendar;
  /** Asked in the name of `calls`, by nobody but this. */
  readonly http: HttpClient;
  readonly archive: Archive;
  /** A recording that is in memory. */
  readonly recordingOf: (id: RecordingId) => RecordingRecord | undefined;
  /** Queues news for the flow of a call, if one runs on it. */
  readonly tell: (call: CallId, news: CallNews) => void;
  /** Folders, without a slash at their end. What lies in the cache means nothing to the next process. */
  readonly folders: { readonly prompts: string; readonly recordings: string; readonly cache: string };
}

export type SoundEvent = (MediaEvent & { readonly kind: 'played' | 'mixPlayed' }) | HttpEvent | ArchiveEvent;

/** What is known of one source: it can be played, it may be later, or why not. */
type Resolved =
  | { readonly kind: 'playable'; readonly source: PlaySource }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'failed'; readonly detail: string };

/** All who are in a mix. */
export interface MixAudience {
  readonly mix: MixId;
  readonly customerId: CustomerId;
  /** One of the sources could not be played; the next is tried. */
  readonly failed: (sound: string, detail: string, now: Instant) => void;
}

/** Told once, unless it is stopped. */
type Told = (outcome: 'finished' | 'failed', detail: string, now: Instant) => void;

interface PlayList {
  readonly audience: Party | MixAudience;
  readonly told: Told;
  readonly urls: readonly string[];
  /** How often it is still to be played from its begin, this time included. */
  timesLeft: number;
  isPaused: boolean;
  /** Of the source that plays or is waited for; -1 before the first. */
  index: number;
  state: 'waiting' | 'playing';
  playedCount: number;
  /** Of them, before this time. */
  playedBefore: number;
  readonly failures: string[];
}

/** Why sources failed, as far as it is told. */
const FAILURES_TOLD_MAX = 5;
const FAILED_URL_CHARACTERS_MAX = 200;

/** What is being played to calls: lists of sources, one after the other. */
export class Sounds {
  readonly counters = { played: 0, failed: 0 };
  readonly downloads: SoundDownloads;
  readonly #ports: SoundsPorts;
  /** By leg; of mixes by their number below 0. */
  readonly #lists = new LiveMap<number, PlayList>();
  /** Lists that wait for a download; some may have been stopped since. */
  readonly #byUrl = new LiveMap<string, PlayList[]>();
  readonly #byRequest = new LiveMap<number, PlayList>();
  /** Lists that wait for a recording whose end is under way. */
  readonly #byRecording = new LiveMap<RecordingId, PlayList[]>();
  #lastRequest = 0;

  constructor(ports: SoundsPorts) {
    this.#ports = ports;
    this.downloads = new SoundDownloads({ media: ports.media, http: ports.http, folder: ports.folders.cache });
  }

  /** Calls that are being played to now, or wait for what to play. */
  get liveCount(): number {
    return this.#lists.size;
  }

  /** Whether a list is being played to the leg, or waits for what to play. */
  isPlayingTo(leg: LegId): boolean {
    return this.#lists.has(leg);
  }

  /**
   * Plays in order: http(s) URLs of WAV, MP3 or Ogg/Opus, `prompt:NAME`, `recording:ID`, `tone:NAME`; replaces what it
   * played before, without news of that. News: played, when the last has ended; failed when not one could be played. A tone goes on
   * until it is stopped, save `tone:beep`. All of it so many `times`, while some of it can be played.
   */
  start(party: Party, urls: readonly string[], token: number, now: Instant, times = 1): void {
    const { id, leg } = party;
    this.stop(leg);
    const told: Told = (outcome, detail) => this.#ports.tell(id, { kind: 'played', token, outcome, detail });
    this.#start(leg, party, urls, told, now, times);
  }

  /** Holds what is played to the leg, lets it go on, or seeks in what sounds now. Without effect when nothing is played. */
  steer(leg: LegId, order: PlayOrder): void {
    if (this.#take(leg, order)) this.#ports.media.players.steer(leg, order);
  }

  /** The same for all who are in a mix, who hear it besides each other; `told` is called in place of news. */
  startMix(audience: MixAudience, urls: readonly string[], told: Told, now: Instant): void {
    this.stopMix(audience.mix);
    this.#start(-audience.mix, audience, urls, told, now);
  }

  stopMix(mix: MixId): void {
    const list = this.#lists.get(-mix);
    this.#lists.delete(-mix);
    if (list?.state === 'playing') this.#ports.media.mixes.stopPlaying(mix);
  }

  steerMix(mix: MixId, order: PlayOrder): void {
    if (this.#take(-mix, order)) this.#ports.media.mixes.steer(mix, order);
  }

  /** Whether a list is being played into the mix, or waits for what to play. */
  isPlayingInto(mix: MixId): boolean {
    return this.#lists.has(-mix);
  }

  /** A list keeps whether it is paused; true when what sounds now is to be told as well. */
  #take(key: number, order: PlayOrder): boolean {
    const list = this.#lists.get(key);
    if (list === undefined) return false;
    if (order.kind !== 'seek') list.isPaused = order.kind === 'pause';
    return list.state === 'playing';
  }

  #start(
    key: number,
    audience: PlayList['audience'],
    urls: readonly string[],
    told: Told,
    now: Instant,
    timesLeft = 1,
  ): void {
    const list: PlayList = {
      audience,
      told,
      urls,
      timesLeft,
      isPaused: false,
      index: -1,
      state: 'waiting',
      playedCount: 0,
      playedBefore: 0,
      failures: [],
    };
    this.#lists.set(key, list);
    if (urls.length > LIMITS.soundsPerListMax) {
      list.failures.push(`expected at most ${LIMITS.soundsPerListMax} sources, got ${urls.length}`);
      list.index = urls.length;
    }
    this.#advance(list, now);
  }

  /** Stops playing to the leg, without news. Without effect when nothing is played. */
  stop(leg: LegId): void {
    const list = this.#lists.get(leg);
    if (list === undefined) return;
    this.#lists.delete(leg);
    if (list.state === 'playing') this.#ports.media.stopPlaying(leg);
  }

  /** The leg is closed, or plays something else from now on: nothing is done to it any more. */
  over(leg: LegId): void {
    this.#lists.delete(leg);
  }

  /** Events about what was not played by a list are ignored. */
  receive(event: SoundEvent, now: Instant): void {
    switch (event.kind) {
      case 'played':
        this.#played(event.leg, event, now);
        break;
      case 'mixPlayed':
        this.#played(-event.mix, event, now);
        break;
      case 'recordingFound':
        this.#found(event, now);
        break;
      case 'answered':
      case 'failed':
        this.#downloaded(event, now);
        break;
    }
  }

  /** A recording may have ended: who was told to play it while it was ending goes on. */
  recordingsMoved(now: Instant): void {
    for (const [id, lists] of this.#byRecording) {
      const record = this.#ports.recordingOf(id);
      if (record?.status === 'stopping') continue;
      this.#byRecording.delete(id);
      for (const list of lists) {
        if (this.#isLive(list)) this.#proceed(list, this.#resolveRecording(list, record), now);
      }
    }
  }

  #played(key: number, { outcome, detail }: MediaEvent & { kind: 'played' | 'mixPlayed' }, now: Instant): void {
    const list = this.#lists.get(key);
    if (list === undefined || list.state !== 'playing') return;
    if (outcome === 'finished') {
      list.playedCount += 1;
      this.counters.played += 1;
    } else this.#fail(list, detail, now);
    this.#advance(list, now);
  }

  #found({ request, recording }: ArchiveEvent, now: Instant): void {
    const list = this.#byRequest.get(request);
    this.#byRequest.delete(request);
    if (list !== undefined && this.#isLive(list)) {
      this.#proceed(list, this.#resolveRecording(list, recording), now);
    }
  }

  #downloaded(event: HttpEvent, now: Instant): void {
    const fetched = this.downloads.receive(event, now);
    if (fetched === undefined) return;
    const lists = this.#byUrl.get(fetched.url) ?? [];
    this.#byUrl.delete(fetched.url);
    for (const list of lists) {
      if (this.#isLive(list)) this.#proceed(list, resolvedFile(fetched), now);
    }
  }

  /** Goes to the next source that can be played or may be later; after the last the list is over. */
  #advance(list: PlayList, now: Instant): void {
    list.state = 'waiting';
    while (++list.index < list.urls.length) {
      const resolved = this.#resolve(list, list.urls[list.index]!, now);
      if (resolved.kind === 'waiting') return;
      if (resolved.kind === 'playable') {
        this.#play(list, resolved.source, now);
        return;
      }
      this.#fail(list, resolved.detail, now);
    }
    if (list.timesLeft > 1 && list.playedCount > list.playedBefore) this.#repeat(list, now);
    else this.#finish(list, now);
  }

  #repeat(list: PlayList, now: Instant): void {
    list.timesLeft -= 1;
    list.playedBefore = list.playedCount;
    list.index = -1;
    this.#advance(list, now);
  }

  /** What was waited for is known. */
  #proceed(list: PlayList, resolved: Resolved, now: Instant): void {
    if (resolved.kind === 'playable') this.#play(list, resolved.source, now);
    else if (resolved.kind === 'failed') {
      this.#fail(list, resolved.detail, now);
      this.#advance(list, now);
    }
  }

  #play(list: PlayList, source: PlaySource, now: Instant): void {
    list.state = 'playing';
    const { media } = this.#ports;
    const { audience } = list;
    if ('mix' in audience) {
      media.mixes.play(audience.mix, source);
      if (list.isPaused) media.mixes.steer(audience.mix, { kind: 'pause' });
    } else {
      media.play(audience.leg, source);
      if (list.isPaused) media.players.steer(audience.leg, { kind: 'pause' });
    }
    // The next is fetched while this one is heard, so that there is no pause between them.
    const next = soundSourceOf(list.urls[list.index + 1] ?? '');
    if (next.kind === 'url') this.downloads.fetch(next.url, now);
  }

  #fail(list: PlayList, detail: string, now: Instant): void {
    this.counters.failed += 1;
    const { audience, failures, urls } = list;
    const sound = urls[list.index]!.slice(0, FAILED_URL_CHARACTERS_MAX);
    if ('leg' in audience) this.publishFailure(audience, sound, detail, now);
    else audience.failed(sound, detail, now);
    if (failures.length < FAILURES_TOLD_MAX) failures.push(`${sound}: ${detail}`);
  }

  /** Tells everybody what could not be played to a call. */
  publishFailure(
    { id, customerId }: Pick<Party, 'id' | 'customerId'>,
    sound: string,
    detail: string,
    now: Instant,
  ): void {
    const { journal, calendar } = this.#ports;
    journal.append(customerId, { type: 'call_sound_failed', callId: id, sound, detail }, calendar(now));
  }

  #finish(list: PlayList, now: Instant): void {
    const { audience, told, playedCount, failures, urls } = list;
    this.#lists.delete(keyOf(audience));
    const outcome = playedCount > 0 ? 'finished' : 'failed';
    const detail = urls.length === 0 ? 'there is nothing to play' : failures.join('; ');
    told(outcome, detail, now);
  }

  #resolve(list: PlayList, text: string, now: Instant): Resolved {
    const source = soundSourceOf(text);
    switch (source.kind) {
      case 'tone':
        return { kind: 'playable', source };
      case 'prompt':
        return playable(`${this.#ports.folders.prompts}/${source.name}.wav`);
      case 'recording': {
        const record = this.#ports.recordingOf(source.id);
        if (record !== undefined) return this.#resolveRecording(list, record);
        const request = ++this.#lastRequest;
        this.#byRequest.set(request, list);
        this.#ports.archive.findRecording(request, source.id);
        return { kind: 'waiting' };
      }
      case 'url': {
        const fetched = this.downloads.fetch(source.url, now);
        if (fetched.kind === 'waiting') this.#waitFor(source.url, list);
        return resolvedFile(fetched);
      }
      case 'refused':
        return { kind: 'failed', detail: source.detail };
    }
  }

  #isLive(list: PlayList): boolean {
    return this.#lists.get(keyOf(list.audience)) === list;
  }

  #waitFor(url: string, list: PlayList): void {
    const waiting = this.#byUrl.get(url);
    if (waiting === undefined) this.#byUrl.set(url, [list]);
    else waiting.push(list);
  }

  /** Another customer's recordings do not exist for this one. */
  #resolveRecording(list: PlayList, record: RecordingRecord | undefined): Resolved {
    if (record === undefined || record.customerId !== list.audience.customerId || record.deletedAt !== null) {
      return { kind: 'failed', detail: 'there is no such recording' };
    }
    if (record.status === 'stopping') {
      this.#byRecording.set(record.id, [...(this.#byRecording.get(record.id) ?? []), list]);
      return { kind: 'waiting' };
    }
    if (record.status !== 'ended') {
      return { kind: 'failed', detail: `expected a recording that has ended, got one that is ${record.status}` };
    }
    // What the far end said, or both sides.
    const file = record.files.find(({ name }) => !/_out\.\w+$/.test(name));
    if (file === undefined) return { kind: 'failed', detail: 'the recording has no file' };
    return playable(`${this.#ports.folders.recordings}/${file.name}`);
  }
}

function keyOf(audience: PlayList['audience']): number {
  return 'mix' in audience ? -audience.mix : audience.leg;
}

function playable(path: string): Resolved {
  return { kind: 'playable', source: { kind: 'file', path } };
}

function resolvedFile(fetched: Fetched): Resolved {
  return fetched.kind === 'ready' ? playable(fetched.path) : fetched;
}
