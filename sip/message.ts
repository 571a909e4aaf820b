/**
 * A SIP message as the rest of `sip/` sees it (RFC 3261 §7). Parsed messages keep their text and read headers on
 * demand; built ones are lists of fields. Both are immutable: a changed message is a new one.
 */

/** RFC 3261 §20 spelling in long form; the parser maps compact and differently cased names to it. */
export type HeaderName =
  | 'Accept'
  | 'Accept-Encoding'
  | 'Accept-Language'
  | 'Allow'
  | 'Allow-Events'
  | 'Alert-Info'
  | 'Authentication-Info'
  | 'Authorization'
  | 'Call-ID'
  | 'Call-Info'
  | 'Contact'
  | 'Content-Disposition'
  | 'Content-Encoding'
  | 'Content-Language'
  | 'Content-Length'
  | 'Content-Type'
  | 'CSeq'
  | 'Date'
  | 'Diversion'
  | 'Error-Info'
  | 'Event'
  | 'Expires'
  | 'From'
  | 'In-Reply-To'
  | 'Max-Forwards'
  | 'MIME-Version'
  | 'Min-Expires'
  | 'Min-SE'
  | 'Organization'
  | 'P-Asserted-Identity'
  | 'P-Called-Party-ID'
  | 'P-Preferred-Identity'
  | 'Path'
  | 'Priority'
  | 'Privacy'
  | 'Proxy-Authenticate'
  | 'Proxy-Authorization'
  | 'Proxy-Require'
  | 'RAck'
  | 'Reason'
  | 'Record-Route'
  | 'Refer-To'
  | 'Referred-By'
  | 'Remote-Party-ID'
  | 'Replaces'
  | 'Reply-To'
  | 'Require'
  | 'Retry-After'
  | 'Route'
  | 'RSeq'
  | 'Server'
  | 'Service-Route'
  | 'Session-Expires'
  | 'Subject'
  | 'Subscription-State'
  | 'Supported'
  | 'Timestamp'
  | 'To'
  | 'Unsupported'
  | 'User-Agent'
  | 'Via'
  | 'Warning'
  | 'WWW-Authenticate'
  /** Extension headers, as spelled by the sender. */
  | (string & {});

/** Parameters in their order; each name once, in lower case. A Map of texts will do for it. */
export interface Parameters extends Iterable<readonly [name: string, value: string]> {
  readonly size: number;
  get(name: string): string | undefined;
  has(name: string): boolean;
}

export interface Uri {
  /** Lower case: `sip`, `sips`, `tel` … */
  readonly scheme: string;
  /** Percent-decoded; '' when absent. */
  readonly user: string;
  readonly password: string;
  /** Lower case, IPv6 without brackets; '' for tel. */
  readonly host: string;
  /** 0 when absent. */
  readonly port: number;
  /** Names in lower case; value '' for a flag. */
  readonly parameters: Parameters;
  readonly headers: string;
  /** As it came or was built. */
  readonly text: string;
}

/** name-addr or addr-spec with header parameters (From, To, Contact, Route …). */
export interface NameAddress {
  /** Unquoted; '' when absent. */
  readonly displayName: string;
  readonly uri: Uri;
  /** Header parameters, names in lower case. */
  readonly parameters: Parameters;
}

export interface Via {
  /** Upper case: UDP, TCP, TLS, WS, WSS. */
  readonly transport: string;
  readonly host: string;
  /** 0 when absent. */
  readonly port: number;
  /** '' when absent. */
  readonly branch: string;
  readonly parameters: Parameters;
  readonly text: string;
}

export interface CSeq {
  readonly number: number;
  readonly method: string;
}

interface Parts {
  /** First value of the header, trimmed, lists not split; undefined when absent. */
  first(name: HeaderName): string | undefined;
  /** All values in order; headers that are comma-separated lists (RFC 3261 §7.3.1) come one element each. */
  all(name: HeaderName): readonly string[];
  /** All fields in order as they will be written: [name, value]. */
  readonly fields: readonly (readonly [HeaderName, string])[];
  /** The fields as they are written, one line each, begun by the CRLF of the line before; without Content-Length. */
  fieldLines(): string;
  /** Read on first use and kept. A message that passed the parser without a `fatal` defect has all of these. */
  readonly topVia: Via;
  readonly from: NameAddress;
  readonly to: NameAddress;
  /** '' when absent. */
  readonly fromTag: string;
  readonly toTag: string;
  readonly callId: string;
  readonly cseq: CSeq;
  /** Contacts in order; the single `*` of a REGISTER is `contactIsStar`. */
  readonly contacts: readonly NameAddress[];
  readonly contactIsStar: boolean;
  readonly body: Uint8Array;
}

export interface Request extends Parts {
  readonly type: 'request';
  readonly method: string;
  readonly uri: Uri;
  /** The same request with this in place of its top Via. */
  withTopVia(via: Via): Request;
  /**
   * What every response to it begins with (RFC 3261 §8.2.6.2): Via, From, To, Call-ID, CSeq and Timestamp as they came,
   * and Record-Route when it is wanted; `toTag` is added to a To without one. The lists are the caller's own.
   */
  answerFields(toTag: string, recordsRoute: boolean): { readonly names: HeaderName[]; readonly values: string[] };
  /** The same request with one more Via above those that it has. */
  withViaOnTop(via: string): Request;
}

export interface Response extends Parts {
  readonly type: 'response';
  readonly status: number;
  readonly reason: string;
}

export type Message = Request | Response;
