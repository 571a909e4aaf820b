import { NO_CSEQ, parseCSeq } from './grammar/cseq.ts';
import { headerLineStart, indexOfName, isKnownHeaderName, isListHeader } from './grammar/header-name.ts';
import { splitList } from './grammar/list.ts';
import { NO_ADDRESS, parseNameAddress } from './grammar/name-address.ts';
import { NO_VIA, parseVia, parseViaWithoutParameters } from './grammar/via.ts';
import type { CSeq, HeaderName, NameAddress, Request, Response, Uri, Via } from './message.ts';

export const NO_BODY = new Uint8Array(0);
const NO_CONTACTS: readonly NameAddress[] = [];
const NO_VALUES: readonly string[] = [];

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

  /** Takes over what was read of a message that differs in its top Via alone. */
  protected readAs(other: FieldList, via: Via): void {
    this.#topVia = via;
    this.#from = other.#from;
    this.#to = other.#to;
    this.#cseq = other.#cseq;
    this.#contacts = other.#contacts;
  }

  /** Names and values with another top Via; the rest of its line stays behind it. */
  protected fieldsWithTopVia(via: Via): { names: readonly HeaderName[]; values: readonly string[] } {
    const at = indexOfName(this.#names, 'Via', 0);
    const values = this.#values.slice();
    const line = values[at] ?? '';
    values[at] = line.includes(',') ? [via.text, ...splitList(line).slice(1)].join(', ') : via.text;
    return { names: this.#names, values };
  }

  protected get count(): number {
    return this.#names.length;
  }

  protected nameAt(index: number): HeaderName {
    return this.#names[index]!;
  }

  protected valueAt(index: number): string {
    return this.#values[index]!;
  }

  protected fieldsBehind(name: HeaderName, value: string): { names: readonly HeaderName[]; values: readonly string[] } {
    return { names: [name, ...this.#names], values: [value, ...this.#values] };
  }

  first(name: HeaderName): string | undefined {
    const names = this.#names;
    const index = indexOfName(names, name, 0);
    if (index >= 0) return this.#values[index];
    return isKnownHeaderName(name) ? undefined : this.#spelledOtherwise(name)[0];
  }

  all(name: HeaderName): readonly string[] {
    const values = isKnownHeaderName(name) ? this.#named(name) : this.#spelledOtherwise(name);
    if (!isListHeader(name)) return values;
    if (values.length > 1) return values.flatMap(splitList);
    const value = values[0] ?? '';
    return value !== '' && !value.includes(',') ? values : splitList(value);
  }

  fieldLines(): string {
    let lines = '';
    for (let index = 0; index < this.#names.length; index++) {
      const name = this.#names[index]!;
      if (name !== 'Content-Length') lines = lines + headerLineStart(name) + this.#values[index]!;
    }
    return lines;
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
    if (this.contactIsStar) return NO_CONTACTS;
    const texts = this.all('Contact');
    if (texts.length === 1) {
      const contact = parseNameAddress(texts[0]!);
      return contact === undefined ? NO_CONTACTS : [contact];
    }
    return texts.map(parseNameAddress).filter((contact) => contact !== undefined);
  }

  #named(name: HeaderName): readonly string[] {
    const names = this.#names;
    const first = indexOfName(names, name, 0);
    if (first < 0) return NO_VALUES;
    const named = [this.#values[first]!];
    for (let next = indexOfName(names, name, first + 1); next >= 0; next = indexOfName(names, name, next + 1))
      named.push(this.#values[next]!);
    return named;
  }

  /** Names of extensions are kept as sent, and asked for in any case. */
  #spelledOtherwise(name: HeaderName): readonly string[] {
    const canonical = name.toLowerCase();
    return this.#values.filter((_, index) => this.#names[index]!.toLowerCase() === canonical);
  }
}

/** Fields that come back in every response (RFC 3261 §8.2.6.2). */
const ANSWERED: ReadonlySet<HeaderName> = new Set(['Via', 'From', 'To', 'Call-ID', 'CSeq', 'Timestamp']);

export class RequestFields extends FieldList implements Request {
  readonly type = 'request';
  readonly method: string;
  readonly uri: Uri;

  constructor(method: string, uri: Uri, names: readonly HeaderName[], values: readonly string[], body: Uint8Array) {
    super(names, values, body);
    this.method = method;
    this.uri = uri;
  }

  withViaOnTop(via: string): Request {
    const { names, values } = this.fieldsBehind('Via', via);
    return new RequestFields(this.method, this.uri, names, values, this.body);
  }

  answerFields(toTag: string, recordsRoute: boolean): { names: HeaderName[]; values: string[] } {
    const names: HeaderName[] = [];
    const values: string[] = [];
    const addsTag = toTag !== '' && this.toTag === '';
    for (let index = 0; index < this.count; index++) {
      const name = this.nameAt(index);
      if (!ANSWERED.has(name) && !(recordsRoute && name === 'Record-Route')) continue;
      names.push(name);
      values.push(addsTag && name === 'To' ? `${this.valueAt(index)};tag=${toTag}` : this.valueAt(index));
    }
    return { names, values };
  }

  withTopVia(via: Via): Request {
    const { names, values } = this.fieldsWithTopVia(via);
    const request = new RequestFields(this.method, this.uri, names, values, this.body);
    request.readAs(this, via);
    return request;
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
