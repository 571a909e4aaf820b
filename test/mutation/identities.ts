import { type Mutation, mutation } from './mutations.ts';

const PARTIES = 'user-agent/call-parties';
const PARTIES_TEST = 'sip/call-parties';

/** Who calls, who is called and who speaks for whom: the rows of headers that peers believe. */
export const IDENTITY_MUTATIONS: readonly Mutation[] = [
  mutation(
    'RFC 3323, RFC 3325',
    PARTIES,
    "(addressIn(request, 'P-Asserted-Identity') ?? remoteParty(request))",
    'remoteParty(request)',
    PARTIES_TEST,
    'RFC 3325 §9.1: the first identity that is asserted counts',
  ),
  mutation(
    'RFC 3323, RFC 3325',
    'dialog/caller-identity',
    "return [['P-Preferred-Identity', address]];",
    "return [['P-Asserted-Identity', address]];",
    'world/providers',
    'RFC 3325 §9.1, §9.2: who calls is asserted or preferred',
  ),
  mutation(
    'RFC 5806',
    PARTIES,
    "addressIn(request, 'Diversion')?.uri ?? NOBODY",
    'NOBODY',
    PARTIES_TEST,
    'RFC 5806 §4: the first Diversion',
  ),
  mutation(
    'RFC 5806',
    'dialog/caller-identity',
    "['Diversion', `${",
    "['Diverted', `${",
    'world/forwarding',
    'RFC 5806 §4: a provider that wants it is told',
  ),
  mutation(
    'RFC 7315 §4.2',
    PARTIES,
    "addressIn(request, 'P-Called-Party-ID')?.uri ?? ",
    '',
    PARTIES_TEST,
    'RFC 7315 §4.2: the number called is where the provider names it',
  ),
  mutation(
    'RFC 3892',
    'dialog/session-messages',
    "[['Referred-By', dial.referredBy] as Field]",
    'NO_FIELDS',
    'world/transfers',
    'RFC 3892 §2.1: who is called for a transferee',
  ),
  mutation(
    'RFC 3311',
    'dialog/session-speaker',
    'return this.reliable?.isOfferAnswered ?? ',
    'return ',
    'sip/stack/reliable',
    'RFC 3311 §5.2: UPDATE in an early dialog',
  ),
  mutation(
    'RFC 3428',
    'user-agent/messenger',
    "['CSeq', '1 MESSAGE'],",
    "['CSeq', '1 MESSAGE'], ['Contact', '<sip:192.0.2.1>'],",
    'sip/messenger',
    'RFC 3428 §4: a MESSAGE that goes',
  ),
  mutation(
    'RFC 6086',
    'dialog/info-digit',
    'status: 469',
    'status: 200',
    'sip/stack/callee',
    'RFC 6086 §4.2.2: an INFO of a package',
  ),
];
