/* A crowd in one conference: sends 20 ms of PCMU for each leg, and checks what each is sent. The first leg says a tone of
 * 1 kHz at -20 dBov, all others a noise so soft that thousands of them leave room for it; every fifth leg is decoded, and
 * the tone measured second by second.
 *
 *   crowd FIRST_PORT SOCKETS WARM_UP_S SECONDS [delay | packets BYTES FILE] < LEGS
 *
 * With `delay` the sound itself tells when it was said, every 4 ms, in codes that come through decoder and encoder as they
 * are, and the kernel notes when its packet came back (SO_TIMESTAMPNS, socket(7)): what a switch adds, whenever this program
 * gets to look, and whichever sample of the packet it is now. Packets in which nothing of the kind is whole are counted as
 * heard and not as timed. Then no levels are checked.
 *
 * With `packets` each leg sends those of the file, one after the other, all of this size: protected ones, which this program
 * could not make. As many bytes are heard, and no levels are checked.
 *
 * LEGS is one line for each leg: the number of its socket, and the port of the switch on 127.0.0.1 that it talks to. The
 * sockets are bound to every second port from FIRST_PORT on; `bound` is printed when they are, `measuring` after
 * the warm-up, and one line of JSON at the end. Legs of one socket are told apart by the port that they hear from. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

enum { HEADER = 12, SAMPLES = 160, PACKET = HEADER + SAMPLES, PACKET_MAX = 256, BATCH = 64, LEGS_MAX = 8192, SOCKETS_MAX = 2048, CHECKED = 5 };
enum { SLICES = 20, ROOM = 2048, BEHIND_US_MAX = 200000, DELAY_BIN_US = 10, DELAY_BINS = 20000, NIBBLES = 16, TIME = 2 * NIBBLES, SAMPLE_NS = 125000 };

typedef struct {
  struct sockaddr_in remote;
  uint16_t sequence;
  uint32_t timestamp;
  long said, heard, lost, gap_us_max;
  int has_sequence;
  uint16_t last_sequence;
  int64_t last_us;
  double real, imaginary;
  int samples, next; /* `next`: another leg of the same socket, or -1 */
} Leg;

static Leg legs[LEGS_MAX];
static int leg_count;
static int sockets[SOCKETS_MAX], first_leg[SOCKETS_MAX];
static uint16_t *leg_of_port[SOCKETS_MAX]; /* by the switch's port: number of the leg, plus one */
static int16_t decoded[256];
static double cosine[8], sine[8];
static uint8_t tone[SAMPLES], noise[64][SAMPLES];
static double level_min = 1e9, level_max = -1e9, own_level_max = -1e9;
static long seconds_checked, bad_seconds;
static int is_measuring;
static long skipped_ms;
static int is_timed;
static uint8_t *given; /* packets made by somebody else, `packet_bytes` each */
static long given_count;
static int packet_bytes = PACKET;
static long delays[DELAY_BINS], timed;

static int64_t now_us(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec * 1000000LL + at.tv_nsec / 1000;
}

static int64_t wall_ns(void) {
  struct timespec at;
  clock_gettime(CLOCK_REALTIME, &at);
  return at.tv_sec * 1000000000LL + at.tv_nsec;
}

/* ITU-T G.711, mu-law. */
static uint8_t encode(int sample) {
  int sign = sample < 0 ? 0x80 : 0, exponent = 7;
  int magnitude = (sample < 0 ? -sample : sample) + 132;
  if (magnitude > 32767) magnitude = 32767;
  for (int mask = 0x4000; (magnitude & mask) == 0 && exponent > 0; mask >>= 1) exponent--;
  return (uint8_t) ~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0f));
}

static void prepare_sounds(void) {
  for (int code = 0; code < 256; code++) {
    int bits = ~code & 0xff, exponent = (bits >> 4) & 7;
    int magnitude = ((((bits & 0x0f) << 3) + 132) << exponent) - 132;
    decoded[code] = (int16_t)((bits & 0x80) != 0 ? -magnitude : magnitude);
  }
  for (int i = 0; i < 8; i++) {
    cosine[i] = cos(2 * M_PI * i / 8);
    sine[i] = sin(2 * M_PI * i / 8);
  }
  /* A sine of full scale has -3 dBov. */
  for (int i = 0; i < SAMPLES; i++) tone[i] = encode((int)lround(32768 * pow(10, -17.0 / 20) * sine[i % 8]));
  for (int n = 0; n < 64; n++)
    for (int i = 0; i < SAMPLES; i++) noise[n][i] = encode(rand() % 33 - 16);
}

