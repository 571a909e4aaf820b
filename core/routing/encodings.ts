/** Names of encodings in a list with commas between, the preferred one first; undefined for an empty one. */
export function encodingsOf(codecs: string | undefined): readonly string[] | undefined {
  return codecs === undefined || codecs === '' ? undefined : codecs.split(',');
}
