import { Conferences } from '../../core/calls/conferences.ts';
import type { RecordingReference } from '../../core/calls/recording-record.ts';
import type { Conference } from '../../core/directory/records.ts';
import type { LegId, MixId } from '../../core/kernel/ids.ts';
import type { MixTerms } from '../../core/ports.ts';
import { surroundings } from './quiet-ports.ts';

/** Live conferences with these rows in the directory; `media` says who was put where. */
export function rooms(...rows: readonly Conference[]) {
  const around = surroundings();
  for (const row of rows) around.directory.putConference(row);
  const media: string[] = [];
  const ended: RecordingReference[] = [];
  const playing = new Map<MixId, (outcome: 'finished', detail: string, now: number) => void>();
  const fail = new Map<MixId, (sound: string, detail: string, now: number) => void>();
  const conferences = new Conferences({
    ...around,
    media: {
      join: (leg: LegId, mix: MixId, terms?: MixTerms) => {
        const plain = terms?.heardBy === 'everybody' && terms.hears;
        media.push(`join ${leg} ${mix}${plain ? '' : ` ${terms?.heardBy}${terms?.hears === true ? '' : ' deaf'}`}`);
      },
      externals: {
        takePart: (id, { heardBy, hears }, inDb, outDb) =>
          void media.push(`program ${id} ${heardBy}${hears ? '' : ' deaf'} ${inDb} ${outDb}`),
      },
      amplify: (leg, inDb, outDb) => void media.push(`amplify ${leg} ${inDb} ${outDb}`),
      mixes: {
        play: (mix, source) => void media.push(`play ${mix} ${source.kind === 'tone' ? source.tone : source.kind}`),
        stopPlaying: (mix) => void media.push(`stop ${mix}`),
        steer: (mix, { kind }) => void media.push(`${kind} ${mix}`),
        watchTalkers: (mix, mode) => void media.push(`talkers ${mix} ${mode}`),
      },
      leave: (leg: LegId) => void media.push(`leave ${leg}`),
    },
    programs: { stop: (id) => void media.push(`stop ${id}`) },
    recordings: { over: (reference) => void ended.push(reference) },
    sounds: {
      startMix: ({ mix, failed }, urls, told) => {
        fail.set(mix, failed);
        playing.set(mix, told);
        media.push(`announce ${mix} ${urls.join(' ')}`);
      },
      stopMix: (mix) => {
        if (playing.delete(mix)) media.push(`hush ${mix}`);
      },
      steerMix: (mix, { kind }) => void media.push(`${kind} ${mix}`),
      isPlayingInto: (mix) => playing.has(mix),
    },
  });
  return { ...around, conferences, media, ended, playing, fail };
}
