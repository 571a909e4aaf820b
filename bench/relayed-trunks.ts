import type { SrtpPolicy } from '../core/kernel/srtp-policy.ts';
import type { TandemProcess } from '../test/interop/tandem-process.ts';
import { CROWD_PORT } from './crowd-generator.ts';
import { TrunkCallees } from './trunk-callees.ts';
import { type Describe, TrunkCalls } from './trunk-calls.ts';

const FROM = '+49302001';
const TO = '+498912345678';

export interface RelayedCallsOptions {
  /** The first of the generator's ports: one for each calling leg, then one for each called. */
  readonly firstPort?: number;
  readonly srtp?: SrtpPolicy;
  /** What both sides say of their audio; plain unless told. */
  readonly describe?: Describe;
}

/**
 * Calls between two trunks whose media is a generator's, up while `run` lasts; it is told Tandem's port of each leg: the first
 * half of the legs calls, the second is called.
 */
export async function relayedCalls<T>(
  tandem: TandemProcess,
  count: number,
  { firstPort = CROWD_PORT, srtp = 'off', describe }: RelayedCallsOptions,
  run: (ports: readonly number[]) => Promise<T>,
): Promise<T> {
  const callees = await TrunkCallees.open((index) => firstPort + 2 * (count + index), describe);
  const calls = await TrunkCalls.open(tandem.sipPort, describe);
  try {
    await routeTo(tandem, callees.host, srtp);
    for (let i = 0; i < count; i++) await calls.place(FROM, i, firstPort + 2 * i);
    return await run([...(await calls.ports()), ...callees.ports]);
  } finally {
    calls.close();
    callees.close();
  }
}

/** Calls of a trunk to our number go on to the provider. */
async function routeTo(tandem: TandemProcess, host: string, srtp: SrtpPolicy): Promise<void> {
  await tandem.asAdmin('POST', '/v1.0/trunks', {
    domain_name: 'load',
    auth_types: ['ip'],
    allowed_ips: ['127.0.0.1'],
    metadata: { srtp },
  });
  const provider = await tandem.asAdmin('POST', '/v1.0/providers', {
    hostname: host,
    name: 'callees',
    metadata: { options_interval: 0, srtp },
  });
  await tandem.asAdmin('POST', '/v1.0/routes', { provider_id: provider.id, target: '+49' });
  const option = { destinations: [{ type: 'tel', target: TO }] };
  const flow = await tandem.asAdmin('POST', '/v1.0/flows', { name: 'on', actions: [{ type: 'connect', option }] });
  const number = await tandem.asAdmin('POST', '/v1.0/numbers', { number: FROM, call_flow_id: flow.id });
  await tandem.asAdmin('PUT', '/v1.0/outbound_config', {
    default_outgoing_source_number_id: number.id,
    destination_whitelist: ['de'],
  });
}
