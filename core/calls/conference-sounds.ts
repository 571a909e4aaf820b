import type { Directory } from '../directory/directory.ts';
import type { Conference } from '../directory/records.ts';
import type { Journal } from '../journal.ts';
import type { Calendar } from '../kernel/clock.ts';
import type { ConferenceId, MixId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/time.ts';
import type { MediaEvent, MixesPlane, PlayedTone, PlayOrder } from '../ports.ts';
import type { Rooms } from './rooms.ts';
import type { Sounds } from './sounds.ts';

export interface ConferenceSoundsPorts {
  readonly directory: Directory;
  readonly media: { readonly mixes: MixesPlane };
  readonly journal: Journal;
  readonly calendar: Calendar;
  readonly sounds: Pick<Sounds, 'startMix' | 'stopMix' | 'steerMix' | 'isPlayingInto'>;
}

/** What all in a conference hear besides each other, and what is told of who talks there. */
export class ConferenceSounds {
  readonly #ports: ConferenceSoundsPorts;
  readonly #rooms: Rooms;
  /** The tones that tell that somebody came or went; others who do meanwhile are told by the same. */
  readonly #chiming = new Map<MixId, PlayedTone>();
  /** Conferences whose talkers are told. */
  readonly #watched = new Set<ConferenceId>();

  constructor(ports: ConferenceSoundsPorts, rooms: Rooms) {
    this.#ports = ports;
    this.#rooms = rooms;
  }

  /** Mixes in which a tone sounds, and conferences whose talkers are told. */
  get liveCount(): number {
    return this.#chiming.size + this.#watched.size;
  }

  /** Somebody has joined. */
  entered(conference: Conference): void {
    this.follow(conference);
    if (conference.settings.entryTone) this.#chime(conference.id, 'conference-entry');
  }

  /** Somebody has left. */
  left(id: ConferenceId): void {
    const conference = this.#ports.directory.conferences.get(id);
    if (this.#rooms.of(id) === undefined) this.#emptied(id);
    else if (conference?.settings.exitTone === true) this.#chime(id, 'conference-exit');
  }

  /** The conference is another by now, or has somebody in it again. */
  follow({ id, settings }: Conference): void {
    if (this.#rooms.of(id) === undefined || settings.talkerEvents === this.#watched.has(id)) return;
    if (settings.talkerEvents) this.#watched.add(id);
    else this.#watched.delete(id);
    this.#ports.media.mixes.watchTalkers(this.#rooms.mixOf(id), settings.talkerEvents ? 'on' : 'off');
  }

  /** Plays to all who are in it. */
  announce({ id, customerId }: Conference, urls: readonly string[], now: Instant): void {
    const mix = this.#rooms.mixOf(id);
    this.#chiming.delete(mix);
    this.#ports.sounds.startMix(
      { mix, customerId, failed: (sound, detail, at) => this.#failed({ id, customerId }, sound, detail, at) },
      urls,
      (outcome, detail, at) => {
        const { journal, calendar } = this.#ports;
        journal.append(customerId, { type: 'conference_played', conferenceId: id, outcome, detail }, calendar(at));
      },
      now,
    );
  }

  hush(id: ConferenceId): void {
    this.#ports.sounds.stopMix(this.#rooms.mixOf(id));
  }

  /** How what was announced goes on. False when nothing is. */
  steer(id: ConferenceId, order: PlayOrder): boolean {
    const mix = this.#rooms.mixOf(id);
    if (!this.#ports.sounds.isPlayingInto(mix)) return false;
    this.#ports.sounds.steerMix(mix, order);
    return true;
  }

  /** Announcements are the business of `Sounds`. */
  receive(event: Extract<MediaEvent, { kind: 'mixPlayed' | 'talkerChanged' }>, now: Instant): void {
    if (event.kind === 'mixPlayed') {
      this.#chimed(event, now);
      return;
    }
    const { directory, journal, calendar } = this.#ports;
    const conferenceId = this.#rooms.conferenceOf(event.mix);
    const conference = conferenceId === undefined ? undefined : directory.conferences.get(conferenceId);
    if (conferenceId === undefined || conference === undefined || !this.#watched.has(conferenceId)) return;
    const { mix, member } = event;
    const stay = member === undefined ? undefined : this.#rooms.stayIn(mix, member);
    // Who has left in the meantime talks no more.
    if (member !== undefined && stay === undefined) return;
    const { id: conferencecallId = null, reference } = stay?.record ?? {};
    const callId = reference?.type === 'call' ? reference.id : null;
    const body = { type: 'conference_talker_changed', conferenceId, conferencecallId, callId } as const;
    journal.append(conference.customerId, body, calendar(now));
  }

  #chime(id: ConferenceId, tone: PlayedTone): void {
    const mix = this.#rooms.mixOf(id);
    if (this.#chiming.has(mix) || this.#ports.sounds.isPlayingInto(mix)) return;
    this.#chiming.set(mix, tone);
    this.#ports.media.mixes.play(mix, { kind: 'tone', tone });
  }

  #chimed({ mix, outcome, detail }: Extract<MediaEvent, { kind: 'mixPlayed' }>, now: Instant): void {
    const tone = this.#chiming.get(mix);
    this.#chiming.delete(mix);
    const id = this.#rooms.conferenceOf(mix);
    const conference = id === undefined ? undefined : this.#ports.directory.conferences.get(id);
    if (tone === undefined || conference === undefined || outcome === 'finished') return;
    this.#failed(conference, `tone:${tone}`, detail, now);
  }

  #failed(
    { id, customerId }: Pick<Conference, 'id' | 'customerId'>,
    sound: string,
    detail: string,
    now: Instant,
  ): void {
    const { journal, calendar } = this.#ports;
    const body = { type: 'conference_sound_failed', conferenceId: id, sound, detail } as const;
    journal.append(customerId, body, calendar(now));
  }

  #emptied(id: ConferenceId): void {
    const mix = this.#rooms.mixOf(id);
    this.#watched.delete(id);
    this.#chiming.delete(mix);
    this.#ports.sounds.stopMix(mix);
  }
}
