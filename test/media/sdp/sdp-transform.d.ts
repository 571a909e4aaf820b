/** The parts of the oracle's results that are compared. */
declare module 'sdp-transform' {
  interface OracleMedia {
    readonly type: string;
    readonly port: number;
    readonly protocol: string;
    readonly payloads: string | number;
    readonly rtp: readonly { readonly payload: number; readonly codec: string; readonly rate: number }[];
  }

  export function parse(text: string): { readonly media: readonly OracleMedia[] };
}
