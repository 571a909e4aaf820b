/** What is said in the place of a party, on top of what it says itself. */
export interface VoiceOverlay {
  readonly isSaying: boolean;
  addSaid(into: Int16Array, rateHz: number, tick: number): void;
}
