import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { Fault, type FaultCode } from '../core/kernel/fault.ts';
import { uuid } from '../core/kernel/ids.ts';
import { secure } from '../core/kernel/random.ts';
import { Authenticator } from './authentication.ts';
import type { Backend } from './backend.ts';
import { openCors } from './cors.ts';
import { docs } from './docs/page.ts';
import { describeApi } from './openapi.ts';
import { SHAPES } from './presentation/shapes.ts';
import { requireCustomer, requireOperator } from './principal.ts';
import { refusalOf, sendInternal, sendRefusal } from './problem.ts';
import { isReferenceOperation, REFERENCE_AUTH_OPERATIONS } from './reference-operations.ts';
import { accesskeys } from './resources/accesskeys.ts';
import { activeflows } from './resources/activeflows.ts';
import { bans } from './resources/bans.ts';
import { calls } from './resources/calls.ts';
import { conferencecalls } from './resources/conferencecalls.ts';
import { conferences } from './resources/conferences.ts';
import { extensions } from './resources/extensions.ts';
import { flows } from './resources/flows.ts';
import { bare, login } from './resources/login.ts';
import { me } from './resources/me.ts';
import { metrics } from './resources/metrics.ts';
import { numbers } from './resources/numbers.ts';
import { operator } from './resources/operator.ts';
import { outboundConfigs } from './resources/outbound-configs.ts';
import { providers } from './resources/providers.ts';
import { recordingDownloads, recordingfiles } from './resources/recordingfiles.ts';
import { recordings } from './resources/recordings.ts';
import { routes } from './resources/routes.ts';
import { transfers } from './resources/transfers.ts';
import { trunks } from './resources/trunks.ts';
import { Tokens } from './token.ts';
import { handshakes } from './websocket/handshakes.ts';
import type { WebSockets } from './websocket/web-sockets.ts';

const BODY_BYTES_MAX = 1024 * 1024;
/** A client that does not finish its request in this time is cut off. */
const REQUEST_TIMEOUT_MS = 30_000;
/** What a client may take to finish its request, and to take its answer, once the server closes. */
const CLOSE_GRACE_MS = 2_000;

/** The HTTP side of a Tandem, bound and answering. */
export class ApiServer {
  /** Where it listens; the port is the real one when 0 was asked for. */
  readonly host: string;
  readonly port: number;
  readonly #app: FastifyInstance;

  private constructor(app: FastifyInstance, host: string, port: number) {
    this.#app = app;
    this.host = host;
    this.port = port;
  }

  /** Binds. Throws `PORT_IN_USE` or `ADDRESS_UNAVAILABLE` with host and port. `host` is without brackets. */
  static async listen(
    backend: Backend,
    at: { readonly host: string; readonly port: number },
    webSockets?: WebSockets,
  ): Promise<ApiServer> {
    const app = createServer(backend);
    webSockets?.attach(app.server);
    app.addHook('preClose', async () => webSockets?.close());
    try {
      await app.listen({ host: at.host, port: at.port });
    } catch (error) {
      await app.close();
      throw bindFault(error, at);
    }
    const bound = app.server.address();
    const port = bound !== null && typeof bound === 'object' ? bound.port : at.port;
    return new ApiServer(app, at.host, port);
  }

  /** Answers what has begun, cuts idle connections and traces, takes no more. After 2 s every connection is cut. */
  async close(): Promise<void> {
    const grace = AbortSignal.timeout(CLOSE_GRACE_MS);
    grace.onabort = () => this.#app.server.closeAllConnections();
    await this.#app.close();
    grace.onabort = null;
  }
}

/** All routes over a backend, without a socket. */
export function createServer(backend: Backend): FastifyInstance {
  const random = secure();
  const tokens = new Tokens(backend.tokenSecret);
  const authenticator = new Authenticator(backend, tokens);
  const app = Fastify({
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    genReqId: () => uuid(random),
    routerOptions: { maxParamLength: 256 },
    ajv: {
      customOptions: {
        coerceTypes: false,
        removeAdditional: false,
        allErrors: true,
        verbose: true,
        keywords: ['x-reason'],
      },
    },
    frameworkErrors: (error, request, reply) => void answerError(backend, error, request, reply),
  });
  // What answers look like is told, not enforced: they are made of known records, and cutting would cost time.
  app.setSerializerCompiler(() => JSON.stringify);
  for (const shape of SHAPES) app.addSchema(shape);
  readJsonOnly(app);
  openCors(app);
  endConnectionsWhenClosing(app);
  app.setErrorHandler<FastifyError>((error, request, reply) => answerError(backend, error, request, reply));
  app.setNotFoundHandler((request, reply) => answerUnrouted(request, reply, authenticator));

  describeApi(app);
  // Routes are registered after the plugin that describes them, which sees none that were there before it.
  app.register(async (root) => {
    rootRoutes(root, backend, authenticator, tokens);
    root.register(async (v1) => customerRoutes(v1, backend, authenticator), { prefix: '/v1.0' });
    root.register(async (v1) => operatorRoutes(v1, backend, authenticator), { prefix: '/v1.0' });
    root.register(async (v1) => recordingDownloads(v1, backend), { prefix: '/v1.0' });
  });
  return app;
}

