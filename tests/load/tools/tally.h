/* What became of the requests: endings, a histogram of how long they took, and a timeline. */
#ifndef TALLY_H
#define TALLY_H

#include <stdbool.h>
#include <stdint.h>

enum { SECOND_US = 1000000, STATUSES = 600 };

/* Instead of an HTTP status. */
enum { STATUS_BROKEN = 0, STATUS_TIMEOUT = 1 };

struct tally;

/* `start`: of the timeline, in µs of CLOCK_MONOTONIC. One that took longer than `slow_ms`, or
 * failed, is a slow one there. */
struct tally *tally_new(int64_t start, int seconds, int slow_ms);

void tally_add(struct tally *tally, int64_t due, int64_t took, int status);

bool tally_is_good(int status);

/* One line of JSON on standard output. */
void tally_show(const struct tally *tally, int64_t now);

#endif
