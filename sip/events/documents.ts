import { buildUri } from '../grammar/uri.ts';
import type { DialogSight } from './watched-dialogs.ts';

/** Messages that wait for somebody (RFC 3842 §5.2). */
export interface WaitingMessages {
  readonly unheard: number;
  readonly heard: number;
}

/** What a watcher is told about. */
export interface Sight {
  /** User and host of the phone, as it was asked for. */
  readonly user: string;
  readonly host: string;
  /** Grows by one with each document of a subscription. */
  readonly version: number;
  readonly dialogs: readonly DialogSight[];
  readonly isRegistered: boolean;
  readonly messages: WaitingMessages;
}

/** RFC 4235 §4: every dialog of the phone, in full. */
export function dialogInfo({ user, host, version, dialogs }: Sight): string {
  const self = escapeXml(buildUri({ user, host }).text);
  const elements = dialogs.map((dialog) => {
    const { id, callId, localTag, remoteTag, direction, phase, remoteUser, remoteName } = dialog;
    const ids = attributes({ id, 'call-id': callId, 'local-tag': localTag, 'remote-tag': remoteTag, direction });
    const other = escapeXml(buildUri({ user: remoteUser, host }).text);
    const display = attributes({ display: remoteName });
    return `<dialog${ids}><state>${phase}</state>${party('local', '', self)}${party('remote', display, other)}</dialog>\r\n`;
  });
  const head = attributes({ xmlns: 'urn:ietf:params:xml:ns:dialog-info', version: String(version), state: 'full' });
  return `${XML}<dialog-info${head} entity="${self}">\r\n${elements.join('')}</dialog-info>\r\n`;
}

function party(side: 'local' | 'remote', display: string, uri: string): string {
  return `<${side}><identity${display}>${uri}</identity><target uri="${uri}"/></${side}>`;
}

/** RFC 3863 with the activities of RFC 4480 §3.2: whether the phone can be called, and whether somebody talks on it. */
export function presence({ user, host, dialogs, isRegistered }: Sight): string {
  const entity = escapeXml(buildUri({ user, host }).text);
  const isTalking = dialogs.some(({ phase }) => phase === 'early' || phase === 'confirmed');
  const activity = isTalking
    ? '<dm:person id="person"><rpid:activities><rpid:on-the-phone/></rpid:activities></dm:person>\r\n'
    : '';
  const note = isRegistered ? (isTalking ? 'On the phone' : 'Available') : 'Not registered';
  return (
    `${XML}<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" ` +
    `xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity="${entity}">\r\n` +
    `<tuple id="phone"><status><basic>${isRegistered ? 'open' : 'closed'}</basic></status>` +
    `<contact>${entity}</contact><note>${note}</note></tuple>\r\n${activity}</presence>\r\n`
  );
}

/** RFC 3842 §5.2. */
export function messageSummary({ user, host, messages }: Sight): string {
  const { unheard, heard } = messages;
  return (
    `Messages-Waiting: ${unheard > 0 ? 'yes' : 'no'}\r\nMessage-Account: ${buildUri({ user, host }).text}\r\n` +
    `Voice-Message: ${unheard}/${heard} (0/0)\r\n`
  );
}

const XML = '<?xml version="1.0" encoding="UTF-8"?>\r\n';

/** Those that have a value, with a space before each. */
function attributes(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => (value === '' ? '' : ` ${name}="${escapeXml(value)}"`))
    .join('');
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text as XML 1.0 may carry it, in an attribute or an element: control characters have no place in it. */
export function escapeXml(text: string): string {
  return text
    .replace(/\p{Cc}|[\u{D800}-\u{DFFF}\u{FFFE}\u{FFFF}]/gu, ' ')
    .replace(/[&<>"]/g, (character) => ESCAPES[character]!);
}
