import type { HeaderRule, IdentityHeader } from './directory/provider-terms.ts';
import type { GatewayId } from './kernel/ids.ts';

/** What `core` asks of signalling about providers and customers' own trunks, and what it hears of them; part of `ports.ts`. */
export interface ProviderSignaling {
  /** Registers at a provider and watches whether it lives, as the directory has it now. News: providerRegistration, providerWatched. */
  maintain(provider: GatewayId): void;
  /** Asks a provider by OPTIONS, and with our credentials by a REGISTER that changes nothing. Outcome: providerProbed. */
  probe(ticket: number, provider: GatewayId): void;
  /** Takes away all bindings at providers, and watches none any more. */
  retire(): void;
}

export type ProviderSignal =
  | {
      readonly kind: 'providerRegistration';
      readonly gatewayId: GatewayId;
      readonly registration: RegistrationStatus;
    }
  | {
      readonly kind: 'providerWatched';
      readonly gatewayId: GatewayId;
      readonly health: 'unknown' | 'healthy' | 'unhealthy';
      readonly detail: string;
    }
  | { readonly kind: 'providerProbed'; readonly ticket: number; readonly probe: ProviderProbe };

/** How our registration at a provider stands. */
export interface RegistrationStatus {
  readonly state: 'waiting' | 'registering' | 'registered' | 'refreshing' | 'removing' | 'stopped';
  /** SIP status of the last answer; 0 when there was none. */
  readonly status: number;
  /** Its reason phrase, or why there was none. */
  readonly detail: string;
  /** Address and port that the provider saw us at; '' when it did not say. */
  readonly seenAs: string;
  /** Until the binding ends unless it is refreshed, and until we try again; 0 for never. */
  readonly endsInMs: number;
  readonly retryInMs: number;
}

/** What came of one request to a provider. */
export interface ProbeAnswer {
  /** SIP status; 0 when nobody answered. */
  readonly status: number;
  /** Reason phrase, or why there is no answer: `no such host`, `no server`, `not answered`, `no transport`, `silent`, `unreachable`. */
  readonly detail: string;
  /** Servers that were found, as `udp 192.0.2.1:5060`, the first to be tried first. */
  readonly servers: readonly string[];
  /** Where we said that we are, and where the provider saw us; '' when nothing was said. */
  readonly saidAs: string;
  readonly seenAs: string;
}

export interface ProviderProbe {
  readonly options: ProbeAnswer;
  /** Undefined without credentials. */
  readonly register: ProbeAnswer | undefined;
}

/** How a provider wants to be told of a call. */
export interface CarrierWishes {
  readonly gatewayId: GatewayId;
  /** User part of From in place of the caller's; '' for the caller's. */
  readonly fromUser: string;
  /** Host of From; '' for ours. */
  readonly fromDomain: string;
  readonly identity: IdentityHeader;
  /** Number that forwards the call (RFC 5806); '' for none. */
  readonly forwardedFrom: string;
  readonly headers: readonly HeaderRule[];
}
