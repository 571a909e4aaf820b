import type { CallCommand, Refusal } from '../command.ts';
import type { Directory } from '../directory/directory.ts';
import type { Calendar } from '../kernel/clock.ts';
import { uuid } from '../kernel/ids.ts';
import type { Random } from '../kernel/random.ts';
import type { Instant, WallTime } from '../kernel/time.ts';
import { invalid, notFound, overloaded, stateInvalid } from '../refusal.ts';
import { type Dialling, reachOf } from '../routing/destination.ts';
import type { CallLife } from './call-life.ts';
import type { Consultations } from './consultations.ts';
import type { Referring } from './referring.ts';
import { addressOf } from './transfer-target.ts';
import type { Pair, Transfers } from './transfers.ts';

export interface TransferCommandsPorts {
  readonly directory: Directory;
  readonly calendar: Calendar;
  readonly random: Random;
}

export interface TransferCommandsParts {
  readonly life: CallLife;
  readonly transfers: Transfers;
  readonly consultations: Consultations;
  readonly referring: Referring;
}

export type TransferCall = Extract<CallCommand, { kind: 'transferCall' }>;

/** A transfer that has begun, and the calls that ring for it. */
export interface Begun {
  readonly id: string;
  readonly ids: readonly string[];
  readonly at: WallTime;
}

const DESTINATIONS_MAX = 100;

/** Transfers that are asked for by command (platform §5.6): any two calls that are connected. */
export class TransferCommands {
  readonly #ports: TransferCommandsPorts;
  readonly #parts: TransferCommandsParts;

  constructor(ports: TransferCommandsPorts, parts: TransferCommandsParts) {
    this.#ports = ports;
    this.#parts = parts;
  }

  begin(command: TransferCall, now: Instant): Begun | Refusal {
    const pair = this.#pairOf(command);
    if ('code' in pair) return pair;
    const diallings = this.#reached(command, pair, now);
    if ('code' in diallings) return diallings;
    const { calendar, random } = this.#ports;
    const { transfers, consultations, life, referring } = this.#parts;
    const { manner, method } = command;
    const begun = { id: uuid(random), at: calendar(now) };
    if (manner === 'blind' && method === 'refer' && referring.begin(pair, diallings)) return { ...begun, ids: [] };
    const caller = manner === 'blind' ? pair.transferee : pair.transferor;
    const attempt = transfers.dial(pair, caller, diallings, undefined, now);
    if (attempt.callees.length === 0) {
      return overloaded(FIELD);
    }
    if (manner === 'blind') transfers.sendOff(pair, attempt, now);
    else consultations.begin(pair, attempt, method, now);
    return { ...begun, ids: attempt.callees.map((callee) => life.ledger.get(callee)!.record.id) };
  }

  #pairOf({ id }: TransferCall): Pair | Refusal {
    const { life, transfers, referring } = this.#parts;
    const leg = life.ledger.legOf(id);
    if (leg === undefined) return notFound('live call', id, 'transferer_call_id');
    const pair = transfers.pairOf(leg);
    if (pair === undefined)
      return stateInvalid(`call ${id} talks to nobody`, 'a call that is connected to another one', id);
    if (!referring.isReferring(pair)) return pair;
    return stateInvalid(`call ${id} is being transferred`, 'a call that is not being transferred', id);
  }

  /** Those whom the transferor's customer may call. */
  #reached({ destinations }: TransferCall, { transferor }: Pair, now: Instant): readonly Dialling[] | Refusal {
    const { directory, calendar } = this.#ports;
    const { customerId } = transferor.record;
    const status = directory.customers.get(customerId)?.status ?? 'deleted';
    if (status !== 'active') {
      return stateInvalid(`customer ${customerId} may not make calls`, 'an active customer', status);
    }
    if (destinations.length === 0) return invalid(FIELD, 'at least one address', 'none');
    if (destinations.length > DESTINATIONS_MAX) {
      return invalid(FIELD, `at most ${DESTINATIONS_MAX} addresses`, `${destinations.length}`);
    }
    const calling = { customerId, source: addressOf(transferor.record), forwardedFrom: '' };
    const diallings: Dialling[] = [];
    let refusal: Refusal | undefined;
    for (const [index, destination] of destinations.entries()) {
      const reach = reachOf(directory, calling, destination, calendar(now));
      if (reach.kind === 'diallings') diallings.push(...reach.diallings);
      else refusal ??= invalid(`${FIELD}[${index}]`, reach.expected, `${destination.type}:${destination.target}`);
    }
    return diallings.length > 0 ? diallings : refusal!;
  }
}

const FIELD = 'transferee_addresses';
