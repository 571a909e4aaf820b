import { describe, expect, test } from 'vitest';
import { INCOMING_ONLY } from '../../../core/directory/provider-terms.ts';
import type { Customer, Extension, Trunk } from '../../../core/directory/records.ts';
import type { CustomerId, ExtensionId, LegId, TrunkId } from '../../../core/kernel/ids.ts';
import type { TransportAddress } from '../../../core/ports.ts';
import { answerChallenge } from '../../../sip/user-agent/digest.ts';
import { kinds, OFFER, PEER, Rig, type Sent, words } from '../stack/rig.ts';

const OWN = 'sip:+493012345@192.0.2.1';
const CARRIER: TransportAddress = { transport: 'udp', address: '203.0.113.20', port: 5060 };
const STAMPS = { createdAt: 0, updatedAt: null, deletedAt: null };
/** The first customer of the rig, and the one that the trunks belong to. */
const FIRST = 'c' as CustomerId;
const SECOND = 'second' as CustomerId;

function trunk(id: string, fields: Partial<Trunk>): Trunk {
  const empty = { name: '', detail: '', domainName: id, username: '', password: '', allowedIps: [], ...INCOMING_ONLY };
  return { ...STAMPS, ...empty, id: id as TrunkId, customerId: SECOND, authTypes: ['ip'], ...fields };
}

/** A rig with a second customer, who has extension 2000, a trunk by address, and one by credentials. */
function withTrunks(fields: Partial<Trunk> = {}): Rig {
  const rig = new Rig();
  const { directory } = rig;
  const second: Customer = { ...directory.firstCustomer()!, id: SECOND, ordinal: 2 };
  const extension: Extension = {
    ...directory.extensionByName(FIRST, '1000')!,
    id: 'e2000' as ExtensionId,
    customerId: SECOND,
    extension: '2000',
  };
  directory.putCustomer(second);
  directory.putExtension(extension);
  directory.putTrunk(trunk('carrier', { allowedIps: ['203.0.113.0/24'], ...fields }));
  directory.putTrunk(trunk('office', { authTypes: ['basic'], username: 'office', password: 'word' }));
  return rig;
}

/** An INVITE from the carrier's address. */
function invite(rig: Rig, fields: Readonly<Record<string, string>> = {}, uri = OWN): string {
  return rig.request('INVITE', { From: '<sip:+4930999@203.0.113.20>;tag=peer', ...fields }, OFFER, uri);
}

const OFFICE = { uri: OWN, username: 'office', password: 'word' };
const FROM_OFFICE = { From: '<sip:+4930777@192.0.2.1>;tag=peer' };

function status([sent]: readonly Sent[]): number | undefined {
  return sent?.message.type === 'response' ? sent.message.status : undefined;
}

