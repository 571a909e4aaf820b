import { expect, test } from 'vitest';
import { AddressGuard, type Resolver } from '../../api/address-guard.ts';

const PRIVATE = [
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '127.0.0.1',
  '169.254.169.254',
  '172.31.255.255',
  '192.0.0.8',
  '192.0.2.1',
  '192.168.1.1',
  '198.19.0.1',
  '198.51.100.7',
  '203.0.113.9',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::7f00:1',
  '::ffff:127.0.0.1',
  '::ffff:a00:1',
  '64:ff9b::10.0.0.1',
  '2002:7f00:1::',
  '2001:db8::1',
  'fc00::1',
  'fe80::1',
  'fec0::1',
  'ff02::1',
];

test.each(PRIVATE)('%s is private', (address) => {
  expect(new AddressGuard().isAllowed(address)).toBe(false);
});

const PUBLIC = ['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '::ffff:8.8.8.8', '64:ff9b::8.8.8.8'];

test.each(PUBLIC)('%s is public', (address) => {
  expect(new AddressGuard().isAllowed(address)).toBe(true);
});

test.each(['', 'localhost', 'fe80::1%eth0', '10.0.0'])(
  '%j, which is no literal address, is not let through',
  (text) => {
    expect(new AddressGuard(['0.0.0.0/0', '::/0']).isAllowed(text)).toBe(false);
  },
);

test('what --allow-private names is reached, its neighbours are not', () => {
  const guard = new AddressGuard(['10.0.0.0/24', 'fd00::/8']);
  expect(guard.isAllowed('10.0.0.77')).toBe(true);
  expect(guard.isAllowed('::ffff:10.0.0.77')).toBe(true);
  expect(guard.isAllowed('fd12::1')).toBe(true);
  expect(guard.isAllowed('10.0.1.77')).toBe(false);
  expect(guard.isAllowed('fc00::1')).toBe(false);
});

test('a literal host of a URL is judged in every notation', () => {
  const guard = new AddressGuard();
  for (const url of ['http://2130706433/', 'http://0x7f.1/', 'http://[::ffff:127.0.0.1]/', 'http://127.1/']) {
    expect(guard.whyNotHost(new URL(url).hostname)).toContain('--allow-private');
  }
  expect(guard.whyNotHost('example.org')).toBeUndefined();
  expect(guard.whyNotHost('8.8.8.8')).toBeUndefined();
});

test('a name with one private address among public ones is refused', async () => {
  const resolve: Resolver = (_host, done) =>
    done(null, [
      { address: '8.8.8.8', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ]);
  const error = await new Promise<Error | null>((done) => {
    new AddressGuard([], resolve).lookup('mixed.example', { all: true }, (problem) => done(problem));
  });
  expect(error?.message).toBe(
    'mixed.example resolves to 10.0.0.1, which is a private address: not reached unless --allow-private names its network',
  );
});
