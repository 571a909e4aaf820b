import type { OutboundConfigFields, Refusal } from '../command.ts';
import type { OutboundConfig } from '../directory/records.ts';
import { type CustomerId, type OutboundConfigId, uuid } from '../kernel/ids.ts';
import { alreadyExists, invalid, notFound } from '../refusal.ts';
import { isCountry } from '../routing/country-of-number.ts';
import { Aggregate, newRow } from './aggregate.ts';
import type { Definitions, Ground } from './change.ts';
import { checkCodecs } from './gateway-terms.ts';

const outboundConfigs = new Aggregate<OutboundConfig>({
  what: 'outbound config',
  rowsOf: (directory) => directory.outboundConfigs,
  nameOf: (row) => row.customerId,
  writeOf: (row) => ({ kind: 'saveOutboundConfig', row }),
  eventOf: (outboundConfig, happening) => ({ type: `outbound_config_${happening}`, outboundConfig }),
});

/** Platform §5.4. */

export const OUTBOUND_CONFIGS: Definitions<'createOutboundConfig' | 'updateOutboundConfig' | 'deleteOutboundConfig'> = {
  createOutboundConfig: {
    keysOf: ({ customerId }) => [outboundConfigs.key(customerId)],
    changeOf({ customerId, fields }, ground) {
      const refusal = check(customerId, fields, ground);
      if (refusal !== undefined) return refusal;
      if (ground.directory.outboundConfigOf(customerId) !== undefined) {
        return alreadyExists('outbound config', 'customer_id', customerId);
      }
      const id = uuid(ground.random) as OutboundConfigId;
      return outboundConfigs.created({ ...newRow(customerId, ground.at), ...fields, id }, ground);
    },
  },
  updateOutboundConfig: {
    keysOf: ({ id }, directory) => [outboundConfigs.keyOfId(id, directory)],
    changeOf: ({ id, changes }, ground) =>
      outboundConfigs.updated(id, ground, (old) => check(old.customerId, { ...old, ...changes }, ground) ?? changes),
  },
  deleteOutboundConfig: outboundConfigs.deletion(),
};

function check(customerId: CustomerId, fields: OutboundConfigFields, { directory }: Ground): Refusal | undefined {
  const { destinationWhitelist, codecs, defaultNumberId } = fields;
  const index = destinationWhitelist.findIndex((country) => !isCountry(country));
  if (index >= 0) {
    const field = `destination_whitelist[${index}]`;
    return invalid(field, 'a country by its two letters of ISO 3166 in lower case', destinationWhitelist[index]!);
  }
  const refusal = checkCodecs(codecs);
  if (refusal !== undefined) return refusal;
  if (defaultNumberId === null) return undefined;
  const number = directory.numbers.get(defaultNumberId);
  if (number?.customerId !== customerId)
    return notFound('number', defaultNumberId, 'default_outgoing_source_number_id');
  return number.type === 'normal' && number.status === 'active'
    ? undefined
    : invalid(
        'default_outgoing_source_number_id',
        'an active number of type normal',
        `${number.type} ${number.status}`,
      );
}
