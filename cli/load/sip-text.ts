/**
 * SIP messages as text, read by searching and written by templates: enough for phones that meet only Tandem, whose
 * header names are spelled as in RFC 3261 and never folded, at a fraction of what a whole stack costs.
 */

/** Value of the first header field of that name; '' without one. */
export function field(text: string, name: string): string {
  const mark = `\r\n${name}: `;
  const at = text.indexOf(mark);
  if (at < 0) return '';
  const start = at + mark.length;
  return text.slice(start, text.indexOf('\r\n', start));
}

/** The lines of every field of that name, each with its line end. */
export function fieldLines(text: string, name: string): string {
  const mark = `\r\n${name}: `;
  let lines = '';
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 2)) {
    lines += text.slice(at + 2, text.indexOf('\r\n', at + 2) + 2);
  }
  return lines;
}

/** Status code of a response, 0 of a request. */
export function statusOf(text: string): number {
  return text.startsWith('SIP/2.0 ') ? Number(text.slice(8, 11)) : 0;
}

export function methodOf(request: string): string {
  return request.slice(0, request.indexOf(' '));
}

/** Branch of the topmost Via. */
export function branchOf(text: string): string {
  return parameter(field(text, 'Via'), 'branch');
}

/** Value of a `;name=value` parameter; '' without it. */
export function parameter(value: string, name: string): string {
  const at = value.indexOf(`;${name}=`);
  if (at < 0) return '';
  return /^[^;>,\s]*/.exec(value.slice(at + name.length + 2))![0];
}

/** The URI of a name-addr or addr-spec. */
export function uriOf(value: string): string {
  const open = value.indexOf('<');
  return open < 0 ? value.split(';', 1)[0]! : value.slice(open + 1, value.indexOf('>', open));
}

/** Where the peer wants its audio: address and port of the first description (RFC 8866); undefined without one. */
export function mediaOf(text: string): { readonly address: string; readonly port: number } | undefined {
  const port = /\r\nm=audio (\d+)/.exec(text)?.[1];
  const address = /\r\nc=IN IP4 ([\d.]+)/.exec(text)?.[1];
  return port === undefined || address === undefined ? undefined : { address, port: Number(port) };
}

export function sessionDescription(address: string, port: number): string {
  return (
    `v=0\r\no=- ${port} 1 IN IP4 ${address}\r\ns=-\r\nc=IN IP4 ${address}\r\nt=0 0\r\n` +
    `m=audio ${port} RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n` +
    'a=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n'
  );
}

/** What follows the header fields: a description, or nothing. */
export function bodyLines(body = ''): string {
  const type = body === '' ? '' : 'Content-Type: application/sdp\r\n';
  return `${type}Content-Length: ${body.length}\r\n\r\n${body}`;
}

/** A response that carries back what RFC 3261 §8.2.6 asks for; `fields` are whole lines. */
export function respondText(request: string, status: string, toTag: string, fields = '', body = ''): string {
  const to = field(request, 'To');
  const tag = to.includes(';tag=') ? '' : `;tag=${toTag}`;
  return (
    `SIP/2.0 ${status}\r\n${fieldLines(request, 'Via')}${fieldLines(request, 'Record-Route')}` +
    `From: ${field(request, 'From')}\r\nTo: ${to}${tag}\r\n` +
    `Call-ID: ${field(request, 'Call-ID')}\r\nCSeq: ${field(request, 'CSeq')}\r\n${fields}${bodyLines(body)}`
  );
}
