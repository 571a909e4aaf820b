/**
 * A phone by SIP.js over WebSocket, without media: registers, calls, hangs up after a while, then answers whoever calls.
 * Arguments: URL of the server, user, password, whom to call. Says what happens, a line each.
 */
import { Inviter, Registerer, RegistererState, SessionState, UserAgent } from 'sip.js';

const HOLD_MS = 1_000;
const [server, user, password, callee] = process.argv.slice(2);
const say = (text) => process.stdout.write(`${text}\n`);

/** Offers and answers plain RTP instead of what a browser would. */
class PlainDescription {
  #port = 42_000 + Math.floor(Math.random() * 500) * 2;

  getDescription() {
    const lines = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0'];
    const body = [...lines, `m=audio ${this.#port} RTP/AVP 0`, 'a=rtpmap:0 PCMU/8000', ''].join('\r\n');
    return Promise.resolve({ body, contentType: 'application/sdp' });
  }

  hasDescription(contentType) {
    return contentType === 'application/sdp';
  }

  setDescription() {
    return Promise.resolve();
  }

  rollbackDescription() {
    return Promise.resolve();
  }

  holdModifier(description) {
    return Promise.resolve(description);
  }

  sendDtmf() {
    return false;
  }

  close() {}
}

function follow(session) {
  session.stateChange.addListener((state) => say(`call ${state}`));
}

const domain = new URL(server).hostname;
const agent = new UserAgent({
  uri: UserAgent.makeURI(`sip:${user}@${domain}`),
  authorizationUsername: user,
  authorizationPassword: password,
  transportOptions: { server },
  sessionDescriptionHandlerFactory: () => new PlainDescription(),
  logBuiltinEnabled: false,
  delegate: {
    onInvite: (invitation) => {
      say('call from elsewhere');
      follow(invitation);
      invitation.accept();
    },
    onDisconnect: () => say('disconnected'),
  },
});

await agent.start();
const registerer = new Registerer(agent);
registerer.stateChange.addListener((state) =>
  say(state === RegistererState.Registered ? 'registered' : `not: ${state}`),
);
await registerer.register();
while (registerer.state !== RegistererState.Registered) await new Promise((resolve) => setTimeout(resolve, 20));

const inviter = new Inviter(agent, UserAgent.makeURI(`sip:${callee}@${domain}`));
follow(inviter);
inviter.stateChange.addListener((state) => {
  if (state === SessionState.Established) setTimeout(() => inviter.bye(), HOLD_MS);
});
await inviter.invite();
