/**
 * Whether the audio of a phone, trunk or provider is protected: never; where it knows how to; or else there is no call.
 */
export const SRTP_POLICIES = ['off', 'preferred', 'required'] as const;

export type SrtpPolicy = (typeof SRTP_POLICIES)[number];
