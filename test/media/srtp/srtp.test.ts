import { describe, expect, it } from 'vitest';
import { seeded } from '../../../core/kernel/random.ts';
import { PacketView } from '../../../media/rtp/packet-view.ts';
import { GcmTransform } from '../../../media/srtp/gcm-transform.ts';
import { deriveSessionKeys } from '../../../media/srtp/key-derivation.ts';
import { PacketIndex } from '../../../media/srtp/packet-index.ts';
import { SOURCES_MAX } from '../../../media/srtp/srtp-receiver.ts';
import { suiteTransform } from '../../../media/srtp/suite-transform.ts';
import { CIPHERS, Direction, hex, MEMORY, masterKey, OPENSSL, packetOf, SUITES, text } from './memory.ts';

it('this Node.js lets OpenSSL be called, so that all below is tried in both ways', () => {
  expect(CIPHERS.map(({ kind }) => kind)).toEqual(['openssl', 'node']);
});

it('RFC 3711 §4.3: session keys are those of appendix B.3, for RTP and for RTCP', () => {
  const master = hex('e1f97a0d3e018be0d64fa32c06de4139 0ec675ad498afeebb6960b3aabe6');
  expect(deriveSessionKeys(master, 'rtp')).toMatchObject({
    cipherKey: Buffer.from(hex('c61e7a93744f39ee10734afe3ff7a087')),
    salt: Buffer.from(hex('30cbbc08863d8c85d49db34a9ae1')),
    authenticationKey: Buffer.from(hex('cebe321f6ff7716b6fd4ab49af256a156d38baa4')),
  });
  expect(deriveSessionKeys(master, 'rtcp')).toMatchObject({
    cipherKey: Buffer.from(hex('4c1aa45a81f73d61c800bbb00fbb1eaa')),
    salt: Buffer.from(hex('9581c7ad87b3e530bf3e4454a8b3')),
    authenticationKey: Buffer.from(hex('8d54534feb49ae8e7993a6bd0b844fc323a93dfd')),
  });
});

describe.each(CIPHERS)('by $kind', (ciphers) => {
  it('RFC 3711 §4.1.1: the key stream is that of appendix B.2', () => {
    const cipher = ciphers.counterMode(hex('2b7e151628aed2a6abf7158809cf4f3c'));
    ciphers.iv.set(hex('f0f1f2f3f4f5f6f7f8f9fafbfcfd0000'));
    MEMORY.fill(0, 0, 48);
    cipher.apply(MEMORY, 0, 48);
    expect(text(0, 48)).toBe(
      'e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab41e95b3bb0a2e8dd477901e4fca894c0',
    );
    cipher.close();
  });

  it.each([
    {
      suite: 'AES_CM_128_HMAC_SHA1_80',
      master: 'e1f97a0d3e018be0d64fa32c06de4139 0ec675ad498afeebb6960b3aabe6',
      srtp: '800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb',
      srtcp: '81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798',
    },
    {
      suite: 'AEAD_AES_128_GCM',
      master: '000102030405060708090a0b0c0d0e0f a0a1a2a3a4a5a6a7a8a9aaab',
      srtp: '800f1234decafbadcafebabec5002ede04cfdd2eb91159e0880aa06ed2976826f796b201df3131a127e8a392',
      srtcp: '81c8000bcafebabec98b8b5df0392a55852b6c21ac8e7025c52c6fbea2b3b446ea31123ba88ce61e80000001',
    },
  ] as const)('packets of $suite are as others make them', ({ suite, master, srtp, srtcp }) => {
    const transform = suiteTransform(suite, hex(master), ciphers);
    const [rtp, rtcp] = ['800f1234decafbadcafebabe', '81c8000bcafebabe'].map((head) => `${head}${'ab'.repeat(16)}`);
    MEMORY.set(hex(rtp!));
    expect(text(0, transform.protectRtp(MEMORY, 0, 12, 28, 0))).toBe(srtp);
    expect(text(0, transform.unprotectRtp(MEMORY, 0, 12, srtp.length / 2, 0))).toBe(rtp);
    MEMORY.set(hex(rtcp!));
    expect(text(0, transform.protectRtcp(MEMORY, 0, 24, 1))).toBe(srtcp);
    expect(text(0, transform.unprotectRtcp(MEMORY, 0, srtcp.length / 2))).toBe(rtcp);
    transform.close();
  });

  it.each(SUITES)('%s: what is protected comes back as it was, RTP and RTCP of any length', (suite) => {
    const direction = new Direction(suite, ciphers);
    for (let sequence = 0; sequence < 40; sequence++) {
      const packet = packetOf(sequence).subarray(0, 12 + 4 * sequence);
      const sent = direction.protectRtp(packet);
      expect(Buffer.from(sent.subarray(0, 12)).equals(packet.subarray(0, 12))).toBe(true);
      if (sequence > 3) expect(Buffer.from(sent).includes(Buffer.from(packet.subarray(12)))).toBe(false);
      expect(direction.unprotectRtp(sent)).toEqual(packet);
      const report = Uint8Array.of(0x80, 201, 0, 1 + sequence, 1, 2, 3, 4, ...packet.subarray(0, 4 * sequence));
      expect(direction.unprotectRtcp(direction.protectRtcp(report))).toEqual(report);
    }
  });

  it.each(SUITES)('%s: with a bit changed anywhere, shortened, or under another key, nothing is taken', (suite) => {
    const direction = new Direction(suite, ciphers);
    const stranger = new Direction(suite, ciphers, 2);
    const packet = direction.protectRtp(packetOf(7));
    const report = direction.protectRtcp(Uint8Array.of(0x80, 201, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8));
    const random = seeded(1);
    for (let i = 0; i < 60; i++) {
      const forged = packet.slice();
      forged[Math.floor(random.next() * forged.length)]! ^= 1 << Math.floor(random.next() * 8);
      expect(direction.unprotectRtp(forged)).toBeUndefined();
      const forgedReport = report.slice();
      forgedReport[Math.floor(random.next() * forgedReport.length)]! ^= 1 << Math.floor(random.next() * 8);
      expect(direction.unprotectRtcp(forgedReport)).toBeUndefined();
    }
    for (let length = 0; length < packet.length; length++) {
      expect(direction.unprotectRtp(packet.subarray(0, length))).toBeUndefined();
    }
    for (let length = 0; length < report.length; length++) {
      expect(direction.unprotectRtcp(report.subarray(0, length))).toBeUndefined();
    }
    expect(stranger.unprotectRtp(packet)).toBeUndefined();
    expect(stranger.unprotectRtcp(report)).toBeUndefined();
    expect(direction.unprotectRtp(packet)).toEqual(packetOf(7));
  });
});

