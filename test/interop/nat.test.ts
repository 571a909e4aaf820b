import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasProgram, Program } from './program.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SERVER = `tds${process.pid}`;
const NAT = `tdn${process.pid}`;
const PHONE = `tdp${process.pid}`;

function run(command: string): void {
  const [program, ...args] = command.split(' ');
  const done = spawnSync(program!, args, { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${command}: ${done.stderr}`);
}

const possible = process.getuid?.() === 0 && ['ip', 'nft', 'baresip'].every(hasProgram);

describe.skipIf(!possible)('behind a NAT', () => {
  beforeAll(() => {
    for (const name of [SERVER, NAT, PHONE]) {
      run(`ip netns add ${name}`);
      run(`ip -n ${name} link set lo up`);
    }
    run(`ip link add s0 netns ${SERVER} type veth peer name n0 netns ${NAT}`);
    run(`ip link add p0 netns ${PHONE} type veth peer name n1 netns ${NAT}`);
    const links = [
      [SERVER, 's0', '10.99.0.1'],
      [NAT, 'n0', '10.99.0.2'],
      [NAT, 'n1', '192.168.77.1'],
      [PHONE, 'p0', '192.168.77.2'],
    ] as const;
    for (const [name, device, address] of links) {
      run(`ip -n ${name} addr add ${address}/24 dev ${device}`);
      run(`ip -n ${name} link set ${device} up`);
    }
    run(`ip -n ${PHONE} route add default via 192.168.77.1`);
    const rules =
      'table ip nat { chain post { type nat hook postrouting priority 100; oifname n0 masquerade random; }; }';
    const done = spawnSync(
      'ip',
      ['netns', 'exec', NAT, 'sh', '-c', `echo 1 > /proc/sys/net/ipv4/ip_forward && nft '${rules}'`],
      { encoding: 'utf8' },
    );
    if (done.status !== 0) throw new Error(done.stderr);
  });

  afterAll(() => {
    for (const name of [SERVER, NAT, PHONE]) spawnSync('ip', ['netns', 'del', name]);
  });

  test('a phone whose addresses and ports are rewritten, and one beside the switch, hear each other', async () => {
    const scenario = new Program('ip', [
      'netns',
      'exec',
      SERVER,
      `${ROOT}/node_modules/.bin/node`,
      `${ROOT}/test/interop/nat-scenario.ts`,
      PHONE,
    ]);
    expect(await scenario.exited, scenario.output).toBe(0);
  }, 60_000);
});
