import type { ExternalMediaId } from '../../core/kernel/ids.ts';
import type { Stream } from '../slots.ts';
import type { Voice } from '../voice.ts';
import type { ExternalMedia } from './external-media.ts';

/** The programs outside that hear and speak in one call. Exists only while there is one. */
export class Externals {
  readonly all: ExternalMedia[] = [];
  /** In this tick, somebody says something to the far end, or as if it said that itself. */
  isTelling = false;
  isSaying = false;
  /** Somebody may: what is relayed goes through ticks meanwhile, so that something can be added. */
  tells = false;
  says = false;

  add(external: ExternalMedia): void {
    this.all.push(external);
    this.#review();
  }

  remove(id: ExternalMediaId): void {
    const index = this.all.findIndex((external) => external.id === id);
    if (index === -1) return;
    this.all.splice(index, 1);
    this.#review();
  }

  /** Takes what is said in this tick. Once a tick, before anything is mixed. */
  advance(): void {
    this.isTelling = false;
    this.isSaying = false;
    for (const external of this.all) {
      external.advance();
      if (!external.isSpeaking) continue;
      if (external.speaksOut) this.isTelling = true;
      if (external.speaksIn) this.isSaying = true;
    }
  }

  addTold(into: Int16Array, rateHz: number, tick: number): void {
    for (const external of this.all) {
      if (external.isSpeaking && external.speaksOut) external.addTold(into, rateHz, tick);
    }
  }

  addSaid(into: Int16Array, rateHz: number, tick: number): void {
    for (const external of this.all) {
      if (external.isSpeaking && external.speaksIn) external.addSaid(into, rateHz, tick);
    }
  }

  /** The end of a tick: what was said and told in it goes to those who listen. Returns the samples that did not fit. */
  hear(stream: Stream, voice: Voice, relayed: Voice, tick: number): number {
    const isHeard = voice.isPlainHeard && stream.receives && !stream.isUnheard;
    let lost = 0;
    for (const external of this.all) {
      if (external.listensIn && isHeard) external.hear(voice.plain, voice.rateHz, tick);
      if (external.listensOut) {
        if (stream.toldTick === tick) external.hearTold(stream.told, stream.toldHz, tick);
        else if (relayed.isHeard) external.hearTold(relayed.frame, relayed.rateHz, tick);
      }
      if (external.listen !== '') lost += external.deliver();
    }
    return lost;
  }

  #review(): void {
    this.tells = this.all.some(({ speaksOut }) => speaksOut);
    this.says = this.all.some(({ speaksIn }) => speaksIn);
  }
}
