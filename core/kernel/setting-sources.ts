/** One setting, for the reader of all sources and for `--help`. */
export interface Setting {
  /** As a flag without `--` and in the file; TANDEM_UPPER_SNAKE in the environment. */
  readonly name: string;
  /** Property of `Settings` that holds its value. */
  readonly key: string;
  /** Stands for the value in help: `HOST:PORT`. */
  readonly placeholder: string;
  readonly isRepeatable: boolean;
  readonly defaultTexts: readonly string[];
  readonly description: string;
  /** What a text must be, for whoever wrote another one. */
  readonly expected: string;
  /** Undefined when the text is no such value. */
  readonly parse: (text: string) => unknown;
  /** What no two values of a repeatable setting may share, and what is expected when they do; their text unless said. */
  readonly distinct?: { readonly by: (text: string) => string; readonly expected: string };
  /** What is expected as long as this value cannot be honoured; undefined when it can. */
  readonly unavailable?: (value: never) => string | undefined;
}

export interface SettingSources {
  /** By the setting's name; a repeatable one is a list. */
  readonly flags?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** The configuration file as parsed; an empty file is null. */
  readonly file?: { readonly path: string; readonly content: unknown };
}

/** What is wrong with a setting, and where it was set. */
export interface SettingProblem {
  readonly setting: string;
  /** `--rtp`, `TANDEM_RTP` or the path of the file. */
  readonly source: string;
  readonly expected: string;
  readonly got: string;
}

/** Name of a setting's variable: `rtp-sharing` → `TANDEM_RTP_SHARING`. */
export function variableOf(name: string): string {
  return `TANDEM_${name.toUpperCase().replaceAll('-', '_')}`;
}

/** Variables of the environment that are no settings of `serve`: its secrets and file, and what tests are told. */
const OTHER_VARIABLES: ReadonlySet<string> = new Set([
  'TANDEM_ADMIN_PASSWORD',
  'TANDEM_ACCESSKEY',
  'TANDEM_CONFIG',
  'TANDEM_TEST_APT',
  'TANDEM_CASES',
  'TANDEM_SEEDS',
  'TANDEM_FUZZ_COUNT',
  'TANDEM_ROUNDS',
  'TANDEM_MUTANTS',
  'TANDEM_CROSSING_LENGTH',
  'TANDEM_DRIFT_MINUTES',
  'TANDEM_WAYS_OF_MEDIA',
]);

/** Container platforms name the addresses of services so: one called `tandem` or `tandem-sip` must not stop Tandem. */
function isOfService(name: string, value: string | undefined): boolean {
  if (/_SERVICE_(HOST|PORT)(_\w+)?$/.test(name) || /_PORT_\d+_(TCP|UDP)(_\w+)?$/.test(name)) return true;
  return name.endsWith('_PORT') && /^(tcp|udp):\/\//.test(value ?? '');
}

/** What one source says. */
export interface Given {
  readonly source: string;
  readonly texts: readonly string[];
}

export function fromFlag(row: Setting, flags: NonNullable<SettingSources['flags']>): Given | undefined {
  const flag = flags[row.name];
  if (flag === undefined) return undefined;
  return { source: `--${row.name}`, texts: typeof flag === 'string' ? [flag] : flag };
}

/** A variable that is set and empty is as good as unset; a repeatable one holds its values with commas between. */
export function fromEnvironment(
  row: Setting,
  environment: NonNullable<SettingSources['environment']>,
): Given | undefined {
  const source = variableOf(row.name);
  const text = environment[source];
  if (text === undefined || text === '') return undefined;
  return { source, texts: row.isRepeatable ? text.split(',').map((part) => part.trim()) : [text] };
}

export function fromFile(
  row: Setting,
  path: string | undefined,
  content: ReadonlyMap<string, unknown>,
  problems: SettingProblem[],
): Given | undefined {
  const value = content.get(row.name);
  if (path === undefined || value === undefined) return undefined;
  const list = row.isRepeatable && Array.isArray(value) ? (value as unknown[]) : [value];
  if (list.every((one) => typeof one === 'string' || typeof one === 'number'))
    return { source: path, texts: list.map(String) };
  problems.push({ setting: row.name, source: path, expected: row.expected, got: JSON.stringify(value) });
  return undefined;
}

export function fileContent(
  file: SettingSources['file'],
  rows: readonly Setting[],
  problems: SettingProblem[],
): ReadonlyMap<string, unknown> {
  if (file === undefined || file.content === null || file.content === undefined) return new Map();
  const { path, content } = file;
  if (typeof content !== 'object' || Array.isArray(content)) {
    problems.push({
      setting: '',
      source: path,
      expected: 'settings, each as name: value',
      got: JSON.stringify(content),
    });
    return new Map();
  }
  const known = new Set(rows.map(({ name }) => name));
  for (const name of Object.keys(content)) {
    if (!known.has(name))
      problems.push({ setting: name, source: path, expected: nearest(name, [...known]), got: name });
  }
  return new Map(Object.entries(content));
}

export function unknownFlags(flags: NonNullable<SettingSources['flags']>, rows: readonly Setting[]): SettingProblem[] {
  const known = rows.map(({ name }) => name);
  return Object.keys(flags)
    .filter((name) => !known.includes(name))
    .map((name) => ({ setting: name, source: `--${name}`, expected: nearest(name, known), got: name }));
}

export function unknownVariables(
  environment: NonNullable<SettingSources['environment']>,
  rows: readonly Setting[],
): SettingProblem[] {
  const known = rows.map(({ name }) => variableOf(name));
  return Object.keys(environment)
    .filter(
      (name) =>
        name.startsWith('TANDEM_') &&
        !known.includes(name) &&
        !OTHER_VARIABLES.has(name) &&
        !isOfService(name, environment[name]),
    )
    .map((name) => ({ setting: name, source: name, expected: nearest(name, known), got: name }));
}

/** The known name that was probably meant, else all of them. */
function nearest(name: string, known: readonly string[]): string {
  const alike = known.filter((other) => Math.abs(other.length - name.length) <= 2 && editDistance(name, other) <= 2);
  return alike[0] ?? `one of ${known.join(', ')}`;
}

/** Characters to insert, delete or replace to make one text of the other. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const above = row;
    row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, above[j]! + 1, row[j - 1]! + 1));
    }
  }
  return row[b.length]!;
}