describe('who is calling is judged in this order', () => {
  test('a request inside a dialog needs no other proof, from wherever it comes', () => {
    const rig = withTrunks();
    const leg = rig.offered();
    const [ok] = rig.execute({ kind: 'answer', leg, body: new TextEncoder().encode(OFFER) });
    const To = ok!.message.first('To')!;
    expect(words(rig.receive(rig.request('BYE', { To, CSeq: '3 BYE' }), CARRIER))).toEqual(['200 BYE']);
  });

  test('credentials of an extension win over the address of a trunk', () => {
    const rig = withTrunks();
    rig.authenticated('INVITE', {}, OFFER, CARRIER);
    expect(rig.events[0]).toMatchObject({
      kind: 'offered',
      caller: { kind: 'extension', customerId: FIRST, extensionId: 'e1000' },
      customerId: FIRST,
    });
  });

  test('credentials of a trunk make the call the trunk’s, for its own customer', () => {
    const rig = withTrunks();
    rig.authenticated('INVITE', FROM_OFFICE, OFFER, PEER, OFFICE);
    expect(rig.events[0]).toMatchObject({
      kind: 'offered',
      caller: { kind: 'trunk', customerId: SECOND, trunkId: 'office' },
      customerId: SECOND,
      toUser: '+493012345',
      fromUser: '+4930777',
    });
  });

  test('credentials of a trunk win over the address of another', () => {
    const rig = withTrunks();
    const answered = invite(rig, { From: FROM_OFFICE.From, Authorization: credentialsFor(rig, OFFICE) });
    rig.receive(answered, CARRIER);
    expect(rig.events[0]).toMatchObject({ caller: { kind: 'trunk', trunkId: 'office' } });
  });

  test('who says to be an extension of the domain is challenged, also at the address of a trunk', () => {
    const rig = withTrunks();
    expect(status(rig.receive(invite(rig, { From: '<sip:1000@192.0.2.1>;tag=peer' }), CARRIER))).toBe(401);
    const registrar = `sip:+49301@${SECOND}.registrar.example`;
    expect(status(rig.receive(invite(rig, { From: '<sip:2000@x>;tag=peer' }, registrar), CARRIER))).toBe(401);
    expect(rig.events).toEqual([]);
  });

  test('an address that a trunk allows is the trunk’s: no challenge, and its own customer', () => {
    const rig = withTrunks();
    expect(rig.receive(invite(rig), CARRIER)).toEqual([]);
    expect(rig.events).toMatchObject([
      {
        kind: 'offered',
        caller: { kind: 'trunk', customerId: SECOND, trunkId: 'carrier' },
        customerId: SECOND,
        toUser: '+493012345',
        fromUser: '+4930999',
        source: CARRIER,
      },
    ]);
  });

  test('all others are challenged', () => {
    const rig = withTrunks();
    expect(status(rig.receive(invite(rig), PEER))).toBe(401);
    const byCredentialsAlone = withTrunks({ authTypes: ['basic'] });
    expect(status(byCredentialsAlone.receive(invite(byCredentialsAlone), CARRIER))).toBe(401);
  });
});

/** The value of Authorization with which this account answers the challenge that PEER would get. */
function credentialsFor(rig: Rig, account: typeof OFFICE, source = CARRIER): string {
  const challenged = rig.receive(rig.request('REGISTER', { 'Call-ID': 'other', To: '<sip:x@192.0.2.1>' }), source);
  const challenge = challenged[0]!.message.first('WWW-Authenticate')!;
  return answerChallenge(challenge, { ...account, method: 'INVITE', cnonce: 'x', nc: 1 })!;
}

test.each([
  ['its own name', 'sip:+49301@carrier.trunk.example'],
  ['the domain of its customer', `sip:+49301@${SECOND}.registrar.example`],
  ['an address of ours', 'sip:+49301@192.0.2.1'],
  ['a name that is nobody’s', 'sip:+49301@gateway.example'],
])('a trunk reaches its customer by %s', (_, uri) => {
  const rig = withTrunks();
  rig.receive(invite(rig, {}, uri), CARRIER);
  expect(rig.events).toMatchObject([{ kind: 'offered', customerId: SECOND, toUser: '+49301' }]);
});

test('a trunk does not reach another customer', () => {
  const rig = withTrunks();
  const uri = `sip:1001@${FIRST}.registrar.example`;
  expect(status(rig.receive(invite(rig, {}, uri), CARRIER))).toBe(401);
  expect(status(rig.authenticated('INVITE', FROM_OFFICE, OFFER, PEER, { ...OFFICE, uri }))).toBe(401);
  expect(rig.events).toEqual([]);
});

test('two trunks with the same username are told apart by the name that is called', () => {
  const rig = withTrunks();
  rig.directory.putTrunk(
    trunk('branch', { authTypes: ['basic'], username: 'office', password: 'other', createdAt: 1 }),
  );
  const account = { uri: 'sip:+49301@branch.trunk.example', username: 'office', password: 'other' };
  rig.authenticated('INVITE', FROM_OFFICE, OFFER, PEER, account);
  expect(rig.events).toMatchObject([{ caller: { trunkId: 'branch' } }]);
});

test.each([
  ['branch', ['198.51.100.1', '203.0.113.20'], 'branch'],
  ['branch', ['203.0.0.0/8'], 'branch'],
  ['branch', ['198.51.100.1', '2001:db8::/32'], 'carrier'],
  ['carrier', ['203.0.113.20'], 'carrier'],
])('of two trunks, %s is called by its name, and the other allows %j: the call is of %s', (name, allowedIps, id) => {
  const rig = withTrunks();
  rig.directory.putTrunk(trunk('branch', { allowedIps, createdAt: 1 }));
  rig.receive(invite(rig, {}, `sip:+49301@${name}.trunk.example`), CARRIER);
  expect(rig.events).toMatchObject([{ caller: { kind: 'trunk', trunkId: id } }]);
});

