import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ROOT } from '../../cli/build/run-tool.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-program-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function tandem(args: readonly string[], env: Readonly<Record<string, string>> = {}, input = ''): Ended {
  const command = [join(ROOT, 'cli/main.ts'), ...args];
  const options = { cwd: folder, encoding: 'utf8', input, env: { ...process.env, ...env } } as const;
  const { status, stdout, stderr } = spawnSync(join(ROOT, 'node_modules/.bin/node'), command, options);
  return { code: status, stdout, stderr };
}

test('help is printed and names every command', () => {
  const { code, stdout } = tandem(['--help']);
  expect(code).toBe(0);
  for (const word of ['serve', 'status', 'trace', 'reset-password', 'flow', 'Exit codes'])
    expect(stdout).toContain(word);
});

test('help of serve has every setting with its default', () => {
  const { stdout } = tandem(['serve', '--help']);
  expect(stdout).toMatch(/--rtp <FROM-TO>\s+UDP ports of media \(default 20000-29999\)/);
  expect(stdout).toContain('TANDEM_ADMIN_PASSWORD');
});

test.each([
  [['statsu'], "Unknown command 'statsu'"],
  [['status', '--nope'], "Unknown option '--nope'"],
  [['serve', '--sip'], 'argument missing'],
  [['flow'], 'Flow: expected check and a file, got nothing'],
  [['flow', 'chekc', 'menu.json'], 'Flow: expected check and a file, got chekc menu.json'],
  [['flow', 'check'], "Missing required argument 'file'"],
])('a wrong command line %j is one sentence and exit code 2', (args, words) => {
  const { code, stdout, stderr } = tandem(args);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(words);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});

test('every wrong setting is named with what was expected and what came', () => {
  const { code, stderr } = tandem(['serve', '--rtp', '5'], { TANDEM_LOG: 'loud' });
  expect(code).toBe(2);
  expect(stderr).toContain('--rtp: expected two ports from 1024 up, such as 20000-29999, got 5');
  expect(stderr).toContain('TANDEM_LOG: expected debug, info, warn, error, got loud');
});

test('a setting in the file is checked like one on the command line', () => {
  writeFileSync(join(folder, 'wrong.yaml'), 'rtp: 5\n');
  const { code, stderr } = tandem(['serve', '--config', 'wrong.yaml']);
  expect(code).toBe(2);
  expect(stderr).toContain('The setting rtp in wrong.yaml: expected two ports');
});

test('a settings file that is not there cannot be started with', () => {
  const { code, stderr } = tandem(['serve', '--config', 'absent.yaml']);
  expect([code, stderr.includes('absent.yaml cannot be read')]).toEqual([69, true]);
});

test('a folder that nobody serves is said so, also as JSON', () => {
  const text = tandem(['status', '--data', 'nowhere']);
  expect(text.code).toBe(1);
  expect(text.stderr).toMatch(/^No Tandem serves the data folder nowhere: expected a live process, got none\. .+\n$/);
  const json = tandem(['status', '--data', 'nowhere', '--json']);
  expect(JSON.parse(json.stderr).error.code).toBe('UNREACHABLE');
});

test("a dead process's file counts as none", () => {
  writeFileSync(join(folder, 'run.json'), '{"pid":4194304,"http":"127.0.0.1:1","token":"x"}');
  expect(tandem(['status', '--data', '.']).stderr).toContain('No Tandem serves');
});

test('a password cannot be reset where there is no database', () => {
  const { code, stderr } = tandem(['reset-password', '--data', 'nowhere']);
  expect([code, stderr.includes('The data folder nowhere holds no database')]).toEqual([1, true]);
});

test('a password that is too short is refused before anything is changed', () => {
  const { code, stderr } = tandem(['reset-password', '--data', 'nowhere', '--stdin'], {}, 'short\n');
  expect(code).toBe(1);
  expect(stderr).toContain('expected at least 8 characters on standard input, got 5');
  expect(stderr).not.toContain('short\n');
});

test('a flow that can run is told so', () => {
  writeFileSync(join(folder, 'good.json'), '{"actions":[{"type":"answer"},{"type":"echo"}]}');
  expect(tandem(['flow', 'check', 'good.json'])).toEqual({
    code: 0,
    stdout: 'good.json: this flow can run\n',
    stderr: '',
  });
  const { code, stdout } = tandem(['flow', 'check', '-', '--json'], {}, '[{"type":"answer"}]');
  expect([code, JSON.parse(stdout)]).toEqual([0, { file: '-', good: true, problems: [] }]);
});

test('everything wrong with a flow is told, a line each, with its place and what was expected', () => {
  const actions = [{ type: 'ansewr' }, { type: 'goto', option: { target_id: 'nowhere' } }];
  writeFileSync(join(folder, 'wrong.json'), JSON.stringify({ actions }));
  const { code, stdout, stderr } = tandem(['flow', 'check', 'wrong.json']);
  expect([code, stderr]).toEqual([1, '']);
  const lines = stdout.trim().split('\n');
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/^wrong\.json: actions\[0\]\.type: expected .*answer.*, got "ansewr"$/);
  expect(lines[1]).toMatch(/^wrong\.json: actions\[1\]\.option\.target_id: expected .*, got "nowhere"$/);
  const { problems } = JSON.parse(tandem(['flow', 'check', 'wrong.json', '--json']).stdout);
  expect(problems).toMatchObject([{ field: 'actions[0].type' }, { field: 'actions[1].option.target_id' }]);
});

test('broken JSON is told with its line and column', () => {
  writeFileSync(join(folder, 'broken.json'), '[\n  {"type": "answer"},\n  {"type" "echo"}\n]\n');
  const { code, stdout } = tandem(['flow', 'check', 'broken.json']);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^broken\.json:3:11: expected .*":"/);
});

test('a flow that cannot be read is one sentence', () => {
  const { code, stderr } = tandem(['flow', 'check', 'missing.json']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^The flow missing\.json cannot be read: ENOENT.*\n$/);
});
