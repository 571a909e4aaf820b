import type { DialRequest } from '../../core/ports.ts';
import { formatNameAddress } from '../grammar/name-address.ts';
import { buildUri } from '../grammar/uri.ts';
import type { Uri } from '../message.ts';
import type { Field } from './session-messages.ts';

/** RFC 3323 §4.1.1.3. */
const ANONYMOUS = '"Anonymous" <sip:anonymous@anonymous.invalid>';

/** The value of From, without its tag: who calls, or nobody when they do not want to be known. */
export function callerAddress(dial: DialRequest, ownHost: string): string {
  if (dial.isAnonymous === true) return ANONYMOUS;
  const { wishes } = dial;
  const user = wishes === undefined || wishes.fromUser === '' ? dial.fromUser : wishes.fromUser;
  return formatNameAddress(printable(dial.fromName), buildUri({ user, host: hostFor(dial, ownHost) }));
}

/**
 * Who really calls and who forwards the call, told as the provider wants it: P-Asserted-Identity or P-Preferred-Identity
 * (RFC 3325 §9.1, §9.2), Remote-Party-ID, Diversion (RFC 5806). An anonymous caller is asserted with `Privacy: id` at
 * least (RFC 3323 §4.2, RFC 3325 §9.3), so that networks keep it to themselves.
 */
export function identityFields(dial: DialRequest, ownHost: string): readonly Field[] {
  const isAnonymous = dial.isAnonymous === true;
  const { wishes } = dial;
  if (wishes === undefined && !isAnonymous) return NONE;
  const self = buildUri({ user: dial.fromUser, host: hostFor(dial, ownHost) });
  const wanted = wishes?.identity ?? 'none';
  const told = identityField(wanted === 'none' && isAnonymous ? 'p-asserted-identity' : wanted, dial, self);
  const forwarder = wishes?.forwardedFrom ?? '';
  return [
    ...told,
    ...(isAnonymous ? [['Privacy', 'id'] as const] : []),
    ...(forwarder === '' ? [] : [diversionField(buildUri({ user: forwarder, host: self.host }))]),
  ];
}

const NONE: readonly Field[] = [];

function identityField(
  header: NonNullable<DialRequest['wishes']>['identity'],
  { fromName, isAnonymous }: DialRequest,
  self: Uri,
): readonly Field[] {
  const address = formatNameAddress(printable(fromName), self);
  switch (header) {
    case 'none':
      return NONE;
    case 'p-asserted-identity':
      return [['P-Asserted-Identity', address]];
    case 'p-preferred-identity':
      return [['P-Preferred-Identity', address]];
    case 'remote-party-id': {
      const privacy = isAnonymous === true ? 'full' : 'off';
      return [['Remote-Party-ID', `${address};party=calling;screen=yes;privacy=${privacy}`]];
    }
  }
}

/** Flows forward without asking who is called. */
function diversionField(forwarder: Uri): Field {
  return ['Diversion', `${formatNameAddress('', forwarder)};reason=unconditional`];
}

function hostFor({ wishes }: DialRequest, ownHost: string): string {
  return wishes === undefined || wishes.fromDomain === '' ? ownHost : wishes.fromDomain;
}

/** A name typed by people, fit for a quoted string: control characters would end the header. */
export function printable(name: string): string {
  if (name === '') return name;
  return name.replace(/\p{Cc}/gu, ' ').trim();
}
