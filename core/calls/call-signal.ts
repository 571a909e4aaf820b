import type { MediaEvent, SignalingEvent } from '../ports.ts';

/** What signalling tells of phones' bindings, of messages and of providers: none of it is of a call. */
const OTHER_KINDS = [
  'bound',
  'unbound',
  'messaged',
  'messageSettled',
  'providerRegistration',
  'providerWatched',
  'providerProbed',
] as const;
const OTHERS: ReadonlySet<string> = new Set(OTHER_KINDS);

export type CallSignal = Exclude<SignalingEvent, { kind: (typeof OTHER_KINDS)[number] }>;

export function isOfCall(event: SignalingEvent | MediaEvent): event is CallSignal | MediaEvent {
  return !OTHERS.has(event.kind);
}
