/* Loaded before SIPp, which takes its times from a clock of 4 ms: they are whole microseconds then. */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *time) {
  return (int)syscall(SYS_clock_gettime, clock == CLOCK_MONOTONIC_COARSE ? CLOCK_MONOTONIC : clock, time);
}
