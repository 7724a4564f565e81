/* The two clocks, and wall time as people write it (RFC 3339, UTC, milliseconds). */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/str.h"

/* Spans and deadlines are taken on this one: it never jumps. */
msec_t clock_monotonic(void);

/* The same clock, for spans too short to count in milliseconds. */
int64_t clock_monotonic_us(void);

/* Milliseconds since 1970 UTC: only for what people and other machines read. */
int64_t clock_wall_ms(void);

/* Nanoseconds since 1970 UTC, for identifiers that must sort by time of birth. */
int64_t clock_wall_ns(void);

enum { CLOCK_TEXT_SIZE = 32 };

/* "2026-11-21T08:15:30.250Z" with its NUL into `out`; years 0000 to 9999. */
void clock_format(int64_t wall_ms, char out[CLOCK_TEXT_SIZE]);

/* RFC 3339 with 'T' and 'Z' or an offset, at most milliseconds kept; false when it is not that. */
bool clock_parse(struct str text, int64_t *wall_ms_out) must_check;

/* "2026-11-21" as days since 1970; false when it is no day of the calendar. */
bool clock_parse_date(struct str text, int32_t *days_out) must_check;

void clock_format_date(int32_t days, char out[CLOCK_TEXT_SIZE]);

#endif