/* Four bits a sample, soft ones, and all of them inverted behind: what was mixed, concealed or cut is no time. */
static void write_time(uint8_t *to, int64_t at) {
  for (int i = 0; i < NIBBLES; i++) {
    uint8_t nibble = (uint8_t)(at >> (4 * i)) & 15;
    to[i] = 0xe0 | nibble;
    to[NIBBLES + i] = 0xd0 | (nibble ^ 15);
  }
}

static int is_time(const uint8_t *from) {
  for (int i = 0; i < NIBBLES; i++)
    if ((from[i] & 0xf0) != 0xe0 || from[NIBBLES + i] != (0xd0 | ((from[i] & 15) ^ 15))) return 0;
  return 1;
}

/* By when the first sample of this packet was said; 0 where that cannot be told. */
static int64_t read_time(const uint8_t *payload) {
  for (int at = 0; at + TIME <= SAMPLES; at++) {
    if (!is_time(payload + at)) continue;
    uint64_t said = 0;
    for (int i = 0; i < NIBBLES; i++) said |= (uint64_t)(payload[at + i] & 15) << (4 * i);
    return (int64_t)said - at * SAMPLE_NS;
  }
  return 0;
}

static void write_packet(uint8_t *packet, Leg *leg, int number) {
  uint16_t sequence = htons(++leg->sequence);
  uint32_t timestamp = htonl(leg->timestamp += SAMPLES), ssrc = htonl(0x10000 + number);
  packet[0] = 0x80;
  packet[1] = 0;
  memcpy(packet + 2, &sequence, 2);
  memcpy(packet + 4, &timestamp, 4);
  memcpy(packet + 8, &ssrc, 4);
  memcpy(packet + HEADER, number == 0 ? tone : noise[(number * 7 + leg->sequence * 13) & 63], SAMPLES);
  int64_t at = wall_ns();
  for (int i = 0; is_timed && i < SAMPLES; i += TIME) write_time(packet + HEADER + i, at + i * SAMPLE_NS);
}

static void send_socket(int number, uint8_t packets[][PACKET_MAX], struct mmsghdr *messages, struct iovec *vectors, long *sent) {
  for (int next = first_leg[number]; next >= 0;) {
    int count = 0;
    for (; next >= 0 && count < BATCH; next = legs[next].next) {
      Leg *leg = &legs[next];
      if (given == NULL) write_packet(packets[count], leg, next);
      else memcpy(packets[count], given + (leg->said++ % given_count) * packet_bytes, packet_bytes);
      vectors[count] = (struct iovec){packets[count], packet_bytes};
      messages[count].msg_hdr = (struct msghdr){&leg->remote, sizeof leg->remote, &vectors[count], 1, NULL, 0, 0};
      count++;
    }
    for (int done = 0; done < count;) {
      int accepted = sendmmsg(sockets[number], messages + done, count - done, 0);
      if (accepted <= 0) break;
      done += accepted;
      *sent += accepted;
    }
  }
}

/* One second of a leg that is decoded is complete. */
static void judge(int number, Leg *leg) {
  double amplitude = 2 * sqrt(leg->real * leg->real + leg->imaginary * leg->imaginary) / leg->samples;
  double level = 20 * log10(amplitude / 32768 / M_SQRT2 + 1e-9);
  leg->real = leg->imaginary = 0;
  leg->samples = 0;
  if (!is_measuring) return;
  if (number == 0) {
    if (level > own_level_max) own_level_max = level;
    return;
  }
  seconds_checked++;
  if (level < level_min) level_min = level;
  if (level > level_max) level_max = level;
  if (fabs(level + 20) > 1) bad_seconds++;
}

/* From when a packet was sent to when the kernel had it for us. */
static void note_delay(const uint8_t *packet, struct msghdr *header) {
  struct cmsghdr *control = CMSG_FIRSTHDR(header);
  struct timespec came;
  int64_t sent = read_time(packet + HEADER);
  if (sent == 0 || control == NULL || control->cmsg_type != SO_TIMESTAMPNS) return;
  memcpy(&came, CMSG_DATA(control), sizeof came);
  timed++;
  int64_t bin = (came.tv_sec * 1000000000LL + came.tv_nsec - sent) / (1000 * DELAY_BIN_US);
  delays[bin < 0 ? 0 : bin < DELAY_BINS ? bin : DELAY_BINS - 1]++;
}

