import type { Extension } from '../directory/records.ts';
import { type ExtensionId, uuid } from '../kernel/ids.ts';
import { alreadyExists } from '../refusal.ts';
import { Aggregate, newRow } from './aggregate.ts';
import type { Definitions } from './change.ts';
import { checkCodecs } from './gateway-terms.ts';

const extensions = new Aggregate<Extension>({
  what: 'extension',
  rowsOf: (directory) => directory.extensions,
  nameOf: (row) => `${row.customerId}/${row.extension}`,
  writeOf: (row) => ({ kind: 'saveExtension', row }),
  eventOf: (extension, happening) => ({ type: `extension_${happening}`, extension }),
});

export const EXTENSIONS: Definitions<'createExtension' | 'updateExtension' | 'deleteExtension'> = {
  createExtension: {
    keysOf: ({ customerId, extension }) => [extensions.key(`${customerId}/${extension}`)],
    changeOf({ customerId, extension, password, name, detail, codecs, srtp }, ground) {
      const refusal = checkCodecs(codecs);
      if (refusal !== undefined) return refusal;
      if (ground.directory.extensionByName(customerId, extension) !== undefined) {
        return alreadyExists('extension', 'extension', extension);
      }
      const id = uuid(ground.random) as ExtensionId;
      return extensions.created(
        { ...newRow(customerId, ground.at), id, extension, password, name, detail, codecs, srtp },
        ground,
      );
    },
  },
  updateExtension: {
    keysOf: ({ id }, directory) => [extensions.keyOfId(id, directory)],
    changeOf: ({ id, changes }, ground) =>
      extensions.updated(id, ground, () => checkCodecs(changes.codecs ?? '') ?? changes),
  },
  deleteExtension: extensions.deletion(),
};
