import { NO_CSEQ, parseCSeq } from './grammar/cseq.ts';
import { canonicalHeaderName, isKnownHeaderName, isListHeader } from './grammar/header-name.ts';
import { splitList } from './grammar/list.ts';
import { NO_ADDRESS, parseNameAddress } from './grammar/name-address.ts';
import { NO_VIA, parseVia, parseViaWithoutParameters } from './grammar/via.ts';
import type { CSeq, HeaderName, NameAddress, Request, Response, Uri, Via } from './message.ts';

export const NO_BODY = new Uint8Array(0);

/**
 * The part that requests and responses share: names and values of the fields in two parallel arrays, and what has been
 * read of them so far. What is missing or malformed reads as empty; the parser has told of it.
 */
abstract class FieldList {
  readonly #names: readonly HeaderName[];
  readonly #values: readonly string[];
  readonly body: Uint8Array;
  #topVia: Via | undefined;
  #from: NameAddress | undefined;
  #to: NameAddress | undefined;
  #cseq: CSeq | undefined;
  #contacts: readonly NameAddress[] | undefined;

  constructor(names: readonly HeaderName[], values: readonly string[], body: Uint8Array) {
    this.#names = names;
    this.#values = values;
    this.body = body;
  }

  first(name: HeaderName): string | undefined {
    const index = this.#names.indexOf(name);
    if (index >= 0) return this.#values[index];
    return isKnownHeaderName(name) ? undefined : this.#spelledOtherwise(name)[0];
  }

  all(name: HeaderName): readonly string[] {
    const values = isKnownHeaderName(name)
      ? this.#values.filter((_, index) => this.#names[index] === name)
      : this.#spelledOtherwise(name);
    return isListHeader(canonicalHeaderName(name)) ? values.flatMap(splitList) : values;
  }

  get fields(): readonly (readonly [HeaderName, string])[] {
    return this.#names.map((name, index) => [name, this.#values[index]!] as const);
  }

  get topVia(): Via {
    this.#topVia ??= readTopVia(this.first('Via') ?? '');
    return this.#topVia;
  }

  get from(): NameAddress {
    this.#from ??= parseNameAddress(this.first('From') ?? '') ?? NO_ADDRESS;
    return this.#from;
  }

  get to(): NameAddress {
    this.#to ??= parseNameAddress(this.first('To') ?? '') ?? NO_ADDRESS;
    return this.#to;
  }

  get fromTag(): string {
    return this.from.parameters.get('tag') ?? '';
  }

  get toTag(): string {
    return this.to.parameters.get('tag') ?? '';
  }

  get callId(): string {
    return this.first('Call-ID') ?? '';
  }

  get cseq(): CSeq {
    this.#cseq ??= parseCSeq(this.first('CSeq') ?? '') ?? NO_CSEQ;
    return this.#cseq;
  }

  get contacts(): readonly NameAddress[] {
    this.#contacts ??= this.#readContacts();
    return this.#contacts;
  }

  get contactIsStar(): boolean {
    return this.first('Contact') === '*';
  }

  #readContacts(): readonly NameAddress[] {
    if (this.#names.indexOf('Contact') < 0 || this.contactIsStar) return [];
    return this.all('Contact').flatMap((text) => parseNameAddress(text) ?? []);
  }

  /** Names of extensions are kept as sent, and asked for in any case. */
  #spelledOtherwise(name: HeaderName): readonly string[] {
    const canonical = canonicalHeaderName(name).toLowerCase();
    return this.#values.filter((_, index) => this.#names[index]!.toLowerCase() === canonical);
  }
}

export class RequestFields extends FieldList implements Request {
  readonly type = 'request';
  readonly method: string;
  readonly uri: Uri;

  constructor(method: string, uri: Uri, names: readonly HeaderName[], values: readonly string[], body: Uint8Array) {
    super(names, values, body);
    this.method = method;
    this.uri = uri;
  }
}

export class ResponseFields extends FieldList implements Response {
  readonly type = 'response';
  readonly status: number;
  readonly reason: string;

  constructor(
    status: number,
    reason: string,
    names: readonly HeaderName[],
    values: readonly string[],
    body: Uint8Array,
  ) {
    super(names, values, body);
    this.status = status;
    this.reason = reason;
  }
}

/** The first element; when only its parameters are malformed, what stands before them. */
function readTopVia(text: string): Via {
  const first = text.includes(',') ? (splitList(text)[0] ?? '') : text;
  return parseVia(first) ?? parseViaWithoutParameters(first) ?? NO_VIA;
}
