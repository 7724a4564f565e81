/* One loop's end of the line before a compartment. The line itself is the process's
 * (guard/admission.h): who came first is first, by whichever loop.
 *
 *   line_enter → ADMISSION_GRANTED ──────→ … → line_release
 *              → ADMISSION_WAITS → turned(OK) → … → line_release
 *                                → turned(QUEUE_TIMEOUT or CANCELLED), who holds nothing
 *              → ADMISSION_FULL, who holds nothing
 *
 * Waiting is a call (io/call.h): it ends exactly once, at the end of a turn, for the same asker;
 * CANCELLED is told when the client has left. */
#ifndef ROLE_GATEWAY_COMPARTMENT_LINE_H
#define ROLE_GATEWAY_COMPARTMENT_LINE_H

#include "guard/admission.h"
#include "io/call.h"

/* Lifetime: a loop's. */
struct line {
    struct loop *loop;
    struct admission *admission;
    struct admission_door door;
    msec_t patience; /* how long one waits */
};

/* Lifetime: a request's, zeroed but for `turned`. */
struct line_place {
    struct call call;
    struct line *line;
    struct admission_place place;
    void (*turned)(struct line_place *place, enum status status);
};

/* The line stays where it is from now on. */
void line_init(struct line *line, struct loop *loop, struct admission *admission, msec_t patience);

/* In the loop's thread, as everything here. Where he waits, the place is left alone until
 * `turned`, which may free it. */
enum admission_answer line_enter(struct line *line, struct line_place *place) must_check;

/* Stops waiting, before `turned`, which then does not come: the place may be freed. */
void line_quit(struct line_place *place);

/* The permit of ADMISSION_GRANTED or turned(OK) back: exactly once. */
void line_release(struct line *line);

#endif
