/** Samples that come piece by piece, to be had as one in the end. */
export class SamplePieces {
  readonly #pieces: Int16Array[] = [];
  lengthSamples = 0;

  add(piece: Int16Array): void {
    this.#pieces.push(piece);
    this.lengthSamples += piece.length;
  }

  joined(): Int16Array {
    const all = new Int16Array(this.lengthSamples);
    let at = 0;
    for (const piece of this.#pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  }
}
