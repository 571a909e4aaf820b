export interface JitterBufferOptions {
  readonly clockRateHz: number;
  /** Samples per packet until the stream has shown otherwise. */
  readonly frameSamples: number;
  /** Packets held at most: a power of two. */
  readonly slotCount: number;
  /** Payload bytes kept of a packet; longer payloads are refused. */
  readonly slotBytes: number;
  readonly delayMinMs: number;
  readonly delayMaxMs: number;
}

export const JITTER_BUFFER_DEFAULTS: JitterBufferOptions = {
  clockRateHz: 8000,
  frameSamples: 160,
  slotCount: 64,
  slotBytes: 960,
  delayMinMs: 20,
  delayMaxMs: 200,
};
