/**
 * Whether streams share ports wherever a test does not care: the setting itself, so that `TANDEM_RTP_SHARING=off` runs
 * every test that way, those that start whole programs included.
 */
export const PORT_SHARING = process.env['TANDEM_RTP_SHARING'] === 'off' ? 'off' : 'on';
