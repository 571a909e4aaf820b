import type { PhoneNumber } from '../directory/records.ts';
import { type NumberId, uuid } from '../kernel/ids.ts';
import { alreadyExists, invalid } from '../refusal.ts';
import { Aggregate, newRow } from './aggregate.ts';
import type { Definitions } from './change.ts';
import { checkFlows, flowKeys } from './references.ts';

export const numbers = new Aggregate<PhoneNumber>({
  what: 'number',
  rowsOf: (directory) => directory.numbers,
  nameOf: (row) => row.number,
  writeOf: (row) => ({ kind: 'saveNumber', row }),
  eventOf: (number, happening) => ({ type: `number_${happening}`, number }),
});

/** E.164 by its length alone (§6): which country codes exist is not known here. */
const E164 = /^\+\d{7,15}$/;

export const NUMBERS: Definitions<'createNumber' | 'updateNumber' | 'deleteNumber'> = {
  createNumber: {
    keysOf: ({ fields }) => [numbers.key(fields.number), ...flowKeys(fields.callFlowId, fields.messageFlowId)],
    changeOf({ customerId, fields }, ground) {
      const { number, callFlowId, messageFlowId } = fields;
      if (!E164.test(number)) return invalid('number', '+ and 7 to 15 digits', number);
      if (ground.directory.numberByE164(number) !== undefined) return alreadyExists('number', 'number', number);
      const ids = { call_flow_id: callFlowId, message_flow_id: messageFlowId };
      const refusal = checkFlows(customerId, ids, ground.directory);
      if (refusal !== undefined) return refusal;
      const row: PhoneNumber = {
        ...newRow(customerId, ground.at),
        ...fields,
        id: uuid(ground.random) as NumberId,
        shortCode: '',
        status: 'active',
        isRtpDebugged: false,
        purchasedAt: ground.at,
        renewedAt: ground.at,
      };
      return numbers.created(row, ground);
    },
  },
  updateNumber: {
    keysOf: ({ id, changes }, directory) => [
      numbers.keyOfId(id, directory),
      ...flowKeys(changes.callFlowId, changes.messageFlowId),
    ],
    changeOf: ({ id, changes }, ground) =>
      numbers.updated(id, ground, ({ customerId }) => {
        const ids = { call_flow_id: changes.callFlowId, message_flow_id: changes.messageFlowId };
        return checkFlows(customerId, ids, ground.directory) ?? changes;
      }),
  },
  deleteNumber: numbers.deletion({ status: 'deleted' }),
};
