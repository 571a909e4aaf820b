import type { CallCommand, Refusal } from '../command.ts';
import type { Conference } from '../directory/records.ts';
import type { Instant } from '../kernel/time.ts';
import { stateInvalid } from '../refusal.ts';
import type { ConferenceNews } from './conference-news.ts';
import type { ConferenceSounds } from './conference-sounds.ts';
import type { Rooms } from './rooms.ts';

export type ConferenceOrder = Extract<CallCommand, { kind: 'lockConference' | 'playConference' | 'steerConference' }>;

/** Of one who is in it. */
type MemberOrder = Extract<CallCommand, { kind: 'kickConferencecall' | 'updateConferencecall' }>;

export type ConferenceCommand = MemberOrder | ConferenceOrder | Extract<CallCommand, { kind: 'deleteConference' }>;

/** What is asked of all who are in a conference together: nothing of it is stored. Why not, when nothing was done. */
export function carryOut(
  order: ConferenceOrder,
  row: Conference,
  { rooms, sounds, news }: { readonly rooms: Rooms; readonly sounds: ConferenceSounds; readonly news: ConferenceNews },
  now: Instant,
): Refusal | undefined {
  const room = rooms.of(row.id);
  if (room === undefined) {
    return stateInvalid(`nobody is in conference ${row.id}`, 'a conference with somebody in it', 'empty');
  }
  switch (order.kind) {
    case 'lockConference':
      room.isLocked = order.mode === 'locked';
      news.room(row.id, now);
      return undefined;
    case 'playConference':
      if (order.urls.length === 0) sounds.hush(row.id);
      else sounds.announce(row, order.urls, now);
      return undefined;
    case 'steerConference':
      return sounds.steer(row.id, order.order) ? undefined : nothingPlayed(`conference ${row.id}`);
  }
}

export function nothingPlayed(to: string): Refusal {
  return stateInvalid(`nothing is played to ${to}`, 'something that is played', 'nothing');
}

export function isAboutOne(command: ConferenceCommand): command is MemberOrder {
  return command.kind === 'kickConferencecall' || command.kind === 'updateConferencecall';
}
