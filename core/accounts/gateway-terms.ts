import type { Refusal } from '../command.ts';
import type { HeaderRule, ProviderTerms } from '../directory/provider-terms.ts';
import { isAddress } from '../kernel/address-text.ts';
import { CODEC_NAMES } from '../kernel/codec-names.ts';
import { networkOf } from '../kernel/network.ts';
import { invalid } from '../refusal.ts';
import { objectionToHeader } from '../routing/provider-headers.ts';

const HOSTNAME = /^(\[([0-9a-f:.]+)\]|[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)(:[0-9]{1,5})?$/i;
const CODECS: ReadonlySet<string> = new Set(CODEC_NAMES.map((name) => name.toLowerCase()));
const PROXY = /^sips?:(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:[0-9]{1,5})?(;[a-z0-9=.;-]*)?$/i;
const USER = /^[A-Za-z0-9_.!~*'()&=+$,;?/-]{0,128}$/;
const E164 = /^(\+[1-9][0-9]{6,14})?$/;
const DIGITS = /^\+?[0-9*#]{0,32}$/;

/** What is wrong with where calls to a provider or trunk go. */
export function checkHostname(hostname: string): Refusal | undefined {
  const port = Number(/^[^[\]:]*:([0-9]+)$|\]:([0-9]+)$/.exec(hostname)?.slice(1).find(Boolean) ?? 1);
  const address = HOSTNAME.exec(hostname)?.[2];
  const isHost = HOSTNAME.test(hostname) && (address === undefined || isAddress(address));
  if (isHost && port >= 1 && port <= 65_535) return undefined;
  return invalid('hostname', 'a name or an address, such as sip.example.com or 192.0.2.1:5080', hostname);
}

/** What is wrong with a list of encodings. */
export function checkCodecs(codecs: string): Refusal | undefined {
  if (codecs === '' || codecs.split(',').every((name) => CODECS.has(name.toLowerCase()))) return undefined;
  return invalid('codecs', `some of ${CODEC_NAMES.join(',')} with commas between, the preferred one first`, codecs);
}

/** What is wrong with how a provider or trunk is called, registered at and watched. */
export function checkTerms(terms: ProviderTerms): Refusal | undefined {
  const { outboundProxy, username, password, fromUser, fromDomain, number, registers } = terms;
  if (outboundProxy !== '' && !PROXY.test(outboundProxy)) {
    return invalid('metadata.outbound_proxy', 'a SIP URI such as sip:proxy.example.com:5060', outboundProxy);
  }
  if (!USER.test(fromUser)) return invalid('metadata.from_user', 'the user part of a SIP URI', fromUser);
  if (fromDomain !== '' && !HOSTNAME.test(fromDomain)) {
    return invalid('metadata.from_domain', 'a name or an address', fromDomain);
  }
  if (!E164.test(number)) return invalid('metadata.number', 'a number such as +4930123456, or ""', number);
  if (username === '' && password !== '') return invalid('metadata.username', 'a username for the password', 'none');
  if (registers && username === '') return invalid('metadata.username', 'a username to register with', 'none');
  return checkTables(terms);
}

function checkTables({ addresses, numberRules, headers }: ProviderTerms): Refusal | undefined {
  for (const [index, text] of addresses.entries()) {
    const network = networkOf(text);
    if (network === undefined || network.prefixLength === 0) {
      return invalid(`metadata.addresses[${index}]`, 'an address or a network such as 192.0.2.0/24', text);
    }
  }
  for (const [index, { prefix, replacement }] of numberRules.entries()) {
    const field = `metadata.number_rules[${index}]`;
    if (!DIGITS.test(prefix)) return invalid(`${field}.prefix`, 'digits, with + before them or not', prefix);
    if (!DIGITS.test(replacement)) {
      return invalid(`${field}.replacement`, 'digits, with + before them or not', replacement);
    }
  }
  for (const [index, rule] of headers.entries()) {
    const refusal = checkHeader(`metadata.headers[${index}]`, rule);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function checkHeader(field: string, { action, name, value }: HeaderRule): Refusal | undefined {
  const objection = objectionToHeader(name, value);
  if (objection === 'name') return invalid(`${field}.name`, 'a header that is not ours to keep right', name);
  if (objection === 'value') return invalid(`${field}.value`, 'one line of printable text', value);
  if (action !== 'remove' && value === '') return invalid(`${field}.value`, `a value to ${action}`, 'none');
  return action === 'remove' && value !== '' ? invalid(`${field}.value`, 'none, as it is removed', value) : undefined;
}
