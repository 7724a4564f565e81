#include "cqrs/replication/background.h"

#include <time.h>

#include "base/clock.h"
#include "base/ident.h"

enum { FIRST_REST_MS = 100, LONGEST_REST_MS = 2000 };

static void *run(void *arg)
{
    struct background *background = arg;
    while (!background_is_stopping(background)) {
        background->round(background);
        background_rest(background, backoff_wait(&background->backoff, (uint32_t)ident_random()));
    }
    return NULL;
}

void background_start(struct background *background)
{
    background->backoff = (struct backoff){.first = FIRST_REST_MS, .most = LONGEST_REST_MS};
    if (pthread_create(&background->thread, NULL, run, background) != 0)
        abort();
    pthread_setname_np(background->thread, background->name);
}

void background_stop(struct background *background)
{
    enum { LONGEST_SECONDS = 4 };
    struct timespec until;
    atomic_store(&background->is_stopping, true);
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += LONGEST_SECONDS;
    /* One that waits for a frozen peer is left behind: all it does is safe to break off. */
    pthread_clockjoin_np(background->thread, NULL, CLOCK_MONOTONIC, &until);
}

bool background_is_stopping(struct background *background)
{
    return atomic_load(&background->is_stopping);
}

void background_works(struct background *background)
{
    backoff_reset(&background->backoff);
}

void background_rest(struct background *background, msec_t wait)
{
    enum { STEP_MS = 50 };
    for (msec_t until = clock_monotonic() + wait;
         clock_monotonic() < until && !background_is_stopping(background);)
        nanosleep(&(struct timespec){.tv_nsec = STEP_MS * 1000000L}, NULL);
}
