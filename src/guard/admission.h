/* A compartment's door, for the whole process: so many are in flight, so many more wait for their
 * turn, in the order they came, whichever loops they came by; all else is refused at once.
 *
 *   enter → GRANTED → leave
 *         → WAITS → (somebody left) → called → leave
 *                 → quit
 *         → FULL
 *
 * While nobody waits, entering and leaving are one atomic step each; a lock is taken only for the
 * line. Every permit is returned exactly once. Any thread; nothing here blocks or calls back. */
#ifndef GUARD_ADMISSION_H
#define GUARD_ADMISSION_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/list.h"

/* Lifetime: the process's, or a test's. */
struct admission {
    _Atomic uint64_t load; /* in flight, and above those bits who waits */
    atomic_uint limit, queue;
    pthread_mutex_t lock; /* of what follows, of every place in it, and of `called` at the doors */
    struct list line;     /* of struct admission_place */
};

/* Where one loop's waiters hear that it is their turn. Lifetime: the loop's. */
struct admission_door {
    struct list called; /* of struct admission_place: each has a permit already */
};

/* Lifetime: whoever waits. */
struct admission_place {
    struct list link;
    struct admission_door *door;
    bool is_called;
};

enum admission_answer { ADMISSION_GRANTED, ADMISSION_WAITS, ADMISSION_FULL };

void admission_init(struct admission *admission, unsigned limit, unsigned queue);

/* May be done at any time. Whoever is inside stays; a higher limit calls in those who wait as the
 * next one leaves. At least 1 may always be in flight. */
void admission_set(struct admission *admission, unsigned limit, unsigned queue);

void admission_door_init(struct admission_door *door);

/* `place` is where it waits, which is then the line's until it was taken at the door or has quit.
 * NULL: it does not wait. */
enum admission_answer admission_enter(struct admission *admission, struct admission_place *place,
                                      struct admission_door *door) must_check;

/* A permit back. */
void admission_leave(struct admission *admission);

/* To be repeated after each admission_leave until it is NULL: calls the first in line where there
 * is room for it. The door where that is now to be taken. */
struct admission_door *admission_call(struct admission *admission) must_check;

/* The next that was called to this door, in flight from now on; NULL: no other. */
struct admission_place *admission_take(struct admission *admission,
                                       struct admission_door *door) must_check;

/* Out of the line, before it was taken. True: it had been called meanwhile, and its permit is the
 * caller's. */
bool admission_quit(struct admission *admission, struct admission_place *place) must_check;

unsigned admission_in_flight(const struct admission *admission);
unsigned admission_waiting(const struct admission *admission);

#endif
