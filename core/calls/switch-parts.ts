import type { LegId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/time.ts';
import type { Flows } from '../ports.ts';
import { NO_ARCHIVE, NO_HTTP } from './absent-edges.ts';
import { CallCommands } from './call-commands.ts';
import { CallControl } from './call-control.ts';
import { CallLife } from './call-life.ts';
import { CallRecording } from './call-recording.ts';
import { Conferences } from './conferences.ts';
import { Connecting } from './connecting.ts';
import { Connections } from './connections.ts';
import { Consultations } from './consultations.ts';
import { Dialler } from './dialler.ts';
import { Digits } from './digits.ts';
import { Externals, type ExternalsPorts } from './externals.ts';
import { HoldMusic } from './hold-music.ts';
import { Holding } from './holding.ts';
import { Incoming } from './incoming.ts';
import { CallsLeftBehind } from './left-behind.ts';
import { Listening } from './listening.ts';
import { Outgoing } from './outgoing.ts';
import { ParkTransfers } from './park-transfers.ts';
import { Parking } from './parking.ts';
import type { RecordingReference } from './recording-record.ts';
import { Recordings } from './recordings.ts';
import { Referring } from './referring.ts';
import { Replacements } from './replacements.ts';
import { Sounds } from './sounds.ts';
import { Supervisions } from './supervisions.ts';
import type { SwitchPorts } from './switch-ports.ts';
import { TransferCommands } from './transfer-commands.ts';
import { Transfers } from './transfers.ts';

/** Receipts from here on are the calls' own; those of others are smaller. */
const RECEIPTS_FROM = 2 ** 40;

const NO_FOLDERS = { prompts: 'prompts', recordings: 'recordings', cache: 'sounds' };

export type SwitchParts = ReturnType<typeof switchParts>;

/** The parts of the call engine, each with those that it stands on. */
export function switchParts(ports: SwitchPorts, flows: Flows) {
  const { folders = NO_FOLDERS, country = '' } = ports;
  let lastReceipt = RECEIPTS_FROM;
  const nextReceipt = (): number => ++lastReceipt;
  const life = new CallLife({ ...ports, flows });
  const { recordings, externals, sounds, conferences } = soundParts(ports, flows, life, nextReceipt);
  const dialler = new Dialler(ports, life);
  const music = new HoldMusic({
    media: ports.media,
    path: `${folders.prompts}/music.wav`,
    farOf: (leg) => connections.farOf(leg) ?? transfers.farOf(leg) ?? consultations.farOf(leg),
    isPlayingTo: sounds.isPlayingTo.bind(sounds),
    failed: musicFailed(life, sounds),
  });
  const supervisions = new Supervisions({ ...ports, life, music, connectionOf: (leg) => connections.of(leg) });
  const connections: Connections = new Connections(music, supervisions);
  const connecting = new Connecting(ports, life, dialler, sounds, connections);
  const parking = new Parking(ports, { life, dialler, connections, music });
  const talking = { life, dialler, connecting, connections, music, parking };
  const transfers = new Transfers({ ...ports, flows, country }, talking);
  const referring = new Referring(ports, { ...talking, transfers });
  const consultations = new Consultations(ports, { ...talking, referring });
  const replacements = new Replacements(ports.media, { ...talking, transfers });
  const parkTransfers = new ParkTransfers({ ...ports, country }, { life, connections, parking, transfers, referring });
  const transferCommands = new TransferCommands(ports, { life, transfers, consultations, referring });
  const outgoing = new Outgoing({ ...ports, flows, nextReceipt, conferences }, life, dialler);
  const recording = new CallRecording(ports.calendar, life, recordings);
  const holding = new Holding(ports, music);
  const listening = new Listening(ports.media, life);
  const called = { ...talking, conferences };
  const common = { conferences, externals, music, recording, recordings, supervisions };
  return {
    ...talking,
    ...common,
    sounds,
    transfers,
    parkTransfers,
    consultations,
    referring,
    outgoing,
    holding,
    incoming: new Incoming({ ...ports, flows, country, carried: dialler.carried }, life, { ...called, replacements }),
    listening,
    control: new CallControl(ports.media, life, {
      ...common,
      connecting,
      consultations,
      listening,
      parking,
      sounds,
      transfers,
    }),
    commands: new CallCommands(ports, life, { ...common, holding, outgoing, parkTransfers, sounds, transferCommands }),
    leftBehind: new CallsLeftBehind(ports, life.ledger),
    digits: new Digits(ports, life, recordings, externals),
  };
}

/** What is played, recorded, mixed and brought to programs outside. */
function soundParts(ports: SwitchPorts, flows: Flows, life: CallLife, nextReceipt: () => number) {
  const { http = NO_HTTP, archive = NO_ARCHIVE, folders = NO_FOLDERS } = ports;
  const tell = life.tell.bind(life);
  const recordings = new Recordings({ ...ports, flows, nextReceipt, tell, folder: folders.recordings });
  const members: ExternalsPorts['members'] = {
    enter: (...given) => conferences.enter(...given),
    over: (id, now) => conferences.over(id, now),
  };
  const externals = new Externals({ ...ports, tell, members });
  const recordingOf = recordings.recordOf.bind(recordings);
  const sounds = new Sounds({ ...ports, http, archive, folders, recordingOf, tell });
  const over = (reference: RecordingReference, now: Instant): void => {
    recordings.over(reference, now);
    externals.stopAll(reference);
  };
  const conferences: Conferences = new Conferences({
    ...ports,
    nextReceipt,
    tell,
    recordings: { over },
    programs: externals,
    sounds,
  });
  return { recordings, externals, sounds, conferences };
}

function musicFailed(life: CallLife, sounds: Sounds) {
  return (leg: LegId, detail: string, now: Instant): void => {
    const call = life.ledger.get(leg);
    if (call !== undefined) sounds.publishFailure(call.record, 'prompt:music', detail, now);
  };
}
