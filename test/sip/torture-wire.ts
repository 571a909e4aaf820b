import type { Directory } from '../../core/directory/directory.ts';
import { INCOMING_ONLY } from '../../core/directory/provider-terms.ts';
import type { Extension, Trunk } from '../../core/directory/records.ts';
import type { ExtensionId, TrunkId } from '../../core/kernel/ids.ts';
import type { TransportAddress } from '../../core/ports.ts';
import type { Response } from '../../sip/message.ts';
import { parse } from '../../sip/parser.ts';
import { StreamFraming } from '../../sip/stream-framing.ts';
import { answerChallenge } from '../../sip/user-agent/digest.ts';
import { Rig } from './stack/rig.ts';

const PASSWORD = 'secret';
const CARRIER_ADDRESS = '203.0.113.20';

/**
 * What comes of a message: the production stack, for each a fresh one, whose domain it addresses. It knows the sender as
 * a carrier by its address, and the user that a REGISTER names.
 */
export function onTheWire(bytes: Uint8Array, transport: 'udp' | 'tcp'): string {
  const rig = new Rig();
  rig.directory.putTrunk(carrier(rig.directory));
  const source: TransportAddress = { transport, address: CARRIER_ADDRESS, port: 40_000 };
  if (transport === 'udp') return outcome(rig, bytes, source).join(', ') || 'silence';
  const framing = new StreamFraming();
  framing.push(bytes);
  const heard: string[] = [];
  for (let message = framing.poll(); message !== undefined; message = framing.poll()) {
    heard.push(...outcome(rig, message, source));
  }
  const answers = heard.join(', ');
  if (framing.defect !== undefined) return answers === '' ? 'closed' : `${answers} closed`;
  if (framing.bufferedBytes > 0) return answers === '' ? 'waits' : `${answers}, waits`;
  return answers === '' ? 'silence' : answers;
}

/** Statuses and `offered`, in order; a challenged REGISTER is answered. */
function outcome(rig: Rig, bytes: Uint8Array, source: TransportAddress): string[] {
  const { message } = parse(bytes);
  if (message?.type === 'request') rig.directory.addOwnHost(message.uri.host);
  const heard = send(rig, bytes, source);
  if (heard[0] !== '401') return heard;
  const challenge = (rig.sent.at(-1)!.message as Response).first('WWW-Authenticate') ?? '';
  if (message?.type !== 'request' || message.method !== 'REGISTER') return heard;
  const username = message.to.uri.user.split('\0')[0] || '1000';
  admitUser(rig, username);
  const use = { username, password: PASSWORD, method: 'REGISTER', uri: message.uri.text, cnonce: 'x', nc: 1 };
  const text = Buffer.from(bytes)
    .toString('latin1')
    .replace(/\r\nAuthorization: .*/i, '');
  const authorized = text.replace('\r\n', `\r\nAuthorization: ${answerChallenge(challenge, use)}\r\n`);
  return [...heard, ...send(rig, Buffer.from(authorized, 'latin1'), source)];
}

function send(rig: Rig, bytes: Uint8Array, source: TransportAddress): string[] {
  const sent = rig.sent.length;
  const told = rig.events.length;
  rig.receiveBytes(bytes, source);
  const answers = rig.sent.slice(sent).map(({ message }) => answerText(message as Response));
  const offers = rig.events
    .slice(told)
    .flatMap(({ kind }) => (kind === 'offered' || kind === 'messaged' ? [kind] : []));
  return [...answers.filter((status) => status !== '100'), ...offers];
}

/** The status, with what the caller is told to do otherwise. */
function answerText(response: Response): string {
  const advice = response.first('Unsupported') ?? (response.status === 415 ? response.first('Accept') : undefined);
  return advice === undefined ? String(response.status) : `${response.status} ${advice}`;
}

function admitUser(rig: Rig, extension: string): void {
  const known = rig.directory.extensionByName(rig.directory.firstCustomer()!.id, '1000')!;
  const record: Extension = { ...known, id: `e${extension}` as ExtensionId, extension, password: PASSWORD };
  if (extension !== '1000') rig.directory.putExtension(record);
}

/** A trunk that is known by its address. */
export function carrier(directory: Directory): Trunk {
  const { id: customerId, createdAt, updatedAt, deletedAt } = directory.firstCustomer()!;
  return {
    id: 'carrier' as TrunkId,
    customerId,
    createdAt,
    updatedAt,
    deletedAt,
    name: '',
    detail: '',
    domainName: 'carrier',
    authTypes: ['ip'],
    username: '',
    password: '',
    allowedIps: [CARRIER_ADDRESS],
    ...INCOMING_ONLY,
  };
}
