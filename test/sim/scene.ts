import { type Random, seeded } from '../../core/kernel/random.ts';
import type { Instant } from '../../core/kernel/time.ts';
import type { TransportAddress, TransportProtocol } from '../../core/ports.ts';
import { type Link, Network, PERFECT_LINK } from './network.ts';
import { Phone, type PhoneOptions } from './phone.ts';
import { PASSWORD, SimulatedSwitch, type SimulatedSwitchOptions } from './switch.ts';
import { synchronously } from './synchronously.ts';
import { Watcher } from './watcher.ts';
import { World } from './world.ts';

export const SERVER: TransportAddress = { transport: 'udp', address: '192.0.2.1', port: 5060 };

/** Where the switch is for phones and carriers of IPv6, in a scene that has any. */
export const SERVER_IPV6 = '2001:db8::1';

type Particulars = Partial<
  Pick<
    PhoneOptions,
    'proxy' | 'manner' | 'hangsUpAfterMs' | 'password' | 'formats' | 'headers' | 'ownHost' | 'contactUser'
  >
> & {
  /** UDP unless told. */
  readonly transport?: TransportProtocol;
  /** IPv4 unless told; IPv6 in a scene of both. */
  readonly family?: 4 | 6;
  /** The next free one of its network unless told. */
  readonly host?: string;
};

export interface SceneOptions
  extends Partial<
    Pick<
      SimulatedSwitchOptions,
      'ipv6' | 'lingerMs' | 'workerCount' | 'streamsMax' | 'recordingsFolder' | 'promptsFolder' | 'zone' | 'queue'
    >
  > {
  readonly seed?: number;
  readonly link?: Link;
}

/** A Tandem and its phones in one world. */
export class Scene {
  readonly world: World;
  readonly tandem: SimulatedSwitch;
  readonly phones: Phone[] = [];
  readonly random: Random;
  readonly #names: string[] = [];
  readonly #watchers: string[] = [];

  constructor({ seed = 1, link = PERFECT_LINK, ...particulars }: SceneOptions = {}) {
    this.random = seeded(seed);
    this.world = new World(new Network(link, this.random));
    this.tandem = new SimulatedSwitch({ address: SERVER, random: this.random, ...particulars });
    this.world.add(this.tandem);
  }

  /** A phone of an extension that is going to register at 0 ms; its name is a column of the ladder. */
  phone(name: string, extension: string, particulars: Particulars = {}): Phone {
    const phone = this.stranger(name, extension, particulars);
    phone.plan(0, { kind: 'register', expiresS: 3600 });
    return phone;
  }

  /** A phone of another switch's extension, that registers there at 0 ms. */
  phoneOf(
    name: string,
    extension: string,
    server: SimulatedSwitch,
    address: TransportAddress,
    particulars: Omit<Particulars, 'transport' | 'family' | 'host'> = {},
  ): Phone {
    const phone = new Phone({
      name,
      address,
      username: extension,
      password: PASSWORD,
      server: server.addresses[0]!,
      random: this.random,
      ...particulars,
    });
    this.world.add(phone);
    phone.plan(0, { kind: 'register', expiresS: 3600 });
    return phone;
  }

  /** A phone that does not register by itself. */
  stranger(name: string, username: string, particulars: Particulars = {}): Phone {
    const { transport = 'udp', family = 4, host: told, ...others } = particulars;
    const next = `${family === 4 ? '192.0.2.' : '2001:db8::'}${10 + this.phones.length}`;
    const address = { transport, address: told ?? next, port: 5060 } as const;
    const server = family === 4 ? SERVER.address : SERVER_IPV6;
    const phone = new Phone({
      name,
      address,
      username,
      password: PASSWORD,
      server: { ...SERVER, address: server, transport },
      random: this.random,
      ...others,
    });
    this.phones.push(phone);
    this.world.add(phone);
    // The switch stands behind the caller.
    this.#names.splice(0, this.#names.length, ...this.phones.map((member) => member.name));
    this.#names.splice(1, 0, this.tandem.name);
    return phone;
  }

  /** A lamp of an extension that watches another one. */
  watcher(name: string, username: string, event: string, watched: string, browser?: { ownHost: string }): Watcher {
    const transport: TransportProtocol = browser === undefined ? 'udp' : 'ws';
    const address = { transport, address: `192.0.2.${100 + this.#watchers.length}`, port: 5060 } as const;
    const own = { username, password: PASSWORD, server: { ...SERVER, transport }, random: this.random, ...browser };
    const watcher = new Watcher({ name, address, event, watched, ...own });
    this.#watchers.push(name);
    this.world.add(watcher);
    return watcher;
  }

  /** Runs to an instant, or until nothing is left to happen: in virtual time, and without anything left for later. */
  run(limit?: Instant): void {
    synchronously(() => this.world.run(limit));
  }

  /** What was said, with the caller left, the switch beside it, and who is called on the right. */
  get ladder(): string {
    return this.world.ladder([...this.#names, ...this.#watchers]);
  }
}
