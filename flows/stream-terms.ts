import type { ExternalMediaWish } from '../core/calls/external-media-record.ts';
import type { AudioDirection, StreamEncapsulation, StreamFormatName, StreamTransport } from '../core/ports.ts';

/** How the sound of a program is packed, and in which format. */
export type StreamPacking = Pick<ExternalMediaWish, 'encapsulation' | 'format'>;

/** What is wrong with what was asked for. */
export interface StreamDefect {
  readonly field: string;
  readonly expected: string;
}

/** Names of packings as programs ask for them; those of bare samples say their rate. */
const PACKINGS: Readonly<Record<string, StreamEncapsulation>> = {
  none: 'none',
  sln: 'none',
  l16: 'none',
  rtp: 'rtp',
  audiosocket: 'audiosocket',
  twilio: 'messages',
};
const FORMATS: Readonly<Record<string, StreamFormatName>> = {
  ulaw: 'ulaw',
  alaw: 'alaw',
  slin: 'slin',
  slin8: 'slin',
  slin16: 'slin16',
  slin24: 'slin24',
  slin48: 'slin48',
};
const RATES: Readonly<Record<string, StreamFormatName>> = {
  '8000': 'slin',
  '16000': 'slin16',
  '24000': 'slin24',
  '48000': 'slin48',
};
const DIRECTIONS: Readonly<Record<string, AudioDirection>> = {
  '': 'both',
  both: 'both',
  in: 'in',
  out: 'out',
  none: '',
};
/** How each transport can carry sound, the usual way first. */
const CARRIED: Readonly<Record<StreamTransport, readonly StreamEncapsulation[]>> = {
  udp: ['rtp'],
  tcp: ['audiosocket'],
  websocket: ['none', 'rtp', 'audiosocket', 'messages'],
};
const DATA_CHARACTERS_MAX = 4_096;

/** Both, in, out or none, where '' is both; undefined for anything else. */
export function directionFrom(text: string): AudioDirection | undefined {
  return own(DIRECTIONS, text);
}

/**
 * The packing that a program which connects to us by WebSocket asks for: `rtp`, `sln`, `audiosocket`, `twilio`, `l16` with a
 * rate. What nobody knows is `unknown`, as in the reference: it is connected, and silent.
 */
export function packingFrom(encapsulation: string, rate: string): StreamPacking | StreamDefect {
  const packing = own(PACKINGS, encapsulation === '' ? 'sln' : encapsulation) ?? 'unknown';
  const format = own(RATES, rate === '' ? '8000' : rate);
  if (format === undefined) return { field: 'rate', expected: '8000, 16000, 24000 or 48000' };
  if (rate === '' && packing === 'messages') return { encapsulation: packing, format: 'ulaw' };
  return { encapsulation: packing, format };
}

/** What an action asks for, in the words of the reference. */
export interface StreamGiven {
  readonly externalHost: string;
  readonly encapsulation: string;
  readonly transport: string;
  readonly transportData: string;
  readonly connectionType: string;
  readonly format: string;
  readonly listen: string;
  readonly speak: string;
  readonly data: string;
}

/** What is to be connected with what; RTP over UDP in µ-law unless said. */
export function wishFrom(given: StreamGiven): ExternalMediaWish | StreamDefect {
  const transport = (given.transport || 'udp') as StreamTransport;
  const carried = own(CARRIED, transport);
  if (carried === undefined) return { field: 'transport', expected: 'udp, tcp or websocket' };
  const encapsulation = given.encapsulation === '' ? carried[0]! : own(PACKINGS, given.encapsulation);
  if (encapsulation === undefined || !carried.includes(encapsulation)) {
    return {
      field: 'encapsulation',
      expected: `${carried.join(', ').replace('messages', 'twilio')} over ${transport}`,
    };
  }
  const usual = encapsulation === 'rtp' || encapsulation === 'messages' ? 'ulaw' : 'slin';
  const format = given.format === '' ? usual : own(FORMATS, given.format);
  const isLaw = format === 'ulaw' || format === 'alaw';
  if (format === undefined || (encapsulation === 'audiosocket' && isLaw)) {
    return { field: 'format', expected: 'slin, slin16, slin24 or slin48, and ulaw or alaw but for audiosocket' };
  }
  if (given.connectionType !== '' && given.connectionType !== 'client') {
    return { field: 'connection_type', expected: 'client: programs connect to us at media_stream' };
  }
  const [listen, speak] = [directionFrom(given.listen), directionFrom(given.speak)];
  if (listen === undefined || speak === undefined) {
    return { field: 'direction', expected: 'in, out, both or none' };
  }
  const target = targetOf(transport, given.externalHost, given.transportData);
  if (target === undefined) {
    return { field: 'external_host', expected: transport === 'websocket' ? 'a ws or wss URL' : 'host:port' };
  }
  return { transport, encapsulation, format, listen, speak, target, parameters: parametersOf(given.data) };
}

function targetOf(transport: StreamTransport, host: string, data: string): string | undefined {
  if (transport !== 'websocket') {
    const url = URL.parse(`tcp://${host}`);
    return url === null || url.port === '' || url.hostname === '' || url.host !== host.toLowerCase() ? undefined : host;
  }
  const url = URL.parse(`${host.includes('://') ? '' : 'ws://'}${host}${data}`);
  return url === null || (url.protocol !== 'ws:' && url.protocol !== 'wss:') ? undefined : url.href;
}

/** An object of texts is taken as it is, any other text as `data`; an id of AudioSocket is one. */
function parametersOf(data: string): Readonly<Record<string, string>> {
  if (data === '') return {};
  const text = data.slice(0, DATA_CHARACTERS_MAX);
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return { id: text };
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, String(one)]));
    }
  } catch {
    // It is a text of the program's own.
  }
  return { data: text };
}

function own<Value>(table: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
