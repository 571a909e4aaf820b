import { expect, test } from 'vitest';
import { seeded } from '../../core/kernel/random.ts';
import { formatAuthentication, parseCredentials } from '../../sip/grammar/authentication.ts';
import { parseCSeq } from '../../sip/grammar/cseq.ts';
import { splitList } from '../../sip/grammar/list.ts';
import { formatNameAddress, parseNameAddress } from '../../sip/grammar/name-address.ts';
import { formatParameters, parseParameters } from '../../sip/grammar/parameters.ts';
import { parseStartLine } from '../../sip/grammar/start-line.ts';
import { buildUri, parseUri, uriEquals } from '../../sip/grammar/uri.ts';
import { formatVia, parseVia, parseViaWithoutParameters, withSource } from '../../sip/grammar/via.ts';
import type { Parameters } from '../../sip/message.ts';
import { COUNT } from './counts.ts';
import { HEAP_GROWTH_MAX_BYTES, heapGrowthBytes } from './heap.ts';
import { Mutator } from './mutator.ts';

const SEED = 20_260_103;

const UNWRITTEN = /\p{Cc}|\ufffd/u;

const pairs = (parameters: Parameters): string => JSON.stringify([...parameters]);

/** What each grammar reads, and a check that what was read means the same when it is written; undefined when it does. */
const GRAMMARS: Readonly<Record<string, { seeds: readonly string[]; check: (text: string) => string | undefined }>> = {
  Via: {
    seeds: [
      'SIP/2.0/UDP 203.0.113.1:5060;branch=z9hG4bKa;rport',
      'SIP / 2.0 / TLS  [2001:db8::1]:5061 ; branch = z9hG4bKb ; received=2001:db8::2; rport=7',
      'SIP/2.0/UNKNOWN host.example.com;x="a;b\\"c";flag',
    ],
    check(text) {
      parseViaWithoutParameters(text);
      const via = parseVia(text);
      if (via === undefined) return undefined;
      const again = parseVia(formatVia(via.transport, via.host, via.port, via.parameters));
      if (again?.host !== via.host || again.port !== via.port) return 'sent-by';
      if (pairs(again.parameters) !== pairs(via.parameters)) return 'parameters';
      const stamped = parseVia(withSource(via, '192.0.2.9', 9).text);
      const { parameters } = stamped ?? again;
      return parameters.get('received') === '192.0.2.9' && parameters.get('rport') === '9' ? undefined : 'source';
    },
  },
  'name-addr': {
    seeds: [
      '"A, B; <C> \\"D\\"" <sip:x@203.0.113.1;lr?a=b>;tag=1;q=0.5',
      'sip:1000@example.com;tag=a1',
      'Jörg Müller <tel:+4930123;phone-context=example.com>',
    ],
    check(text) {
      const address = parseNameAddress(text);
      if (address === undefined) return undefined;
      const again = parseNameAddress(formatNameAddress(address.displayName, address.uri, address.parameters));
      if (again?.uri.text !== address.uri.text || again.displayName !== address.displayName) return 'name or address';
      return pairs(again.parameters) === pairs(address.parameters) ? undefined : 'parameters';
    },
  },
  URI: {
    seeds: [
      'sip:alice:secret@example.com:5070;transport=tcp;lr?Subject=x&a=%41',
      'sips:%00;par=u%40example.net@[2001:db8::1]:5061',
      'tel:+1-201-555-0123;phone-context=example.com',
      'urn:service:sos',
    ],
    check(text) {
      const uri = parseUri(text);
      if (uri === undefined) return undefined;
      if (!uriEquals(uri, uri)) return 'not equal to itself';
      if (uri.scheme !== 'sip' && uri.scheme !== 'sips') return undefined;
      const { scheme, user, host, port, parameters } = uri;
      const again = parseUri(buildUri({ scheme, user, host, port, parameters }).text);
      if (again?.user !== user || again.host !== host || again.port !== port) return 'user, host or port';
      return pairs(again.parameters) === pairs(parameters) ? undefined : 'parameters';
    },
  },
  parameters: {
    seeds: [';tag=a1;x="quoted \\" text";flag ; q = 0.33', ';expires=3600;+sip.instance="<urn:uuid:0>"'],
    check(text) {
      const parameters = parseParameters(text, 0);
      if (parameters === undefined) return undefined;
      const again = parseParameters(formatParameters(parameters), 0);
      return again !== undefined && pairs(again) === pairs(parameters) ? undefined : 'parameters';
    },
  },
  CSeq: {
    seeds: ['1 INVITE', '0004294967295 \t OPTIONS'],
    check(text) {
      const cseq = parseCSeq(text);
      if (cseq === undefined) return undefined;
      return cseq.number >= 0 && cseq.number < 2 ** 32 && /^[^\s,;"]+$/.test(cseq.method) ? undefined : 'value';
    },
  },
  'start line': {
    seeds: ['INVITE sip:1001@example.com SIP/2.0', 'SIP/2.0 180 Ringing', 'OPTIONS sip:[::1] SIP/7.0'],
    check(text) {
      const line = parseStartLine(text);
      return line.kind === 'response' && !(line.status >= 100 && line.status < 700) ? 'status' : undefined;
    },
  },
  credentials: {
    seeds: [
      'Digest username="1000", realm="a \\"b\\"", nonce="n", uri="sip:x", response="0", algorithm=MD5, qop=auth, nc=00000001',
      'Digest  username = x,realm=y , opaque=""',
    ],
    check(text) {
      const field = parseCredentials(text);
      if (field === undefined) return undefined;
      const written = [...field.parameters].map(([name, value]) => [name, value, 'quoted'] as const);
      const again = parseCredentials(formatAuthentication(field.scheme, written));
      return again !== undefined && pairs(again.parameters) === pairs(field.parameters) ? undefined : 'parameters';
    },
  },
  list: {
    seeds: ['<sip:a,b@c>;x="y,z", "d, e" <sip:f>, g', 'a,,b, "unclosed'],
    check(text) {
      const elements = splitList(text);
      const again = splitList(elements.join(', '));
      return JSON.stringify(again) === JSON.stringify(elements) ? undefined : 'elements';
    },
  },
};

test.each(Object.entries(GRAMMARS))(
  '%s: what is read of a mutated text means the same when it is written, and nothing is left on the heap',
  (_, { seeds, check }) => {
    const originals = seeds.map((seed) => Buffer.from(seed));
    const mutator = new Mutator();
    const growth = heapGrowthBytes(COUNT, (round) => {
      const random = seeded(SEED + round);
      // As fields arrive: in one line, without space around it.
      const text = mutator
        .mutate(originals[round % originals.length]!, random)
        .toString()
        .replace(/[\r\n]+/g, ' ')
        .trim();
      const flaw = check(text);
      // Control characters are never written, and what was no UTF-8 has no other spelling.
      if (UNWRITTEN.test(text)) return;
      if (flaw !== undefined) throw new Error(`round ${round}: ${flaw} of ${JSON.stringify(text)}`);
    });
    expect(growth).toBeLessThan(HEAP_GROWTH_MAX_BYTES);
  },
);