static double delay_ms(double share) {
  long total = 0, below = 0;
  for (int bin = 0; bin < DELAY_BINS; bin++) total += delays[bin];
  for (int bin = 0; bin < DELAY_BINS; bin++) {
    below += delays[bin];
    if (total > 0 && below >= share * total) return (bin + 1) * DELAY_BIN_US / 1e3;
  }
  return 0;
}

static void hear(int number, Leg *leg, const uint8_t *packet, int size, int64_t at) {
  uint16_t sequence;
  uint32_t timestamp;
  if (size != packet_bytes || (packet[1] & 0x7f) != 0) return;
  memcpy(&sequence, packet + 2, 2);
  memcpy(&timestamp, packet + 4, 4);
  sequence = ntohs(sequence);
  timestamp = ntohl(timestamp);
  if (is_measuring) {
    leg->heard++;
    int16_t ahead = (int16_t)(sequence - leg->last_sequence);
    if (leg->has_sequence && ahead > 1) leg->lost += ahead - 1;
    if (leg->has_sequence && at - leg->last_us > leg->gap_us_max) leg->gap_us_max = at - leg->last_us;
  }
  leg->has_sequence = 1;
  leg->last_sequence = sequence;
  leg->last_us = at;
  if (is_timed || given != NULL || number % CHECKED != 0) return;
  for (int i = 0; i < SAMPLES; i++) {
    double sample = decoded[packet[HEADER + i]];
    leg->real += sample * cosine[(timestamp + i) & 7];
    leg->imaginary += sample * sine[(timestamp + i) & 7];
  }
  leg->samples += SAMPLES;
  if (leg->samples >= 8000) judge(number, leg);
}

static void drain(int number) {
  static uint8_t bytes[BATCH][ROOM];
  static struct mmsghdr messages[BATCH];
  static struct iovec vectors[BATCH];
  static struct sockaddr_in sources[BATCH];
  static union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(struct timespec))];
  } controls[BATCH];
  for (;;) {
    for (int i = 0; i < BATCH; i++) {
      vectors[i] = (struct iovec){bytes[i], ROOM};
      messages[i].msg_hdr = (struct msghdr){&sources[i], sizeof sources[i], &vectors[i], 1, NULL, 0, 0};
      if (!is_timed) continue;
      messages[i].msg_hdr.msg_control = &controls[i];
      messages[i].msg_hdr.msg_controllen = sizeof controls[i];
    }
    int count = recvmmsg(sockets[number], messages, BATCH, MSG_DONTWAIT, NULL);
    int64_t at = now_us();
    for (int i = 0; i < count; i++) {
      int leg = leg_of_port[number][ntohs(sources[i].sin_port)];
      if (leg <= 0) continue;
      if (is_timed && is_measuring && messages[i].msg_len == PACKET) note_delay(bytes[i], &messages[i].msg_hdr);
      hear(leg - 1, &legs[leg - 1], bytes[i], (int)messages[i].msg_len, at);
    }
    if (count < BATCH) return;
  }
}

