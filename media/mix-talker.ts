import { energyDbov, SILENCE_DBOV } from './dsp/level.ts';
import type { Mix } from './mix.ts';
import { meanSquare } from './mixer.ts';
import type { FromWorker } from './protocol.ts';
import type { Stream } from './slots.ts';

/** What is told of a mix when its talker has changed. */
export function talkerNews({ id, talker }: Mix): FromWorker {
  const { talker: stream, levelDbov = SILENCE_DBOV } = talker ?? {};
  return { kind: 'talkerChanged', mix: id, leg: stream?.leg, levelDbov };
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
  talker: Stream | undefined;
  levelDbov = SILENCE_DBOV;
  #candidate: Stream | undefined;
  #looks = 0;
  #quietLooks = 0;
  #toldTick = -TOLD_TICKS;

  /** Once a tick; true when somebody else talks now, or nobody any more. */
  tick(tick: number, members: readonly Stream[]): boolean {
    if (tick % LOOK_TICKS !== 0) return false;
    const loudest = this.#loudest(members);
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
  forget(stream: Stream): void {
    if (this.#candidate === stream) this.#candidate = undefined;
    if (this.talker === stream) this.talker = undefined;
  }

  #weigh(loudest: Stream): void {
    if (loudest !== this.#candidate) this.#looks = 0;
    this.#candidate = loudest;
    this.#looks += 1;
  }

  /** Who is loud enough to take the word, or the talker while nobody is. */
  #loudest(members: readonly Stream[]): Stream | undefined {
    let loudest: Stream | undefined;
    let loudestDbov = TALK_DBOV;
    let talkerDbov = SILENCE_DBOV;
    for (let i = 0; i < members.length; i++) {
      const member = members[i]!;
      if (!member.isSpeaking) continue;
      const level = energyDbov(meanSquare(member.said));
      if (member === this.talker) talkerDbov = level;
      if (level <= loudestDbov) continue;
      loudest = member;
      loudestDbov = level;
    }
    this.levelDbov = loudestDbov;
    return talkerDbov > TALK_DBOV && talkerDbov + LOUDER_DB > loudestDbov ? this.talker : loudest;
  }
}
