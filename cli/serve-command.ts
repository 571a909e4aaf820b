import { readFileSync } from 'node:fs';
import { parse, YAMLParseError } from 'yaml';
import { readSettings, type Settings } from '../core/kernel/config.ts';
import { Fault } from '../core/kernel/fault.ts';
import type { SettingProblem, SettingSources } from '../core/kernel/setting-sources.ts';
import { serve } from './serve.ts';
import { givenFlags } from './setting-flags.ts';

/**
 * `tandem serve`: reads flags, environment and file, then serves. Resolves with the exit code. Throws `INVALID_SETTING`
 * or `FILE_UNREADABLE`.
 */
export async function startServing(options: Readonly<Record<string, unknown>>): Promise<number> {
  // A variable that is set and empty is as good as unset: nobody means an empty password.
  const environment = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ''));
  return serve(settingsOf(options, environment), environment);
}

function settingsOf(options: Readonly<Record<string, unknown>>, environment: NodeJS.ProcessEnv): Settings {
  const path = options['config'] ?? environment['TANDEM_CONFIG'];
  const file = typeof path === 'string' ? { file: readYaml(path) } : {};
  const reading = readSettings({ flags: givenFlags(options), environment, ...file });
  if (reading.kind === 'read') return reading.settings;
  throw new Fault('INVALID_SETTING', reading.problems.map(sentenceOf).join('; '));
}

function sentenceOf({ setting, source, expected, got }: SettingProblem): string {
  const isNamed = setting === '' || source === `--${setting}` || source.startsWith('TANDEM_');
  return `${isNamed ? source : `the setting ${setting} in ${source}`}: expected ${expected}, got ${got === '' ? 'nothing' : got}`;
}

function readYaml(path: string): NonNullable<SettingSources['file']> {
  try {
    return { path, content: parse(readFileSync(path, 'utf8')) as unknown };
  } catch (error) {
    const detail = (error as Error).message.split('\n', 1)[0]!.replace(/:$/, '');
    if (error instanceof YAMLParseError)
      throw new Fault('INVALID_SETTING', `the settings file ${path} is no YAML: ${detail}`, { path }, error);
    throw new Fault('FILE_UNREADABLE', `the settings file ${path} cannot be read: ${detail}`, { path }, error);
  }
}