static int open_sockets(int first_port, int count) {
  int events = epoll_create1(0), bytes = 4 << 20;
  for (int i = 0; i < count; i++) {
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(first_port + 2 * i)};
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockets[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    setsockopt(sockets[i], SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    if (is_timed) setsockopt(sockets[i], SOL_SOCKET, SO_TIMESTAMPNS, &is_timed, sizeof is_timed);
    if (bind(sockets[i], (struct sockaddr *)&own, sizeof own) != 0) {
      perror("bind");
      exit(EXIT_FAILURE);
    }
    first_leg[i] = -1;
    leg_of_port[i] = calloc(65536, sizeof(uint16_t));
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
    epoll_ctl(events, EPOLL_CTL_ADD, sockets[i], &event);
  }
  return events;
}

static void read_legs(void) {
  int number, port;
  while (leg_count < LEGS_MAX && scanf("%d %d", &number, &port) == 2) {
    Leg *leg = &legs[leg_count];
    leg->next = first_leg[number];
    first_leg[number] = leg_count++;
    leg->remote = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    leg->remote.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    leg->sequence = (uint16_t)rand();
    leg_of_port[number][port] = leg_count;
  }
}

/* For a millisecond, or not at all. */
static void listen_for(int events, int ms) {
  struct epoll_event ready[SOCKETS_MAX];
  int count = epoll_wait(events, ready, SOCKETS_MAX, ms);
  for (int i = 0; i < count; i++) drain((int)ready[i].data.u32);
}

static void report(long sent, long late_us_max, double elapsed_s, double cpu_s) {
  long heard = 0, lost = 0, gap_us_max = 0, silent = 0;
  for (int i = 0; i < leg_count; i++) {
    heard += legs[i].heard;
    lost += legs[i].lost;
    if (legs[i].gap_us_max > gap_us_max) gap_us_max = legs[i].gap_us_max;
    if (legs[i].heard == 0) silent++;
  }
  printf("{\"legs\":%d,\"seconds\":%.2f,\"sentTotal\":%ld,\"heard\":%ld,\"lost\":%ld,\"silentLegs\":%ld,"
         "\"secondsChecked\":%ld,\"secondsBad\":%ld,\"levelMin\":%.2f,\"levelMax\":%.2f,\"ownLevelMax\":%.2f,"
         "\"gapMsMax\":%.1f,\"generatorLateMsMax\":%.1f,\"generatorSkippedMs\":%ld,\"generatorCpuS\":%.2f,"
         "\"timed\":%ld,\"delayMsP50\":%.2f,\"delayMsP99\":%.2f,\"delayMsMax\":%.2f}\n",
         leg_count, elapsed_s, sent, heard, lost, silent, seconds_checked, bad_seconds, level_min, level_max, own_level_max,
         gap_us_max / 1e3, late_us_max / 1e3, skipped_ms, cpu_s,
         timed, delay_ms(0.5), delay_ms(0.99), delay_ms(1));
}

static int read_packets(int bytes, const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL || bytes < HEADER || bytes > PACKET_MAX) return 0;
  fseek(file, 0, SEEK_END);
  packet_bytes = bytes;
  given_count = ftell(file) / bytes;
  given = malloc(given_count * bytes + 1);
  rewind(file);
  given_count = (long)fread(given, bytes, given_count, file);
  fclose(file);
  return given_count > 0;
}

int main(int argc, char **argv) {
  static uint8_t packets[BATCH][PACKET_MAX];
  static struct mmsghdr messages[BATCH];
  static struct iovec vectors[BATCH];
  if (argc < 5) return 2;
  is_timed = argc == 6 && strcmp(argv[5], "delay") == 0;
  if (argc == 8 ? !read_packets(atoi(argv[6]), argv[7]) : argc > 6) return 2;
  int socket_count = atoi(argv[2]);
  if (socket_count < 1 || socket_count > SOCKETS_MAX) return 2;
  double warm_up_s = atof(argv[3]), measured_s = atof(argv[4]);
  setpriority(PRIO_PROCESS, 0, -10); /* as the media threads ask for */
  prepare_sounds();
  int events = open_sockets(atoi(argv[1]), socket_count);
  puts("bound");
  fflush(stdout);
  read_legs();
  long sent = 0, late_us_max = 0;
  int64_t start = now_us(), measured_from = start + (int64_t)(warm_up_s * 1e6);
  int64_t end = measured_from + (int64_t)(measured_s * 1e6);
  /* Every millisecond a twentieth of the sockets sends. */
  for (int64_t tick = 0;; tick++) {
    int64_t due = start + tick * 1000, now = now_us();
    if (now - due > BEHIND_US_MAX) {
      skipped_ms += (now - due) / 1000;
      tick += (now - due) / 1000;
      due = start + tick * 1000;
    }
    do {
      listen_for(events, now < due ? 1 : 0);
      now = now_us();
    } while (now < due);
    if (!is_measuring && now >= measured_from) {
      is_measuring = 1;
      puts("measuring");
      fflush(stdout);
    }
    if (now >= end) break;
    if (is_measuring && now - due > late_us_max) late_us_max = now - due;
    for (int i = (int)(tick % SLICES); i < socket_count; i += SLICES) send_socket(i, packets, messages, vectors, &sent);
  }
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  double cpu_s = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  report(sent, late_us_max, (now_us() - measured_from) / 1e6, cpu_s);
  return EXIT_SUCCESS;
}
