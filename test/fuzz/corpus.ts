import { readdirSync, readFileSync } from 'node:fs';
import { outsideCases } from '../messages/cases.ts';
import { SAMPLES } from '../messages/samples.ts';
import { TORTURE_APPLICATION } from '../messages/torture-application.ts';
import { TORTURE_INVALID } from '../messages/torture-invalid.ts';
import { TORTURE_IPV6 } from '../messages/torture-ipv6.ts';
import { TORTURE_VALID } from '../messages/torture-valid.ts';

/** Messages that accidents happen to: our own samples, and what the torture RFCs describe. */
export const CORPUS: readonly Uint8Array[] = [
  ...SAMPLES,
  ...TORTURE_VALID,
  ...TORTURE_INVALID,
  ...TORTURE_APPLICATION,
  ...TORTURE_IPV6,
].map(({ bytes }) => bytes);

/** Those from outside; undefined where they are absent. */
export function outsideCorpus(): readonly Uint8Array[] | undefined {
  const folder = outsideCases('sip-messages');
  return folder === undefined
    ? undefined
    : ['rfc4475', 'rfc5118/wire', 'kamailio-sip'].flatMap((group) =>
        readdirSync(`${folder}/${group}`).map((file) => readFileSync(`${folder}/${group}/${file}`)),
      );
}
