import { type Command, Option } from 'commander';
import { SETTINGS } from '../core/kernel/config.ts';
import type { Setting } from '../core/kernel/setting-sources.ts';

/** Adds a flag for every setting of `serve`, as the table of settings has them, and `--config`. */
export function addSettingFlags(command: Command): Command {
  command.option('--config <FILE>', 'YAML file with settings, each as name: value');
  for (const setting of SETTINGS) {
    const option = new Option(`--${setting.name} <${setting.placeholder}>`, descriptionOf(setting));
    if (setting.isRepeatable)
      option.argParser((text, earlier: readonly string[] | undefined) => [...(earlier ?? []), text]);
    command.addOption(option);
  }
  return command;
}

/** The flags that were given, by setting name. The command keeps them by their names in camel case. */
export function givenFlags(options: Readonly<Record<string, unknown>>): Record<string, string | readonly string[]> {
  const given = SETTINGS.map(({ name }) => [name, options[camelCase(name)]] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined)) as Record<
    string,
    string | readonly string[]
  >;
}

function descriptionOf(setting: Setting): string {
  const repeatable = setting.isRepeatable ? ', repeatable' : '';
  const defaults = setting.defaultTexts.filter((text) => text !== '').join(' ');
  return `${setting.description}${repeatable}${defaults === '' ? '' : ` (default ${defaults})`}`;
}

function camelCase(name: string): string {
  return name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