describe('RFC 7714: with the session keys of the examples', () => {
  const keys = {
    cipherKey: hex('000102030405060708090a0b0c0d0e0f'),
    authenticationKey: new Uint8Array(),
    salt: hex('51756964 2070726f 2071756f'),
  };
  const salted = { ...keys, salt: Uint8Array.of(...keys.salt, 0, 0) };

  it.each(CIPHERS)('§16.1: RTP is sealed as there, by $kind', (ciphers) => {
    const transform = new GcmTransform(salted, salted, ciphers);
    const plain =
      '8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573';
    MEMORY.set(hex(plain));
    const end = transform.protectRtp(MEMORY, 0, 12, 50, 0);
    expect(text(0, end)).toBe(
      '8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce',
    );
    expect(text(0, transform.unprotectRtp(MEMORY, 0, 12, end, 0))).toBe(plain);
    transform.close();
  });

  it.each(CIPHERS)('§17.1, §17.3: RTCP is sealed as there, and taken where it is only tagged, by $kind', (ciphers) => {
    const transform = new GcmTransform(salted, salted, ciphers);
    const plain = `81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61${'deadbeef'.repeat(5)}`;
    MEMORY.set(hex(plain));
    const end = transform.protectRtcp(MEMORY, 0, 52, 0x5d4);
    expect(text(0, end)).toBe(
      '81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4',
    );
    expect(text(0, transform.unprotectRtcp(MEMORY, 0, end))).toBe(plain);
    MEMORY.set(hex(`${plain}841dd9683dd78ec92ae58790125f62b3000005d4`));
    expect(text(0, transform.unprotectRtcp(MEMORY, 0, end))).toBe(plain);
    MEMORY[51]! ^= 1;
    expect(transform.unprotectRtcp(MEMORY, 0, end)).toBe(-1);
    transform.close();
  });
});

