import { energyDbov, SILENCE_DBOV } from './dsp/level.ts';
import type { Mix } from './mix.ts';
import { meanSquare } from './mixer.ts';
import type { FromWorker } from './protocol.ts';
import type { Stream } from './slots.ts';
import type { ExternalMedia } from './streams/external-media.ts';

/** Who may have the word: the stream of a leg, or a program outside. */
export type Talker = Stream | ExternalMedia;

/** What is told of a mix when its talker has changed. */
export function talkerNews({ id, talker }: Mix): FromWorker {
  const { talker: who, levelDbov = SILENCE_DBOV } = talker ?? {};
  const member = who === undefined || 'leg' in who ? who?.leg : who.id;
  return { kind: 'talkerChanged', mix: id, member, levelDbov };
}

/** Levels are looked at so often: every fifth tick. */
const LOOK_TICKS = 5;
/** Softer than this nobody talks: a room with a fan. */
const TALK_DBOV = -45;
/** Who is to take the word from somebody who talks has to be louder by so much, so many looks in a row. */
const LOUDER_DB = 6;
const LOUDER_LOOKS = 3;
/** Nobody talks any more after so many looks. */
const QUIET_LOOKS = 10;
/** What is told comes at least so far apart. */
const TOLD_TICKS = 25;

/**
 * Who talks in a mix: the loudest, who keeps the word through pauses between words and while others cough. Tells at most
 * two changes a second.
 */
export class MixTalker {
  /** Of the talker; undefined while nobody talks. */
  talker: Talker | undefined;
  levelDbov = SILENCE_DBOV;
  #candidate: Talker | undefined;
  /** Of the present look. */
  #loudest: Talker | undefined;
  #talkerDbov = SILENCE_DBOV;
  #looks = 0;
  #quietLooks = 0;
  #toldTick = -TOLD_TICKS;

  /** Once a tick; true when somebody else talks now, or nobody any more. */
  tick(tick: number, members: readonly Stream[], programs: readonly ExternalMedia[]): boolean {
    if (tick % LOOK_TICKS !== 0) return false;
    const loudest = this.#look(members, programs);
    if (loudest === undefined || loudest === this.talker) this.#candidate = undefined;
    else this.#weigh(loudest);
    this.#quietLooks = loudest === undefined ? this.#quietLooks + 1 : 0;
    const isDue = tick - this.#toldTick >= TOLD_TICKS;
    if (!isDue) return false;
    const isOver = this.talker !== undefined && this.#quietLooks >= QUIET_LOOKS;
    const takes = this.#candidate !== undefined && (this.talker === undefined || this.#looks >= LOUDER_LOOKS);
    if (!isOver && !takes) return false;
    this.talker = isOver ? undefined : this.#candidate;
    this.#candidate = undefined;
    this.#looks = 0;
    this.#toldTick = tick;
    return true;
  }

  /** A member has gone. */
  forget(talker: Talker): void {
    if (this.#candidate === talker) this.#candidate = undefined;
    if (this.talker === talker) this.talker = undefined;
  }

  #weigh(loudest: Talker): void {
    if (loudest !== this.#candidate) this.#looks = 0;
    this.#candidate = loudest;
    this.#looks += 1;
  }

  /** Who is loud enough to take the word, or the talker while nobody is. */
  #look(members: readonly Stream[], programs: readonly ExternalMedia[]): Talker | undefined {
    this.#loudest = undefined;
    this.levelDbov = TALK_DBOV;
    this.#talkerDbov = SILENCE_DBOV;
    for (let i = 0; i < members.length; i++) if (members[i]!.isSpeaking) this.#compare(members[i]!);
    for (let i = 0; i < programs.length; i++) if (programs[i]!.isHeard) this.#compare(programs[i]!);
    const isStillTalking = this.#talkerDbov > TALK_DBOV && this.#talkerDbov + LOUDER_DB > this.levelDbov;
    return isStillTalking ? this.talker : this.#loudest;
  }

  #compare(talker: Talker): void {
    const level = energyDbov(meanSquare(talker.said));
    if (talker === this.talker) this.#talkerDbov = level;
    if (level <= this.levelDbov) return;
    this.#loudest = talker;
    this.levelDbov = level;
  }
}
