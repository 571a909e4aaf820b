/** The distinguished encoding of ASN.1 (X.690), as much of it as certificates need. */
export function primitive(tag: number, content: Uint8Array | readonly number[]): Buffer {
  const body = Buffer.from(content);
  const { length } = body;
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), body]);
}

export function sequence(...parts: readonly Uint8Array[]): Buffer {
  return primitive(0x30, Buffer.concat(parts));
}

export function set(...parts: readonly Uint8Array[]): Buffer {
  return primitive(0x31, Buffer.concat(parts));
}

export function explicit(tag: number, content: Uint8Array): Buffer {
  return primitive(0xa0 + tag, content);
}

/** From 0 to 127. */
export function integer(value: number): Buffer {
  return primitive(0x02, [value]);
}

export function octetString(content: Uint8Array): Buffer {
  return primitive(0x04, content);
}

export function bitString(content: Uint8Array): Buffer {
  return primitive(0x03, Buffer.concat([Buffer.from([0]), content]));
}

export function utf8(text: string): Buffer {
  return primitive(0x0c, Buffer.from(text));
}

export function utcTime(at: Date): Buffer {
  const text = at.toISOString().replace(/^\d\d|[-:T]|\.\d+/g, '');
  return primitive(0x17, Buffer.from(text));
}

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [40 * first + second];
  for (const arc of rest) {
    const digits = [arc & 0x7f];
    for (let high = arc >> 7; high > 0; high >>= 7) digits.unshift((high & 0x7f) | 0x80);
    bytes.push(...digits);
  }
  return primitive(0x06, bytes);
}
