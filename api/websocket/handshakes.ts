import type { FastifyInstance } from 'fastify';
import type { Refusal } from '../../core/command.ts';
import { sendRefusal } from '../problem.ts';

const NOT_UPGRADED: Refusal = {
  code: 'INVALID_ARGUMENT',
  message: 'this is a WebSocket: expected Upgrade: websocket, got none',
  field: 'Upgrade',
  expected: 'websocket',
  got: '',
};

const PLACES = {
  '/ws': 'Events by WebSocket; with the subprotocol tandem.events.v1 numbered and resumable',
  '/service_agents/ws': 'Events by WebSocket, for agents',
  '/calls/:id/media_stream':
    'The sound of a live call, both ways: encapsulation rtp, sln, audiosocket, twilio, or l16 with a rate of 8000 to 48000',
  '/conferences/:id/media_stream': 'The sound of a conference, both ways, as of a call',
  '/calls/:id/script':
    'A program takes over the flow of a live call, by WebSocket with the subprotocol tandem.script.v1',
};

/** Where WebSockets are opened, for documents and for who asks without an upgrade. */
export function handshakes(app: FastifyInstance): void {
  for (const [url, summary] of Object.entries(PLACES)) {
    app.get(url, { schema: { summary } }, async (_request, reply) => sendRefusal(reply, NOT_UPGRADED));
  }
}
