import type { TrunkReport } from '../api/backend.ts';
import type { ProbeAnswer } from '../core/provider-ports.ts';

/** One thing that was tried. */
export interface Step {
  readonly step: 'access' | 'route' | 'caller' | 'name' | 'transport' | 'options' | 'register' | 'address';
  readonly result: 'ok' | 'wrong' | 'skipped';
  /** What was found, in one sentence. */
  readonly found: string;
  /** What to change; '' when nothing is to be. */
  readonly advice: string;
}

/** What a report means, in the order in which a call depends on it. */
export function stepsOf(report: TrunkReport): readonly Step[] {
  const { kind, probe } = report;
  const incoming = kind === 'trunk' ? [accessStep(report)] : [];
  if (probe === undefined) return [...incoming, skipped('route', 'calls only come from it: it has no hostname')];
  const { options, register } = probe;
  const answers = register === undefined ? [options] : [options, register];
  const peer = kind === 'trunk' ? 'the other side' : 'the provider';
  return [
    ...incoming,
    routeStep(report),
    callerStep(report),
    nameStep(options, peer),
    transportStep(answers, peer),
    optionsStep(options, peer),
    registerStep(register, report, peer),
    addressStep(answers, peer),
  ];
}

function accessStep({ access, registers }: TrunkReport): Step {
  if (access !== '') return ok('access', `its calls are known ${access}`);
  if (registers) return ok('access', 'its calls are known by our registration there');
  const advice = 'PUT /v1.0/trunks/ID with auth_types ip and allowed_ips, or with basic, username and password';
  return wrong('access', 'its calls are taken for those of strangers: nothing tells them from others', advice);
}

function ok(step: Step['step'], found: string): Step {
  return { step, result: 'ok', found, advice: '' };
}

function wrong(step: Step['step'], found: string, advice: string): Step {
  return { step, result: 'wrong', found, advice };
}

function skipped(step: Step['step'], found: string): Step {
  return { step, result: 'skipped', found, advice: '' };
}

function routeStep({ routes, countries, byName }: TrunkReport): Step {
  if (routes.length === 0 && byName !== '') return ok('route', `no route leads to it; it is called as ${byName}`);
  if (routes.length === 0) return wrong('route', 'no route leads to it', 'POST /v1.0/routes with its provider_id');
  if (countries.length > 0) return ok('route', `routes to ${routes.join(', ')}; countries ${countries.join(', ')}`);
  const advice = 'PUT /v1.0/outbound_config with a destination_whitelist, or start with --country';
  return wrong('route', 'no country may be called', advice);
}

function callerStep({ caller, routes, byName }: TrunkReport): Step {
  if (routes.length === 0 && byName !== '') return ok('caller', 'calls by its name show the extension that calls');
  if (caller !== '') return ok('caller', `calls show ${caller} where the caller has no number`);
  const advice = 'set default_outgoing_source_number_id in /v1.0/outbound_config, or number in its metadata';
  return wrong('caller', 'there is no number to show for extensions', advice);
}

function nameStep({ servers, detail }: ProbeAnswer, peer: string): Step {
  if (servers.length > 0) return ok('name', `leads to ${servers.join(', ')}`);
  switch (detail) {
    case 'no such host':
      return wrong('name', 'there is no such host', 'correct its hostname or outbound_proxy');
    case 'not answered':
      return wrong('name', 'no name server answered', 'look at /etc/resolv.conf, and whether UDP and TCP 53 pass');
    case 'no transport':
      return wrong('name', 'its transport is not listened for here', 'add a --sip listener of that transport');
    default:
      return wrong('name', 'the name has no server for SIP', `ask ${peer} for the name or address of its server`);
  }
}

function transportStep(answers: readonly ProbeAnswer[], peer: string): Step {
  const answered = answers.find(({ status }) => status !== 0);
  if (answered !== undefined) return ok('transport', 'packets go there and back');
  const { servers, detail } = answers[0]!;
  if (servers.length === 0) return skipped('transport', 'nowhere to send to');
  if (detail === 'unreachable') {
    const advice = 'look at host and port, firewalls, and for TLS at the certificate: the log of the server tells why';
    return wrong('transport', 'it cannot be connected to', advice);
  }
  const advice = `ask whether ${peer} knows our address; look at firewalls for UDP and at the port; try transport tcp`;
  return wrong('transport', 'nothing comes back within 32 s', advice);
}

function optionsStep({ status, detail }: ProbeAnswer, peer: string): Step {
  if (status === 0) return skipped('options', 'not answered');
  const answer = `answered ${status} ${detail}`;
  if (status === 503 || status === 408) {
    return wrong('options', answer, `${peer} says that it serves nobody now: wait, or ask there`);
  }
  if (status === 403) return wrong('options', answer, `${peer} may not know our address: tell it, or register`);
  // Whatever else is answered, it lives.
  return ok('options', answer);
}

function registerStep(answer: ProbeAnswer | undefined, { registers }: TrunkReport, peer: string): Step {
  if (answer === undefined) return skipped('register', 'no username in its metadata: it knows us by our address');
  const { status, detail } = answer;
  if (status === 0) return skipped('register', 'not answered');
  const said = `answered ${status} ${detail}`;
  if (status < 300)
    return ok('register', registers ? `${said}; the credentials are right` : `${said}; it is not asked for`);
  if (status === 401 || status === 407) {
    return wrong('register', `${said} to our credentials`, 'correct username and password in its metadata');
  }
  if (status === 403) return wrong('register', said, `the account may not register: correct username, or ask ${peer}`);
  if (status === 404 || status === 604) {
    return wrong('register', said, `${peer} does not know the account there: set from_user and from_domain`);
  }
  if (!registers) return ok('register', `${said}; it is not asked for`);
  if (status === 405 || status === 501)
    return wrong('register', said, 'it takes no registrations: set register to false');
  return wrong('register', said, status >= 500 ? `${peer} has a fault: try later` : `ask ${peer} what it expects`);
}

function addressStep(answers: readonly ProbeAnswer[], peer: string): Step {
  const answer = answers.find(({ seenAs }) => seenAs !== '') ?? answers[0]!;
  const { saidAs, seenAs } = answer;
  if (saidAs === '') return skipped('address', 'nothing was sent');
  if (seenAs === '') return skipped('address', `${peer} does not say where it saw us; we say ${saidAs}`);
  if (hostOf(seenAs) === hostOf(saidAs)) return ok('address', `${peer} sees us at ${seenAs}`);
  const advice = `start with --advertise ${hostOf(seenAs)}, so that SIP and SDP name the address that it sees`;
  return wrong('address', `${peer} sees us at ${seenAs}, and we say ${saidAs}`, advice);
}

function hostOf(address: string): string {
  return address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
}
