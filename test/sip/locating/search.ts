import { assert } from '../../../core/kernel/assert.ts';
import { seeded } from '../../../core/kernel/random.ts';
import type { Instant } from '../../../core/kernel/time.ts';
import type { TransportAddress } from '../../../core/ports.ts';
import { parseUri } from '../../../sip/grammar/uri.ts';
import { type LocationId, Locator, type Unlocated } from '../../../sip/locating/locator.ts';
import type { Reachable } from '../../../sip/locating/survey.ts';
import { NameServer, type Zone } from '../../sim/name-server.ts';

export const EVERYTHING: Reachable = { transports: ['udp', 'tcp', 'tls'], families: [4] };

/** A locator and a name server on a bench, and time as a number. */
export class Search {
  readonly locator: Locator;
  readonly server: NameServer;
  /** What was found, in the order of finding: addresses as text, or why not. */
  readonly found = new Map<LocationId, readonly string[] | Unlocated>();
  now: Instant = 0;

  constructor(zone: Zone, reachable: Reachable = EVERYTHING, seed = 1) {
    this.server = new NameServer(zone);
    this.locator = new Locator(reachable, seeded(seed));
  }

  /** Begins to look for a URI. */
  begin(text: string): LocationId {
    const uri = parseUri(text);
    assert(uri !== undefined, `${text} is a URI`);
    const location = this.locator.locate(uri, this.now);
    this.#drain();
    return location;
  }

  /** Looks until it is found or given up. */
  locate(text: string): readonly string[] | Unlocated {
    const location = this.begin(text);
    this.run();
    const found = this.found.get(location);
    assert(found !== undefined, `${text} is located or given up`);
    return found;
  }

  /** Lets everything happen that is going to, until nothing waits any more or until `limit`. */
  run(limit: Instant = 1_000_000_000): void {
    for (;;) {
      const at = Math.min(this.server.deadline(), this.locator.deadline());
      if (at > limit) return;
      this.now = Math.max(this.now, at);
      const answer = this.server.poll(this.now);
      if (answer === undefined) this.locator.expire(this.now);
      else this.locator.receive(answer, this.now);
      this.#drain();
    }
  }

  #drain(): void {
    for (let output = this.locator.poll(); output !== undefined; output = this.locator.poll()) {
      if (output.kind === 'lookup') this.server.ask(output, this.now);
      else {
        assert(!this.found.has(output.location), 'a search ends once');
        this.found.set(output.location, output.kind === 'located' ? output.targets.map(textOf) : output.reason);
      }
    }
  }
}

function textOf({ transport, address, port }: TransportAddress): string {
  return `${transport} ${address} ${port}`;
}
