import { createSocket, type Socket } from 'node:dgram';
import { closeSync, writeSync } from 'node:fs';

const ONE = new Uint8Array(new BigUint64Array([1n]).buffer);

/**
 * Makes the `wait` of another thread's packet I/O return, by its wake handle: an eventfd to write to, or, negative, the
 * loopback UDP port to send to. The handle is closed here, so it can be woken by while and after that I/O is closed.
 */
export class Waker {
  readonly #handle: number;
  readonly #socket: Socket | undefined;

  constructor(handle: number) {
    this.#handle = handle;
    if (handle >= 0) return;
    this.#socket = createSocket('udp4');
    this.#socket.on('error', ignore).unref();
  }

  wake(): void {
    if (this.#socket === undefined) writeSync(this.#handle, ONE);
    else this.#socket.send(ONE, -this.#handle, '127.0.0.1', ignore);
  }

  close(): void {
    if (this.#socket === undefined) closeSync(this.#handle);
    else this.#socket.close();
  }
}

/** A wake-up that cannot be sent: the other thread is gone or about to look by itself. */
function ignore(): void {}
