/* What the kernel alone takes to carry one RTP packet over loopback: 64 datagrams of 172 bytes sent by one sendmmsg and
 * received by one recvmmsg, again and again. Prints microseconds of CPU for one packet sent and received. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 64, PACKET_BYTES = 172, ROUNDS = 3000 };

static struct mmsghdr out[BATCH], in[BATCH];
static struct iovec out_vectors[BATCH], in_vectors[BATCH];
static char out_bytes[BATCH][2112], in_bytes[BATCH][2112];
static struct sockaddr_in self, sources[BATCH];

static double cpu_seconds(void) {
  struct timespec spent;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return spent.tv_sec + spent.tv_nsec / 1e9;
}

int main(void) {
  socklen_t length = sizeof self;
  int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  self.sin_family = AF_INET;
  self.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(descriptor, (struct sockaddr *)&self, length) != 0) return EXIT_FAILURE;
  getsockname(descriptor, (struct sockaddr *)&self, &length);
  for (int i = 0; i < BATCH; i++) {
    out_vectors[i] = (struct iovec){out_bytes[i], PACKET_BYTES};
    out[i].msg_hdr = (struct msghdr){&self, sizeof self, &out_vectors[i], 1, NULL, 0, 0};
    in_vectors[i] = (struct iovec){in_bytes[i], 2048};
    in[i].msg_hdr = (struct msghdr){&sources[i], sizeof sources[i], &in_vectors[i], 1, NULL, 0, 0};
  }
  long received = 0;
  double start = cpu_seconds();
  for (int round = 0; round < ROUNDS; round++) {
    sendmmsg(descriptor, out, BATCH, 0);
    int count = recvmmsg(descriptor, in, BATCH, 0, NULL);
    if (count > 0) received += count;
  }
  printf("%.3f\n", (cpu_seconds() - start) * 1e6 / received);
  return EXIT_SUCCESS;
}