test('any realm will do for a trunk', () => {
  const rig = withTrunks();
  const challenge = credentialsFor(rig, OFFICE, PEER);
  const nonce = /nonce="([^"]+)"/.exec(challenge)![1]!;
  const asked = `Digest realm="typed by hand", nonce="${nonce}", algorithm=MD5, qop="auth"`;
  const Authorization = answerChallenge(asked, { ...OFFICE, method: 'INVITE', cnonce: 'y', nc: 1 })!;
  rig.receive(invite(rig, { Authorization }), PEER);
  expect(rig.events).toMatchObject([{ kind: 'offered', caller: { kind: 'trunk' } }]);
});

test('a trunk that has gone, or lost an address, is a stranger', () => {
  const rig = withTrunks();
  rig.directory.putTrunk(trunk('carrier', { allowedIps: ['198.51.100.99'] }));
  expect(status(rig.receive(invite(rig), CARRIER))).toBe(401);
  rig.directory.putTrunk(trunk('office', { authTypes: ['basic'], username: 'office', password: 'word', deletedAt: 1 }));
  expect(status(rig.authenticated('INVITE', FROM_OFFICE, OFFER, PEER, OFFICE))).toBe(401);
});

test('trunks do not register: neither by address nor by credentials', () => {
  const rig = withTrunks();
  const register = { From: '<sip:office@192.0.2.1>;tag=peer', To: '<sip:office@192.0.2.1>' };
  expect(status(rig.receive(rig.request('REGISTER', register), CARRIER))).toBe(401);
  expect(status(rig.authenticated('REGISTER', register, '', CARRIER, OFFICE))).toBe(401);
  expect(rig.events).toEqual([]);
});

describe('RFC 3966 §3: an INVITE whose Request-URI is a telephone number', () => {
  const TEL = 'tel:+49-30-123.45;phone-context=example.com';

  test('is taken from a trunk, with the digits alone, whatever its caller calls itself by', () => {
    for (const From of ['<sip:+4930999@carrier.example>;tag=peer', '<tel:+49(30)999>;tag=peer']) {
      const rig = withTrunks();
      rig.receive(invite(rig, { From, To: '<tel:+493012345>' }, TEL), CARRIER);
      expect(rig.events[0]).toMatchObject({
        kind: 'offered',
        caller: { kind: 'trunk', trunkId: 'carrier' },
        toUser: '+493012345',
        fromUser: '+4930999',
      });
      const leg = 1 as LegId;
      const [ok] = rig.execute({ kind: 'answer', leg, body: new TextEncoder().encode(OFFER) });
      rig.receive(rig.request('ACK', { From, To: ok!.message.first('To')! }), CARRIER);
      const [bye] = rig.execute({ kind: 'hangup', leg, cause: 'normal' });
      expect(bye!.message.first('To')).toBe(From);
      expect(bye!.message.first('From')).toMatch(/^<tel:\+493012345>;tag=/);
    }
  });

  test('is taken from a phone of the domain that it calls itself by, when it can prove itself', () => {
    const rig = withTrunks();
    expect(status(rig.receive(rig.request('INVITE', {}, OFFER, TEL)))).toBe(401);
    rig.authenticated('INVITE', {}, OFFER, PEER, { uri: TEL });
    expect(rig.events[0]).toMatchObject({ caller: { extensionId: 'e1000' }, toUser: '+493012345' });
  });

  test('opens nothing to strangers, and other requests have no such URI', () => {
    const rig = withTrunks();
    const From = '<sip:1000@elsewhere.example>;tag=peer';
    expect(status(rig.authenticated('INVITE', { From }, OFFER, PEER, { uri: TEL }))).toBe(401);
    expect(rig.events).toEqual([]);
    expect(status(rig.receive(rig.request('OPTIONS', {}, '', TEL)))).toBe(416);
    const [sent] = rig.receive(
      rig.request('MESSAGE', { From: '<sip:+4930999@203.0.113.20>;tag=peer' }, 'x', TEL),
      CARRIER,
    );
    expect(status([sent!])).toBe(416);
  });
});

