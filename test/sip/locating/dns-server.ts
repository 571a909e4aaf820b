import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

const TYPES: Readonly<Record<number, string>> = { 1: 'A', 5: 'CNAME', 28: 'AAAA', 33: 'SRV', 35: 'NAPTR' };
const NUMBERS: Readonly<Record<string, number>> = { A: 1, CNAME: 5, AAAA: 28, SRV: 33, NAPTR: 35 };
const OK = 0;
const SERVER_FAILURE = 2;
const NAME_ERROR = 3;

interface Row {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly content: Buffer;
}

/** A name server on loopback that speaks just enough of RFC 1035, RFC 2782 and RFC 3403 to be asked. */
export class DnsServer {
  /** Names with their records, written by the functions below. */
  readonly rows: Row[] = [];
  /** Queries such as `SRV _sip._udp.pbx.example`, in the order of arrival. */
  readonly asked: string[] = [];
  readonly failing = new Set<string>();
  readonly silent = new Set<string>();
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (bytes, { address, port }) => {
      const answer = this.#answer(bytes);
      if (answer !== undefined) socket.send(answer, port, address);
    });
  }

  static async open(): Promise<DnsServer> {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new DnsServer(socket);
  }

  /** As `dns.setServers` takes it. */
  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  add(name: string, type: string, content: Buffer, ttl = 300): void {
    this.rows.push({ name, type, content, ttl });
  }

  async close(): Promise<void> {
    this.#socket.close();
    await once(this.#socket, 'close');
  }

  #answer(query: Buffer): Buffer | undefined {
    const labels: string[] = [];
    let at = 12;
    for (let length = query[at]!; length > 0; length = query[at]!) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
    }
    const name = labels.join('.').toLowerCase();
    const type = TYPES[query.readUInt16BE(at + 1)] ?? '';
    const key = `${type} ${name}`;
    this.asked.push(key);
    if (this.silent.has(key)) return undefined;
    const alias = this.rows.find((row) => row.name === name && row.type === 'CNAME');
    const aliased = alias === undefined ? name : readName(alias.content);
    const found = this.rows.filter((row) => row.name === aliased && row.type === type);
    const answers = alias === undefined ? found : [alias, ...found];
    const exists = this.rows.some((row) => row.name === name);
    const head = Buffer.from(query.subarray(0, 12));
    head.writeUInt16BE(0x8180 | (this.failing.has(key) ? SERVER_FAILURE : exists ? OK : NAME_ERROR), 2);
    head.writeUInt16BE(answers.length, 6);
    head.fill(0, 8);
    return Buffer.concat([head, query.subarray(12, at + 5), ...answers.map(rowBytes)]);
  }
}

export function naptr(order: number, preference: number, flags: string, service: string, replacement: string): Buffer {
  return Buffer.concat([numbers(order, preference), text(flags), text(service), text(''), nameBytes(replacement)]);
}

export function srv(priority: number, weight: number, port: number, target: string): Buffer {
  return Buffer.concat([numbers(priority, weight, port), nameBytes(target)]);
}

export function cname(target: string): Buffer {
  return nameBytes(target);
}

export function a(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number));
}

function rowBytes({ name, type, ttl, content }: Row): Buffer {
  const head = Buffer.alloc(10);
  head.writeUInt16BE(NUMBERS[type]!, 0);
  head.writeUInt16BE(1, 2);
  head.writeUInt32BE(ttl, 4);
  head.writeUInt16BE(content.length, 8);
  return Buffer.concat([nameBytes(name), head, content]);
}

function numbers(...values: readonly number[]): Buffer {
  return Buffer.from(values.flatMap((value) => [value >> 8, value & 0xff]));
}

function text(value: string): Buffer {
  return Buffer.from([value.length, ...Buffer.from(value, 'latin1')]);
}

function nameBytes(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  return Buffer.concat([...labels.map(text), Buffer.from([0])]);
}

function readName(bytes: Buffer): string {
  const labels: string[] = [];
  for (let at = 0; bytes[at]! > 0; at += 1 + bytes[at]!)
    labels.push(bytes.toString('latin1', at + 1, at + 1 + bytes[at]!));
  return labels.join('.');
}
