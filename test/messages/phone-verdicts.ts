/** A call is offered whatever its odds and ends; a stream whose last line end was cut off waits for it. */
const CALLS = [
  'invite00',
  'invite01',
  'invite02',
  'invite03',
  'invite04',
  'invite05',
  'long', // Lines of thousands of characters.
  'nmr', // A user of stars.
];
/** As captured, their bodies want some bytes more than a stream ends with, or have some that nobody announced. */
const CALLS_BEFORE_NOISE = ['invite6-badbranch-via', 'route', 'sg'];
const UNKNOWN_DIALOGS = ['bc2', 'bye00', 'bye_chris', 'msbye'];
/** Without To, without Call-ID, with a CSeq without method. */
const INCOMPLETE_BEFORE_NOISE = ['inv_srv', 'invite1', 'invite3-callid', 'invite4-cseq', 'invite5-callid'];
/** No empty line behind the head, or fewer octets than announced: a stream may still bring them. */
const CUT_OFF = ['message', 'message02', 'rport', 'short_nonce'];
const RESPONSES_CUT_OFF = ['ms-invite-00-rpl', 'no_eom_reply'];
/** Headers or two spaces in the request line; and no Content-Length. */
const BAD_START_LINES = ['bad_via1', 'req-test1', 'req-tm1', 'req1', 'req2'];
/** A version that is none, or a response; and no Content-Length. */
const UNANSWERABLE = ['bad_via2', 'bad_via3', 'repl1', 'short_reply'];

const GROUPS: readonly (readonly [outcome: string, names: readonly string[]])[] = [
  ['offered | offered', CALLS],
  ['offered | offered, waits', CALLS_BEFORE_NOISE],
  ['481 | 481', UNKNOWN_DIALOGS],
  ['400 | 400, waits', INCOMPLETE_BEFORE_NOISE],
  ['400 | waits', CUT_OFF],
  ['silence | waits', RESPONSES_CUT_OFF],
  ['400 | closed', BAD_START_LINES],
  ['silence | closed', UNANSWERABLE],
  ['200 | 200', ['ms-invite-00']], // An OPTIONS, in spite of its name.
  ['200 | 200, waits', ['dns']],
  ['401, 200 | 401, 200', ['register', 'register03']],
  ['401, 423 | 401, 423', ['pingtel', 'register02']], // Their bindings would last a few seconds.
  ['400 | 400', ['register04']], // A To without a scheme.
  ['messaged | messaged, waits', ['message03']],
  ['silence | silence', ['bad_uri', 'ms-invite-01-rpl']], // No Via; a response.
];

/** What comes of each message of a collection of odd phones, by UDP and by TCP, when its lines end in CRLF. */
export const PHONE_VERDICTS: Readonly<Record<string, string>> = Object.fromEntries(
  GROUPS.flatMap(([outcome, names]) => names.map((name) => [name, outcome])),
);
