import { expect, test } from 'vitest';
import { LIMITS } from '../../../core/kernel/limits.ts';
import { LineLog, type LineLogOptions, REDACTED, Summary, withoutPassword } from '../../../core/kernel/log.ts';

function logTo(lines: string[], changes: Partial<LineLogOptions> = {}): LineLog {
  return new LineLog({
    level: 'debug',
    format: 'text',
    sink: (line) => lines.push(line),
    wallTime: () => 0,
    ...changes,
  });
}

test('a text line has time, level, message and what belongs to it', () => {
  const lines: string[] = [];
  logTo(lines).warn('a call ended', { call: 'd0-1', seconds: 12, cause: 'no answer', from: null, tags: ['a', 1] });
  expect(lines).toEqual([
    '1970-01-01T00:00:00.000Z warn  a call ended call=d0-1 seconds=12 cause="no answer" from=null tags="[\\"a\\",1]"',
  ]);
});

test('a JSON line is one object', () => {
  const lines: string[] = [];
  logTo(lines, { format: 'json' }).error('failed', { port: 5060 });
  expect(JSON.parse(lines[0]!)).toEqual({
    time: '1970-01-01T00:00:00.000Z',
    level: 'error',
    message: 'failed',
    port: 5060,
  });
});

test('lines below the level are not made', () => {
  const lines: string[] = [];
  const log = logTo(lines, { level: 'warn' });
  log.debug('a');
  log.info('b');
  log.warn('c');
  log.error('d');
  expect(lines).toHaveLength(2);
});

test('values under names of secrets are not written, however deep', () => {
  const lines: string[] = [];
  const secrets = {
    password: 'p1',
    accessToken: 'p2',
    Authorization: 'p3',
    inner: { api_key: 'p4', list: [{ nonceSecret: 'p5' }] },
  };
  logTo(lines).info('x', { ...secrets, user: 'shown' });
  logTo(lines, { format: 'json' }).info('x', { ...secrets, user: 'shown' });
  expect(lines.join('\n')).not.toMatch(/p[1-5]/);
  expect(lines.join('\n')).toContain(REDACTED);
  expect(lines[0]).toContain('user=shown');
  expect(withoutPassword('postgres://u:p@h/d')).toBe(`postgres://u:${REDACTED}@h/d`);
});

test('a text of a peer begins no line of its own and commands no terminal', () => {
  const lines: string[] = [];
  logTo(lines).info('from\r\n\u001b[31m', { name: 'x\n1970 error forged\u001b' });
  expect(lines).toHaveLength(1);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be written
  expect(lines[0]).not.toMatch(/[\u0000-\u001f]/);
});

test('long values are cut, errors keep their causes', () => {
  const lines: string[] = [];
  logTo(lines).info('x', { long: 'a'.repeat(100_000), error: new Error('outer', { cause: new Error('inner') }) });
  expect(lines[0]).toContain('(100000 characters)');
  expect(lines[0]).toMatch(/outer.*caused by.*inner/);
  expect(lines[0]!.length).toBeLessThan(2 * LIMITS.logValueCharactersMax + 500);
});

test('a message that repeats is written once in the interval, with how often it was left out', () => {
  const lines: string[] = [];
  const summary = new Summary(logTo(lines), 1000);
  for (let now = 0; now < 2000; now += 10) summary.warn('wrong password for 1001', now);
  summary.warn('wrong password for 1002', 1995);
  summary.warn('wrong password for 1001', 2000);
  expect(lines.map((line) => line.slice(31))).toEqual([
    'wrong password for 1001',
    'wrong password for 1001 leftOut=99',
    'wrong password for 1002',
    'wrong password for 1001 leftOut=99',
  ]);
});

test('different messages without end cost bounded memory and few lines', () => {
  const lines: string[] = [];
  const summary = new Summary(logTo(lines), 1000, 10);
  for (let i = 0; i < 10_000; i++) summary.warn(`account ${i}`, i / 10);
  expect(lines).toHaveLength(11);
  summary.warn('account new', 2500);
  expect(lines).toHaveLength(13);
  expect(lines[11]).toMatch(/many different messages leftOut=9989/);
});