describe('wrong credentials', () => {
  /** INVITEs with a password that is wrong, each answering a challenge of its own. */
  function guess(rig: Rig, count: number, username = 'office'): (number | undefined)[] {
    return Array.from({ length: count }, (_, index) => {
      const Authorization = credentialsFor(rig, { uri: OWN, username, password: 'wrong' });
      return status(rig.receive(invite(rig, { Authorization, 'Call-ID': `guess-${username}-${index}` }), CARRIER));
    });
  }

  test('from a trunk’s address are counted, and its calls come through all the same', () => {
    const rig = withTrunks();
    expect(guess(rig, 12)).toEqual(Array.from({ length: 12 }, () => undefined));
    expect(rig.stack.gatekeeper.counters.failures).toBe(10);
    expect(rig.events.filter(({ kind }) => kind === 'offered')).toHaveLength(12);
    expect(rig.stack.gatekeeper.list(rig.now)).toMatchObject([{ address: CARRIER.address, account: 'office' }]);
  });

  test('that are banned prove nothing any more, though they be right', () => {
    const rig = withTrunks();
    guess(rig, 10, '1000');
    const Authorization = credentialsFor(rig, { uri: OWN, username: '1000', password: 'secret' });
    rig.receive(invite(rig, { Authorization, 'Call-ID': 'right' }), CARRIER);
    expect(rig.events.at(-1)).toMatchObject({ caller: { kind: 'trunk', trunkId: 'carrier' } });
  });

  test('of many accounts ban strangers at the address, and not the trunk', () => {
    const rig = withTrunks();
    for (let account = 0; account < 10; account++) guess(rig, 1, `a${account}`);
    expect(rig.stack.gatekeeper.list(rig.now)).toMatchObject([{ address: CARRIER.address, account: '' }]);
    rig.receive(invite(rig, { 'Call-ID': 'after' }), CARRIER);
    expect(kinds(rig.events)).toHaveLength(11);
    expect(rig.receive(invite(rig, { From: '<sip:1000@192.0.2.1>;tag=peer' }), CARRIER)).toEqual([]);
  });
});

test('credentials whose nonce is old are asked for anew, unless a trunk’s peer sends a name that nobody here has', () => {
  const rig = withTrunks();
  const stale = (username: string) =>
    `Digest username="${username}", realm="r", nonce="old", uri="${OWN}", response="${'0'.repeat(32)}", ` +
    'algorithm=MD5, cnonce="x", qop=auth, nc=00000001';
  const [again] = rig.receive(invite(rig, { Authorization: stale('office') }), CARRIER);
  expect(again!.message.first('WWW-Authenticate')).toContain('stale=true');
  rig.receive(invite(rig, { Authorization: stale('somebody of theirs'), 'Call-ID': 'next' }), CARRIER);
  expect(kinds(rig.events)).toEqual(['offered']);
});

test('a stranger with an old nonce hears the same for a name that exists and for one that does not', () => {
  const rig = withTrunks();
  const again = ['1000', 'nobody'].map((username) => {
    const stale =
      `Digest username="${username}", realm="r", nonce="old", uri="sip:192.0.2.1", response="${'0'.repeat(32)}", ` +
      'algorithm=MD5, cnonce="x", qop=auth, nc=00000001';
    const fields = { From: '<sip:1000@192.0.2.1>;tag=peer', Authorization: stale, 'Call-ID': username };
    const [sent] = rig.receive(rig.request('INVITE', fields, OFFER, OWN));
    return sent!.message.first('WWW-Authenticate')!.replace(/nonce="[^"]*"/, '');
  });
  expect(again[0]).toContain('stale=true');
  expect(again[1]).toBe(again[0]);
});

test('a trunk may call in any name, and must say where it is reached', () => {
  const rig = withTrunks();
  const long = 'x'.repeat(500);
  rig.receive(invite(rig, { From: `"Ada" <sip:${long}@x>;tag=peer` }), CARRIER);
  expect(rig.events).toMatchObject([{ fromName: 'Ada', fromUser: long.slice(0, 128) }]);
  const contact = { Contact: '<sip:a@203.0.113.20>, <sip:b@203.0.113.20>', 'Call-ID': 'two' };
  expect(status(rig.receive(invite(rig, contact), CARRIER))).toBe(400);
});
