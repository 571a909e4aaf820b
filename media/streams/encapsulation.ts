/** One message of a WebSocket, one datagram, or some bytes of a connection. */
export type StreamMessage = string | Uint8Array;

/** What a program says. */
export type Said =
  | { readonly kind: 'audio'; readonly samples: Int16Array }
  /** Wants to know when all that it has said before was heard. */
  | { readonly kind: 'mark'; readonly name: string }
  /** Nothing of what it has said and was not heard yet shall be. */
  | { readonly kind: 'clear' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'malformed' };

/** How sound and what belongs to it are packed for one program. What comes is read without throwing, in any pieces. */
export interface Encapsulation {
  /** Said once the way is open. */
  open(): readonly StreamMessage[];
  /** A frame of 20 ms. */
  encode(samples: Int16Array): StreamMessage | undefined;
  decode(message: StreamMessage): readonly Said[];
  /** What came before the mark was heard, or cleared, with so much heard since the beginning. */
  mark(name: string, playedMs: number): StreamMessage | undefined;
  /** A key of the far end. */
  digit(digit: string): StreamMessage | undefined;
  /** Said before we close. */
  stop(): readonly StreamMessage[];
}

export const MALFORMED: readonly Said[] = [{ kind: 'malformed' }];
export const NOTHING_SAID: readonly Said[] = [];
