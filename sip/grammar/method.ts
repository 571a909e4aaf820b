/** Methods of calls and registrations, each one text that is always there. */
const KNOWN = ['INVITE', 'ACK', 'BYE', 'CANCEL', 'REGISTER', 'OPTIONS'];

/** The text from `start` to `end`, a method; the usual ones are not cut out of it. */
export function methodOf(text: string, start: number, end: number): string {
  for (let index = 0; index < KNOWN.length; index++) {
    const method = KNOWN[index]!;
    if (method.length === end - start && text.startsWith(method, start)) return method;
  }
  return text.slice(start, end);
}