function rootRoutes(app: FastifyInstance, backend: Backend, authenticator: Authenticator, tokens: Tokens): void {
  app.get('/ping', { schema: { summary: 'Whether it answers', security: [] } }, async () => ({ message: 'pong' }));
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  docs(app);
  metrics(app, backend, authenticator);
  login(app, backend, tokens);
  for (const [url, methods] of Object.entries(REFERENCE_AUTH_OPERATIONS)) {
    const handler = async (_request: FastifyRequest, reply: FastifyReply) => bare(reply, 501);
    app.route({ method: methods.split(' '), url, schema: { hide: true }, handler });
  }
}

function operatorRoutes(app: FastifyInstance, backend: Backend, authenticator: Authenticator): void {
  requireOperator(app, authenticator);
  operator(app, backend);
}

const RESOURCES = [
  bans,
  handshakes,
  me,
  accesskeys,
  extensions,
  trunks,
  providers,
  routes,
  outboundConfigs,
  numbers,
  flows,
  activeflows,
  calls,
  transfers,
  conferences,
  conferencecalls,
  recordings,
  recordingfiles,
];

function customerRoutes(app: FastifyInstance, backend: Backend, authenticator: Authenticator): void {
  requireCustomer(app, authenticator);
  for (const resource of RESOURCES) resource(app, backend);
}

function notBuilt(method: string, url: string): { code: FaultCode; message: string } {
  return { code: 'NOT_IMPLEMENTED', message: `${method} ${url} is not built yet` };
}

/** What is no route of ours: an operation of the reference that is not built yet, told to who is known, or nothing. */
function answerUnrouted(request: FastifyRequest, reply: FastifyReply, authenticator: Authenticator): FastifyReply {
  const path = request.url.split('?', 1)[0]!;
  const isKnown = path.startsWith('/v1.0/') && isReferenceOperation(request.method, path.slice('/v1.0'.length));
  if (!isKnown) return sendRefusal(reply, noRoute(request.method, path));
  const outcome = authenticator.authenticate(request);
  return sendRefusal(reply, outcome.kind === 'refused' ? outcome.refusal : notBuilt(request.method, path));
}

function noRoute(method: string, path: string): { code: FaultCode; message: string } {
  return { code: 'ROUTE_NOT_FOUND', message: `no route ${method} ${path}` };
}

/** Once the server closes, an answer is the last on its connection: kept alive, that would hold up the end. */
function endConnectionsWhenClosing(app: FastifyInstance): void {
  let isClosing = false;
  app.addHook('preClose', async () => {
    isClosing = true;
  });
  app.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('connection', 'close');
  });
}

/** Every body is read as JSON, whatever its content type says; no body is an empty object. */
function readJsonOnly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addHook('preValidation', async (request) => {
    request.body ??= {};
  });
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, text, done) => {
    if (text === '') return done(null, {});
    try {
      const body: unknown = JSON.parse(String(text));
      if (typeof body === 'object' && body !== null && !Array.isArray(body)) return done(null, body);
      done(invalidJson('the body is JSON, but no object'));
    } catch (error) {
      done(invalidJson(`the body is no JSON: ${(error as Error).message}`));
    }
  });
}

function invalidJson(message: string): FastifyError {
  return Object.assign(new Error(message), {
    code: 'FST_ERR_CTP_INVALID_JSON_BODY',
    statusCode: 400,
    name: 'FastifyError',
  });
}

function answerError(
  backend: Backend,
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const known = refusalOf(error);
  if (request.url.startsWith('/auth/')) {
    if (known === undefined) backend.report(error, request.id);
    return bare(reply, known === undefined ? 500 : 400);
  }
  if (known !== undefined) return sendRefusal(reply, known.refusal, known.details);
  backend.report(error, request.id);
  return sendInternal(request, reply);
}

function bindFault(error: unknown, at: { readonly host: string; readonly port: number }): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  const where = `${at.host.includes(':') ? `[${at.host}]` : at.host}:${at.port}`;
  const context = { host: at.host, port: at.port };
  const cannot = `HTTP cannot listen on ${where}`;
  if (code === 'EADDRINUSE') {
    const why = 'expected a free port, got one that another program uses';
    return new Fault('PORT_IN_USE', `${cannot}: ${why}`, context, error);
  }
  const why = WHY_UNAVAILABLE[code ?? ''];
  return why === undefined ? error : new Fault('ADDRESS_UNAVAILABLE', `${cannot}: ${why}`, context, error);
}

const WHY_UNAVAILABLE: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: 'expected an address of this machine, got another',
  EACCES: 'expected a port that this user may use, got one that it may not',
  ENOTFOUND: 'expected a name of this machine, got one that nobody knows',
  EAI_AGAIN: 'expected a name of this machine, got one that cannot be looked up now',
};
