export interface PhoneDescription {
  readonly address: string;
  readonly port: number;
  /** RFC 3264 §8. */
  readonly version: number;
  /** Payload types as in an m-line. */
  readonly formats: string;
  readonly direction: 'sendrecv' | 'sendonly';
  /** In place of the stream that it has. */
  readonly media?: readonly string[] | undefined;
}

/** The session description of a phone: one stream of audio. */
export function phoneDescription({ address, port, version, formats, direction, media }: PhoneDescription): Uint8Array {
  const family = address.includes(':') ? 'IP6' : 'IP4';
  const audio = [
    `m=audio ${port} RTP/AVP ${formats}`,
    ...(formats.includes('101') ? ['a=rtpmap:101 telephone-event/8000'] : []),
    `a=${direction}`,
  ];
  return new TextEncoder().encode(
    [
      'v=0',
      `o=- 1 ${version} IN ${family} ${address}`,
      's=-',
      `c=IN ${family} ${address}`,
      't=0 0',
      ...(media ?? audio),
      '',
    ].join('\r\n'),
  );
}
