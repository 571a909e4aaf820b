/**
 * How Linux lays out the structures that cross the border to libc, for 64-bit little-endian machines, in bytes. The
 * table is believed only after `checkBatchUdp` has sent packets through it.
 */
export interface NativeLayout {
  /** struct mmsghdr { struct msghdr msg_hdr; unsigned int msg_len; } */
  readonly message: {
    readonly sizeBytes: number;
    readonly name: number;
    readonly nameLength: number;
    readonly vector: number;
    readonly vectorCount: number;
    readonly flags: number;
    readonly length: number;
  };
  /** struct iovec { void *iov_base; size_t iov_len; } */
  readonly vector: { readonly sizeBytes: number; readonly base: number; readonly length: number };
  /** struct epoll_event { uint32_t events; epoll_data_t data; }, packed on x86 only. */
  readonly event: { readonly sizeBytes: number; readonly events: number; readonly value: number };
}

const message = { sizeBytes: 64, name: 0, nameLength: 8, vector: 16, vectorCount: 24, flags: 48, length: 56 };
const vector = { sizeBytes: 16, base: 0, length: 8 };

const LAYOUTS: Readonly<Record<string, NativeLayout>> = {
  'linux x64': { message, vector, event: { sizeBytes: 12, events: 0, value: 4 } },
  'linux arm64': { message, vector, event: { sizeBytes: 16, events: 0, value: 8 } },
};

/** The layout of this system, or undefined when it is not in the table. */
export function nativeLayout(platform: string, architecture: string): NativeLayout | undefined {
  return LAYOUTS[`${platform} ${architecture}`];
}

/** Numbers of Linux, the same on x64 and arm64. */
export const LINUX = {
  CLOCK_MONOTONIC: 1,
  AF_INET: 2,
  AF_INET6: 10,
  SOCK_DGRAM: 2,
  SOCK_NONBLOCK: 0o4000,
  SOCK_CLOEXEC: 0o2000000,
  SOL_SOCKET: 1,
  SO_SNDBUF: 7,
  SO_RCVBUF: 8,
  IPPROTO_IP: 0,
  IP_TOS: 1,
  IPPROTO_IPV6: 41,
  IPV6_V6ONLY: 26,
  IPV6_TCLASS: 67,
  EPOLLIN: 1,
  EPOLL_CTL_ADD: 1,
  MSG_TRUNC: 0x20,
  MSG_DONTWAIT: 0x40,
  EINTR: 4,
  EAGAIN: 11,
  ENOBUFS: 105,
  ECONNREFUSED: 111,
} as const;
