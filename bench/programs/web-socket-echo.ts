/** A program outside of Tandem that says what it hears: every message comes back as it is. Prints its port, and ends when it is killed. */
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
server.on('connection', (socket) => {
  socket.on('message', (bytes, isBinary) => socket.send(bytes, { binary: isBinary }));
});
server.on('listening', () => {
  process.stdout.write(`listening ${(server.address() as AddressInfo).port}\n`);
});
