import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Program, until } from './program.ts';
import { readVoice, toneSeconds, voiceRateHz } from './voice.ts';

export interface BaresipOptions {
  readonly user: string;
  readonly password: string;
  readonly serverPort: number;
  readonly serverHost?: string;
  readonly transport?: 'udp' | 'tcp' | 'tls';
  readonly sipPort: number;
  readonly controlPort: number;
  readonly rtpPorts: string;
  /** WAV file, 8 kHz mono, that the phone speaks. */
  readonly voice: string;
  readonly answer?: 'auto' | 'manual';
  /** Lines of its address book; whom it names with `;presence=p2p`, it watches, and it asks for waiting messages too. */
  readonly contacts?: string;
  readonly codecs?: string;
  /** SDES: offered beside RTP/AVP, or insisted on with RTP/SAVP. */
  readonly srtp?: 'srtp' | 'srtp-mand';
  /** Module of a codec beside G.711. */
  readonly codecModule?: 'g722' | 'opus' | 'l16';
  /** Address that the phone binds, and a command that it is started with (`ip netns exec …`). */
  readonly address?: string;
  readonly within?: readonly string[];
}

export interface BaresipEvent {
  readonly type: string;
  readonly param?: string;
}

/** A baresip of its own, without sound card: speaks a file, records what it hears, is told what to do over TCP. */
export class Baresip {
  readonly program: Program;
  readonly folder: string;
  readonly events: BaresipEvent[] = [];
  readonly #options: BaresipOptions;
  #control: Socket | undefined;
  #pending = Buffer.alloc(0);

  constructor(options: BaresipOptions) {
    this.#options = options;
    this.folder = mkdtempSync(join(tmpdir(), 'tandem-baresip-'));
    mkdirSync(join(this.folder, 'sound'));
    writeFileSync(join(this.folder, 'config'), config(options, join(this.folder, 'sound')));
    writeFileSync(join(this.folder, 'accounts'), account(options));
    writeFileSync(join(this.folder, 'contacts'), options.contacts ?? '');
    const command = [...(options.within ?? []), 'baresip', '-f', this.folder];
    this.program = new Program(command[0]!, command.slice(1));
  }

  /** Connects to the phone's control port. In a namespace, give a connected socket's address by `within`. */
  async ready(): Promise<void> {
    this.#control = await until(
      () => tryConnect(this.#options.controlPort),
      20_000,
      () => `baresip control port:\n${this.program.output}`,
    );
    this.#control.on('data', (chunk: Buffer) => this.#read(chunk));
    this.#control.on('error', () => undefined);
  }

  async registered(): Promise<void> {
    await this.program.saw(/200 OK|registered successfully/, 10_000);
  }

  command(command: string, params = ''): void {
    const body = JSON.stringify({ command, params, token: command });
    this.#control!.write(`${Buffer.byteLength(body)}:${body},`);
  }

  /** Waits until an event of the type came after the first `skip` of them. */
  async event(type: string, timeoutMs = 20_000, skip = 0): Promise<BaresipEvent> {
    return until(
      () => this.events.filter((event) => event.type === type)[skip],
      timeoutMs,
      () =>
        `${type} of ${this.#options.user}, had ${this.events.map((event) => event.type).join(' ')}\n${this.program.output.slice(-2000)}`,
    );
  }

  /** Seconds of the tone in everything that the phone heard so far; it begins a new file after a hold. */
  heardSeconds(frequencyHz: number): number {
    const folder = join(this.folder, 'sound');
    const files = readdirSync(folder).filter((name) => name.endsWith('-dec.wav'));
    return files.reduce((sum, name) => {
      const path = join(folder, name);
      return sum + toneSeconds(readVoice(path), frequencyHz, voiceRateHz(path));
    }, 0);
  }

  /**
   * Waits until the phone has heard so many seconds of the tone, which a busy machine makes late. A phone that has no time
   * leaves gaps in what it hears: how long it takes tells nothing of the switch.
   */
  async hears(frequencyHz: number, seconds: number): Promise<void> {
    await until(
      () => (this.heardSeconds(frequencyHz) >= seconds ? true : undefined),
      20_000,
      () => `${this.#options.user} hears ${seconds} s of ${frequencyHz} Hz, heard ${this.heardSeconds(frequencyHz)} s`,
    );
  }

  async stop(): Promise<void> {
    this.#control?.destroy();
    await this.program.stop('SIGTERM', 3_000);
  }

  /** Netstrings of JSON: `<length>:<text>,`. */
  #read(chunk: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    for (;;) {
      const colon = this.#pending.indexOf(0x3a);
      if (colon < 0) return;
      const length = Number(this.#pending.subarray(0, colon).toString('latin1'));
      if (this.#pending.length < colon + length + 2) return;
      const parsed = JSON.parse(
        this.#pending.subarray(colon + 1, colon + 1 + length).toString('utf8'),
      ) as BaresipEvent & { event?: boolean };
      this.#pending = this.#pending.subarray(colon + length + 2);
      if (parsed.event === true) this.events.push(parsed);
    }
  }
}

function tryConnect(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}

function account(options: BaresipOptions): string {
  const { user, password, serverPort, serverHost = '127.0.0.1', transport = 'udp', answer = 'manual' } = options;
  const codecs = options.codecs ?? 'PCMU/8000/1,PCMA/8000/1';
  return (
    `<sip:${user}@${serverHost}:${serverPort}>;auth_user=${user};auth_pass=${password};` +
    `outbound="sip:${serverHost}:${serverPort};transport=${transport}";regint=60;answermode=${answer};audio_codecs=${codecs}` +
    `${options.srtp === undefined ? '' : `;mediaenc=${options.srtp}`}\n`
  );
}

function config(options: BaresipOptions, sound: string): string {
  const address = options.address ?? '127.0.0.1';
  const codecs = options.codecModule === undefined ? ['g711'] : ['g711', options.codecModule];
  const protection = options.srtp === undefined ? [] : ['srtp'];
  const modules = [...codecs, ...protection, 'aufile', 'sndfile']
    .map((name) => `${name}.so`)
    .map((name) => `module\t\t\t${name}`);
  return [
    'poll_method epoll',
    `sip_listen ${address.includes(':') ? `[${address}]` : address}:${options.sipPort}`,
    'call_local_timeout 120',
    'call_max_calls 8',
    'audio_player aufile,/dev/null',
    `audio_source aufile,${options.voice}`,
    'audio_alert aufile,/dev/null',
    'ausrc_srate 8000',
    'auplay_srate 8000',
    'ausrc_channels 1',
    'auplay_channels 1',
    'rtp_tos 184',
    `rtp_ports ${options.rtpPorts}`,
    'rtcp_mux no',
    'jitter_buffer_type fixed',
    'jitter_buffer_delay 5-10',
    'module_path /usr/lib/baresip/modules',
    ...modules,
    'module_tmp uuid.so',
    'module_tmp account.so',
    'module_app menu.so',
    ...(options.contacts === undefined ? [] : ['contact', 'presence', 'mwi'].map((name) => `module_app ${name}.so`)),
    'module_app ctrl_tcp.so',
    `ctrl_tcp_listen 127.0.0.1:${options.controlPort}`,
    `snd_path ${sound}`,
    `net_interface ${address}`,
    'statmode_default off',
    '',
  ].join('\n');
}
