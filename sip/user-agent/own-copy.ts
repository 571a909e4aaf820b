/**
 * The same text in memory of its own. V8 makes a substring a view of the string that it was cut from: a header value
 * kept in a table would keep its whole message alive.
 */
export function ownCopy(text: string): string {
  if (text.length > SHORT_MAX) return Buffer.from(text).toString();
  return ROOM.toString('utf8', 0, ROOM.write(text));
}

/** Names and addresses are short: they are copied through the same bytes, each of which takes three at most. */
const SHORT_MAX = 256;
const ROOM = Buffer.alloc(3 * SHORT_MAX);
