import type { Gateway } from '../../core/directory/records.ts';
import { formatNameAddress } from '../grammar/name-address.ts';
import { buildUri, parseUri } from '../grammar/uri.ts';
import type { Uri } from '../message.ts';

/** Where requests to a provider go, and as whom. */
export interface ProviderAim {
  /** Request-URI without a user: the provider itself. */
  readonly registrar: Uri;
  /** Whose servers are asked. */
  readonly next: Uri;
  /** Values of Route. */
  readonly routes: readonly string[];
  /** name-addr of our account there. */
  readonly account: string;
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
}

/** Undefined when its host name or proxy is no part of a URI. */
export function aimOf({ hostname, terms }: Gateway): ProviderAim | undefined {
  const parameter = terms.transport === 'udp' ? '' : `;transport=${terms.transport}`;
  const registrar = parseUri(`sip:${hostname}${parameter}`);
  const proxy = terms.outboundProxy === '' ? undefined : parseUri(withLooseRouting(terms.outboundProxy));
  const next = terms.outboundProxy === '' ? registrar : proxy;
  if (registrar === undefined || next === undefined) return undefined;
  const host = terms.fromDomain === '' ? registrar.host : terms.fromDomain;
  const user = terms.fromUser === '' ? terms.username : terms.fromUser;
  const { username, password } = terms;
  return {
    registrar,
    next,
    routes: proxy === undefined ? [] : [`<${proxy.text}>`],
    account: formatNameAddress('', buildUri({ ...(user === '' ? {} : { user }), host })),
    credentials: username === '' ? undefined : { username, password },
  };
}

function withLooseRouting(proxy: string): string {
  return /;lr(?:[;=]|$)/i.test(proxy) ? proxy : `${proxy};lr`;
}
