/* What the kernel takes for as many streams as a switch has: sends each packet back to where it came from, by recvmmsg and
 * sendmmsg in batches of 64, and lets packets gather in between. Looks at nothing and keeps nothing.
 *
 *   echo FIRST_PORT PORTS GATHER_US
 *
 * `bound` is printed when every second port from FIRST_PORT on is bound. Ends when it is ended. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 64, ROOM = 2048, PORTS_MAX = 512 };

int main(int argc, char **argv) {
  static unsigned char bytes[BATCH][ROOM];
  static struct sockaddr_in sources[BATCH];
  static struct mmsghdr messages[BATCH];
  static struct iovec vectors[BATCH];
  static int sockets[PORTS_MAX];
  if (argc != 4) return 2;
  int count = atoi(argv[2]), room = 4 << 20;
  if (count < 1 || count > PORTS_MAX) return 2;
  for (int i = 0; i < count; i++) {
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]) + 2 * i)};
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockets[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    setsockopt(sockets[i], SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (bind(sockets[i], (struct sockaddr *)&own, sizeof own) != 0) {
      perror("bind");
      return EXIT_FAILURE;
    }
  }
  puts("bound");
  fflush(stdout);
  for (;;) {
    usleep(atoi(argv[3]));
    for (int i = 0; i < count; i++) {
      for (int received = BATCH; received == BATCH;) {
        for (int n = 0; n < BATCH; n++) {
          vectors[n] = (struct iovec){bytes[n], ROOM};
          messages[n].msg_hdr = (struct msghdr){&sources[n], sizeof sources[n], &vectors[n], 1, NULL, 0, 0};
        }
        received = recvmmsg(sockets[i], messages, BATCH, MSG_DONTWAIT, NULL);
        for (int n = 0; n < received; n++) vectors[n].iov_len = messages[n].msg_len;
        if (received > 0) sendmmsg(sockets[i], messages, received, 0);
      }
    }
  }
}