describe('RFC 3711 §3.3.1: the roll-over counter', () => {
  it('is guessed as appendix A says, also for packets from before the last turn', () => {
    const index = new PacketIndex();
    index.mark(65_534, 0);
    expect([65_533, 65_535, 0, 1].map((sequence) => index.rollOverOf(sequence))).toEqual([0, 0, 1, 1]);
    index.mark(1, 1);
    expect([65_535, 0, 2, 40_000].map((sequence) => index.rollOverOf(sequence))).toEqual([0, 1, 1, 0]);
  });

  it('never comes from a packet that is not genuine', () => {
    const direction = new Direction('AES_CM_128_HMAC_SHA1_80');
    const packets = [10, 11].map((sequence) => direction.protectRtp(packetOf(sequence)));
    expect(direction.unprotectRtp(packets[0]!)).toBeDefined();
    const forged = packets[1]!.slice();
    forged[2] = 0xff;
    for (let i = 0; i < 5; i++) expect(direction.unprotectRtp(forged)).toBeUndefined();
    expect(direction.unprotectRtp(packets[1]!)).toEqual(packetOf(11));
  });

  it('follows a stream over several turns, through loss and reordering', () => {
    const direction = new Direction('AEAD_AES_128_GCM');
    const random = seeded(3);
    let late: Uint8Array | undefined;
    for (let number = 65_000; number < 200_000; number += 1 + Math.floor(random.next() * 300)) {
      const packet = direction.protectRtp(packetOf(number & 0xffff));
      if (random.next() < 0.2) late = packet;
      else expect(direction.unprotectRtp(packet)).toEqual(packetOf(number & 0xffff));
      if (late === undefined || random.next() < 0.5) continue;
      direction.unprotectRtp(late);
      late = undefined;
    }
  });

  it('and what has been seen hold on under a new key', () => {
    const direction = new Direction('AES_CM_128_HMAC_SHA1_80');
    for (const sequence of [65_535, 0]) direction.unprotectRtp(direction.protectRtp(packetOf(sequence)));
    const fresh = () => suiteTransform('AES_CM_128_HMAC_SHA1_80', masterKey('AES_CM_128_HMAC_SHA1_80', 9), OPENSSL);
    direction.sender.rekey(fresh());
    direction.receiver.rekey(fresh());
    expect(direction.protectRtp(packetOf(0))).toHaveLength(0);
    const packet = direction.protectRtp(packetOf(1));
    expect(direction.unprotectRtp(packet)).toEqual(packetOf(1));
    const transform = fresh();
    const view = new PacketView();
    MEMORY.set(packet);
    view.readHeader(MEMORY, 0, packet.length);
    expect(transform.unprotectRtp(MEMORY, 0, view.payloadStart, packet.length, 1)).toBe(172);
  });
});

describe('RFC 3711 §3.3.2: a packet is taken once', () => {
  it.each(SUITES)('%s: in any order, and none that is older than can be told', (suite) => {
    const direction = new Direction(suite);
    const packets = Array.from({ length: 300 }, (_, i) => direction.protectRtp(packetOf(i)));
    const order = [0, 5, 3, 299, 298, 172, 298, 171, 299, 3, 200, 172];
    const taken = order.map((sequence) => direction.unprotectRtp(packets[sequence]!) !== undefined);
    expect(taken).toEqual([true, true, true, true, true, true, false, false, false, false, true, false]);
  });

  it('and so is a report', () => {
    const direction = new Direction('AES_CM_128_HMAC_SHA1_32');
    const reports = Array.from({ length: 140 }, () =>
      direction.protectRtcp(Uint8Array.of(0x80, 201, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8)),
    );
    const taken = [2, 0, 2, 139, 1, 10, 139, 12, 12].map(
      (number) => direction.unprotectRtcp(reports[number]!) !== undefined,
    );
    expect(taken).toEqual([true, true, false, true, false, false, false, true, false]);
  });

  it('each source has numbers of its own, and of sources there are so many', () => {
    const direction = new Direction('AEAD_AES_128_GCM');
    const packets = Array.from({ length: SOURCES_MAX + 1 }, (_, i) => direction.protectRtp(packetOf(1, 1000 + i)));
    const taken = packets.filter((packet) => direction.unprotectRtp(packet) !== undefined);
    expect(taken).toHaveLength(SOURCES_MAX);
    for (const packet of packets) expect(direction.unprotectRtp(packet)).toBeUndefined();
  });
});

it('a number is never used twice to send, and nothing is sent that does not fit', () => {
  const direction = new Direction('AES_CM_128_HMAC_SHA1_80');
  expect(direction.protectRtp(packetOf(4))).toHaveLength(182);
  expect(direction.protectRtp(packetOf(4))).toHaveLength(0);
  expect(direction.protectRtp(packetOf(3))).toHaveLength(182);
  MEMORY.set(packetOf(5));
  expect(direction.sender.protectRtp(MEMORY, 0, 172, 181)).toBe(0);
  expect(direction.sender.protectRtcp(MEMORY, 0, 172, 185)).toBe(0);
});
