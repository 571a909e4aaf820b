import type { CustomerId, ExtensionId } from '../kernel/ids.ts';
import type { TextForm } from '../kernel/packed-table.ts';
import type { SealedText, Secret } from '../kernel/secret.ts';
import type { SrtpPolicy } from '../kernel/srtp-policy.ts';
import type { WallTime } from '../kernel/time.ts';
import type { Extension } from './records.ts';

type Columns = readonly [
  customerId: CustomerId,
  extension: string,
  name: string,
  detail: string,
  isSealed: 0 | 1,
  password: string,
  codecs: string,
  createdAt: WallTime,
  updatedAt: WallTime | null,
  srtp: SrtpPolicy,
];

/** Extensions that are not deleted, as texts under their ids. */
export class PackedExtension implements TextForm<Extension> {
  /** Any sealed password: all are opened alike. */
  #sealed: SealedText | undefined;

  encode({ customerId, extension, name, detail, password, codecs, createdAt, updatedAt, srtp }: Extension): string {
    const isSealed = typeof password !== 'string';
    if (isSealed) this.#sealed ??= password;
    const kept = isSealed ? password.sealed : password;
    const columns: Columns = [
      customerId,
      extension,
      name,
      detail,
      isSealed ? 1 : 0,
      kept,
      codecs,
      createdAt,
      updatedAt,
      srtp,
    ];
    return JSON.stringify(columns);
  }

  decode(text: string, key: string): Extension {
    const [customerId, extension, name, detail, isSealed, kept, codecs, createdAt, updatedAt, srtp] = JSON.parse(
      text,
    ) as Columns;
    const password: Secret = isSealed === 1 ? this.#sealed!.another(kept) : kept;
    const id = key as ExtensionId;
    return { id, customerId, extension, name, detail, password, codecs, srtp, createdAt, updatedAt, deletedAt: null };
  }
}
