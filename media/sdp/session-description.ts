/**
 * A session description as it is written (RFC 8866): lines we understand in fields, the rest as attributes. What the
 * lines mean for a stream is decided by `negotiate`.
 */
export interface SessionDescription {
  readonly origin: Origin;
  readonly name: string;
  readonly connection: Connection | undefined;
  readonly attributes: readonly Attribute[];
  readonly media: readonly MediaDescription[];
}

/** `o=` (RFC 8866 §5.2). Id and version are decimal text: they may exceed a double. */
export interface Origin {
  readonly username: string;
  readonly sessionId: string;
  readonly version: string;
  readonly address: string;
}

/** `c=` (RFC 8866 §5.7): a literal address or a host name, without TTL and count. */
export interface Connection {
  readonly family: 'IP4' | 'IP6';
  readonly address: string;
}

/** `a=name` or `a=name:value` (RFC 8866 §5.13). */
export interface Attribute {
  readonly name: string;
  readonly value: string | undefined;
}

/** `m=` with the lines that follow it (RFC 8866 §5.14). */
export interface MediaDescription {
  /** `audio`, `video`, `image`, … */
  readonly kind: string;
  /** 0: the stream is rejected or off (RFC 3264 §6, §8.2). */
  readonly port: number;
  /** `RTP/AVP`, `RTP/AVPF`, `RTP/SAVP`, `udptl`, … */
  readonly profile: string;
  readonly formats: readonly string[];
  readonly connection: Connection | undefined;
  readonly attributes: readonly Attribute[];
}

/** Value of the first attribute of that name; '' when it has none; undefined when absent. Names are case-sensitive. */
export function attributeValue(attributes: readonly Attribute[], name: string): string | undefined {
  const found = attributes.find((attribute) => attribute.name === name);
  return found === undefined ? undefined : (found.value ?? '');
}
