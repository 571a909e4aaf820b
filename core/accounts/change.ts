import type { AccountCommand, Refusal } from '../command.ts';
import type { Directory } from '../directory/directory.ts';
import type { EventBody } from '../event.ts';
import type { CustomerId } from '../kernel/ids.ts';
import type { Random } from '../kernel/random.ts';
import type { WallTime } from '../kernel/time.ts';
import type { Write } from '../write.ts';

/** What is committed all or none, and then applied and published in this order. */
export interface Change {
  /** Names the thing created or changed. */
  readonly id: string;
  readonly customerId: CustomerId;
  readonly writes: readonly AccountWrite[];
  readonly events: readonly EventBody[];
}

export type AccountWrite = Extract<
  Write,
  {
    kind:
      | 'saveAgent'
      | 'saveAccesskey'
      | 'saveExtension'
      | 'saveTrunk'
      | 'saveProvider'
      | 'saveDialRoute'
      | 'saveOutboundConfig'
      | 'saveNumber'
      | 'saveFlow'
      | 'saveConference'
      | 'saveCall'
      | 'saveRecording';
  }
>;

/** What a change is made from. */
export interface Ground {
  readonly directory: Directory;
  readonly random: Random;
  readonly at: WallTime;
}

/** How one kind of command is carried out. */
export interface Definition<C extends AccountCommand> {
  /** What it reserves: of two commands that share a key, the second waits for the first. */
  readonly keysOf: (command: C, directory: Directory) => readonly string[];
  /** Checks the command against what is there now. */
  readonly changeOf: (command: C, ground: Ground) => Change | Refusal;
}

export type Definitions<Kind extends AccountCommand['kind']> = {
  readonly [K in Kind]: Definition<Extract<AccountCommand, { kind: K }>>;
};

export function isRefusal(result: Change | Refusal): result is Refusal {
  return 'code' in result;
}
