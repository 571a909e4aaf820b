import { parentPort } from 'node:worker_threads';
import { assert } from '../core/kernel/assert.ts';
import { systemClock } from '../core/kernel/clock.ts';
import { Driver } from '../core/kernel/driver.ts';
import { AudioFiles } from './audio-files.ts';
import type { OpusLibrary } from './codec/opus.ts';
import { Mpg123 } from './io/mp3-library.ts';
import { openOpus } from './io/opus-library.ts';
import type { ToFiles } from './protocol.ts';

/** Decoded audio kept for playing again: an hour. */
const CACHE_BYTES = 64 * 1024 * 1024;
const FILE_BYTES_MAX = 256 * 1024 * 1024;

/** The thread that reads and writes audio files: a driver around `AudioFiles`. A message `close` ends it in order. */
/** Most processes play nothing that is compressed, so that it is opened for the first file. */
function onceOpened(): () => OpusLibrary | undefined {
  let opened: { readonly library: OpusLibrary | undefined } | undefined;
  return () => {
    opened ??= { library: openOpus() };
    return opened.library;
  };
}

function run(): void {
  const port = parentPort;
  assert(port !== null, 'runs as a worker');
  const files = new AudioFiles({
    cacheBytes: CACHE_BYTES,
    fileBytesMax: FILE_BYTES_MAX,
    libraries: { opus: onceOpened(), mp3: new Mpg123() },
  });
  const deliver = () => {
    for (let message = files.poll(); message !== undefined; message = files.poll()) port.postMessage(message);
  };
  const driver = new Driver(
    systemClock,
    (now) => {
      files.expire(now);
      deliver();
    },
    () => files.deadline(),
  );
  port.on('message', (message: ToFiles | { readonly kind: 'close' }) => {
    if (message.kind === 'close') {
      files.close(systemClock.now());
      deliver();
      driver.stop();
      port.close();
      return;
    }
    files.receive(message, systemClock.now());
    driver.wake();
  });
}

run();
