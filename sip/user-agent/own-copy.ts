/**
 * The same text in memory of its own. V8 makes a substring a view of the string that it was cut from: a header value
 * kept in a table would keep its whole message alive.
 */
export function ownCopy(text: string): string {
  return Buffer.from(text).toString();
}
