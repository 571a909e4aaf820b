/** What `import 'tandem'` gives: a whole Tandem in the caller's process, and how to read its settings. */
export { readSettings, SETTINGS, type Settings } from '../core/kernel/config.ts';
export { FAULTS, Fault, type FaultCode } from '../core/kernel/fault.ts';
export { LineLog, type Log, type LogLevel } from '../core/kernel/log.ts';
export type { SettingProblem, SettingSources } from '../core/kernel/setting-sources.ts';
export type { GivenSecrets } from './bootstrap.ts';
export { Tandem, type TandemOptions } from './tandem.ts';
export { VERSION } from './version.ts';
