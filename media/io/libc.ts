import type { Koffi, NativeFunction } from './native.ts';

/** The calls of libc that batched UDP needs. Pointers are addresses as numbers (below 2^47 in user space). */
export interface Libc {
  readonly socket: NativeFunction;
  readonly bind: NativeFunction;
  readonly getsockname: NativeFunction;
  readonly setsockopt: NativeFunction;
  readonly close: NativeFunction;
  readonly read: NativeFunction;
  readonly usleep: NativeFunction;
  readonly clockGettime: NativeFunction;
  readonly eventfd: NativeFunction;
  readonly epollCreate: NativeFunction;
  readonly epollControl: NativeFunction;
  readonly epollWait: NativeFunction;
  readonly receiveMessages: NativeFunction;
  readonly sendMessages: NativeFunction;
  readonly errno: () => number;
}

/** Binds the functions of the C library that this process runs on. Throws when one is missing. */
export function bindLibc(koffi: Koffi): Libc {
  const library = koffi.load(null);
  const int = 'int';
  const pointer = 'uintptr_t';
  const unsigned = 'uint32_t';
  return {
    socket: library.func('socket', int, [int, int, int]),
    bind: library.func('bind', int, [int, pointer, unsigned]),
    getsockname: library.func('getsockname', int, [int, pointer, pointer]),
    setsockopt: library.func('setsockopt', int, [int, int, int, pointer, unsigned]),
    close: library.func('close', int, [int]),
    read: library.func('read', 'int64_t', [int, pointer, 'size_t']),
    usleep: library.func('usleep', int, [unsigned]),
    clockGettime: library.func('clock_gettime', int, [int, pointer]),
    eventfd: library.func('eventfd', int, [unsigned, int]),
    epollCreate: library.func('epoll_create1', int, [int]),
    epollControl: library.func('epoll_ctl', int, [int, int, int, pointer]),
    epollWait: library.func('epoll_wait', int, [int, pointer, int, int]),
    receiveMessages: library.func('recvmmsg', int, [int, pointer, unsigned, int, pointer]),
    sendMessages: library.func('sendmmsg', int, [int, pointer, unsigned, int]),
    errno: koffi.errno,
  };
}
