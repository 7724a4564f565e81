/* What was wrong, for the one who asked: a status, a sentence, and every mistake found in a body
 * or a query, each with its place. Rendered as application/problem+json (RFC 9457). */
#ifndef BASE_PROBLEM_H
#define BASE_PROBLEM_H

#include "base/buf.h"
#include "base/status.h"

enum { PROBLEM_DETAIL_SIZE = 320, PROBLEM_MISTAKES_MAX = 32 };

/* Lifetime: a request's. Zeroed, it says nothing is wrong; free it once. */
struct problem {
    enum status status;
    int64_t retry_after; /* seconds; 0: as the status has it */
    char detail[PROBLEM_DETAIL_SIZE];
    struct buf mistakes; /* a JSON array's items: {"pointer","detail"} or {"parameter","detail"} */
    unsigned mistake_count;
};

/* Sets the status and its sentence; the first call wins. */
void problem_set(struct problem *problem, enum status status, const char *format, ...)
    printf_like(3, 4);

/* One more mistake; `place` is a JSON pointer for a body, a name for a query parameter. The
 * status, where none was set, becomes INVALID for a body and BAD_REQUEST for a query. Beyond
 * PROBLEM_MISTAKES_MAX they are only counted. */
void problem_at_pointer(struct problem *problem, struct str place, const char *format, ...)
    printf_like(3, 4);
void problem_at_parameter(struct problem *problem, struct str place, const char *format, ...)
    printf_like(3, 4);

bool problem_is_set(const struct problem *problem);

/* Appends the members of a problem document, without the braces, so that a caller may put members
 * of its own beside them. */
void problem_write_members(const struct problem *problem, struct buf *out);

void problem_free(struct problem *problem);

#endif
