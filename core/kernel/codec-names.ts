/** Codecs that a switch may speak, by the names that descriptions have for them (RFC 8866 §6.6), as we offer them: best known first. */
export const CODEC_NAMES: readonly string[] = ['PCMU', 'PCMA', 'G722', 'opus', 'L16', 'G729'];
