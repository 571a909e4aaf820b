import type { Mutation } from './mutations.ts';

/** The same for what `media/README.md` says is done of SRTP. */
export const PROTECTION_MUTATIONS: readonly Mutation[] = [
  {
    row: 'RFC 3711, RFC 7714',
    file: 'media/srtp/srtp-receiver.ts',
    from: 'if (known !== undefined && !known.rtp.isNew(sequence, rollOver)) return REFUSED;',
    to: '',
    test: 'test/media/srtp/srtp.test.ts',
    title: 'RFC 3711 §3.3.2: a packet is taken once',
  },
  {
    row: 'RFC 3711, RFC 7714',
    file: 'media/srtp/gcm-transform.ts',
    from: 'iv[11]! ^= lower;',
    to: 'iv[11]! ^= upper;',
    test: 'test/media/srtp/srtp.test.ts',
    title: 'RFC 7714: with the session keys of the examples',
  },
  {
    row: 'RFC 4568, RFC 7714 §14.2',
    file: 'media/sdp/negotiate.ts',
    from: 'own.tag === tag && own.suite === suite',
    to: 'own.suite === suite',
    test: 'test/media/srtp/agreed.test.ts',
    title: 'RFC 4568 §5.1.1, §5.1.3: our offer',
  },
  {
    row: 'RFC 4568, RFC 7714 §14.2',
    file: 'media/sdp/negotiate.ts',
    from: "(isSecure || srtp === 'required' ? 'refused' : 'clear')",
    to: "(isSecure ? 'refused' : 'clear')",
    test: 'test/world/protection.test.ts',
    title: 'RFC 4568 §5.1.2: a phone that is to have SRTP',
  },
];
