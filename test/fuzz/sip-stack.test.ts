import { expect, test } from 'vitest';
import type { LegId } from '../../core/kernel/ids.ts';
import { seeded } from '../../core/kernel/random.ts';
import type { TransportAddress } from '../../core/ports.ts';
import { parse } from '../../sip/parser.ts';
import { SipStack } from '../../sip/stack.ts';
import { smallDirectory } from '../sim/back-to-back.ts';
import { carrier } from '../sip/torture-wire.ts';
import { CORPUS } from './corpus.ts';
import { MESSAGE_COUNT } from './counts.ts';
import { HEAP_GROWTH_MAX_BYTES, heapGrowthBytes } from './heap.ts';
import { below, Mutator } from './mutator.ts';

const SEED = 20_260_102;
/** Virtual time between two messages. */
const STEP_MS = 50;
/** As long as any transaction or dialog of what came may last; then nothing may be left. */
const REST_MS = 600_000;
const STRANGERS = 512;

/** A stack that a carrier is known to by its address, and whose calls are all refused. */
class Target {
  readonly #directory = smallDirectory(['example.com']);
  #legs = 0;
  readonly stack = new SipStack({
    directory: this.#directory,
    random: seeded(SEED),
    calendar: (now) => now,
    nextLeg: () => ++this.#legs as LegId,
    settings: { userAgent: 'Tandem', contactFor: ({ transport }) => ({ host: '192.0.2.1', port: 5060, transport }) },
  });
  /** Messages of ours that nobody could read. */
  unreadable = 0;
  #now = 0;

  constructor() {
    this.#directory.putTrunk(carrier(this.#directory));
  }

  /** Whatever is due happens, then this arrives. */
  receive(bytes: Uint8Array, source: TransportAddress, at: number): void {
    this.pass(at);
    this.stack.receive({ bytes, source, localPort: 5060 }, at);
    this.#drain();
  }

  pass(at: number): void {
    for (let next = this.stack.deadline(); next <= at; next = this.stack.deadline()) {
      this.#now = next;
      this.stack.expire(next);
      this.#drain();
    }
    this.#now = at;
  }

  #drain(): void {
    for (let output = this.stack.poll(); output !== undefined; output = this.stack.poll()) {
      if (output.kind === 'send' && parse(output.bytes).message === undefined) this.unreadable++;
      if (output.kind !== 'signal') continue;
      const { event } = output;
      if (event.kind === 'offered') this.#refuse(event.leg);
      else if (event.kind === 'messaged') {
        this.stack.execute({ kind: 'answerMessage', message: event.message, cause: 'not-found' }, this.#now);
      }
    }
  }

  #refuse(leg: LegId): void {
    this.stack.execute({ kind: 'hangup', leg, cause: 'not-found' }, this.#now);
  }
}

test('mutated messages, of strangers and of a carrier, leave nothing in the stack, and its answers can be read', () => {
  const target = new Target();
  const mutator = new Mutator();
  const growth = heapGrowthBytes(MESSAGE_COUNT, (round) => {
    const random = seeded(SEED + round);
    const bytes = Uint8Array.from(mutator.mutate(CORPUS[round % CORPUS.length]!, random));
    const address = random.next() < 0.5 ? '203.0.113.20' : `198.51.100.${below(STRANGERS, random) >> 1}`;
    const transport = random.next() < 0.8 ? 'udp' : 'tcp';
    try {
      target.receive(bytes, { transport, address, port: 5060 + (round & 15) }, round * STEP_MS);
    } catch (cause) {
      throw new Error(`round ${round}: ${JSON.stringify(Buffer.from(bytes).toString('latin1'))}`, { cause });
    }
  });
  expect(growth).toBeLessThan(HEAP_GROWTH_MAX_BYTES);
  target.pass(MESSAGE_COUNT * STEP_MS + REST_MS);
  const { counters } = target.stack;
  expect(counters.received).toBe(MESSAGE_COUNT);
  expect(counters.sent).toBeGreaterThan(MESSAGE_COUNT / 10);
  expect({ ...counters, unreadable: target.unreadable }).toMatchObject({
    legs: 0,
    dialogs: 0,
    inviteServerTransactions: 0,
    nonInviteServerTransactions: 0,
    inviteClientTransactions: 0,
    nonInviteClientTransactions: 0,
    timersArmed: 0,
    unreadable: 0,
  });
});
