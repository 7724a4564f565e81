/* The switches of a gateway, one for each service's reads and one for its writes, shared by its
 * loops; the keeper (toggle_keeper.h) shares them with the other gateways.
 *
 *   ask → waiting → taken (upon what Redis has) → decided → told in the asker's loop
 *            └─ a second is over → decided upon what is known here → told
 *
 * A request only ever loads one atomic; all else is behind a lock that is held for moments. */
#ifndef ROLE_GATEWAY_SWITCH_TOGGLE_H
#define ROLE_GATEWAY_SWITCH_TOGGLE_H

#include "io/loop.h"
#include "role/gateway/switch/toggle_board.h"
#include "role/gateway/switch/toggle_changes.h"
#include "role/gateway/switch/toggle_wish.h"

struct toggles; /* lifetime: the process's */

/* All on. */
struct toggles *toggles_new(const struct model *model);

bool toggles_is_on(const struct toggles *toggles, const struct service *service, enum side side);

/* Who is told of every change that a switch obeys from now on, made here or at another gateway: in
 * the thread that saw it, outside the lock. To be called at start, four times at most. */
void toggles_watch(struct toggles *toggles, toggle_watch_fn *told, void *arg);

struct toggle_outcome {
    enum status status;          /* OK or PRECONDITION_FAILED */
    struct toggle_change change; /* how the switch stands */
    bool is_shared;              /* it does so in Redis too */
};
typedef void toggle_done_fn(void *arg, const struct toggle_outcome *outcome);

/* Calls `done` once, in the loop's thread, within a second. False: too many are asking already, and
 * it will not be called. */
bool toggles_ask(struct toggles *toggles, struct loop *loop, const struct toggle_wish *wish,
                 toggle_done_fn *done, void *arg) must_check;

void toggles_read(struct toggles *toggles, const struct service *service, enum side side,
                  struct toggle_change *out);

/* How a switch stands: the members "enabled", "version", "changed_at", "changed_by" and "why". */
void toggle_write_members(const struct toggle_change *change, struct buf *out);
void toggles_write_members(struct toggles *toggles, const struct service *service, enum side side,
                           struct buf *out);

/* The last changes, the newest first, as a JSON array. */
void toggles_write_log(struct toggles *toggles, size_t most, struct buf *out);

/* For the keeper's thread */

/* Waits until somebody asks, there is something to save, or `wait` is over. */
void toggles_await(struct toggles *toggles, msec_t wait);

/* Takes what others have changed, or what was kept on disk. True when a switch stands otherwise. */
bool toggles_merge(struct toggles *toggles, const struct toggle_changes *theirs,
                   enum toggle_origin origin);

/* What Redis has, and is to be given: the heads that it lacks, and lines of the log. */
struct toggle_plan {
    struct toggle_changes theirs, heads, lines;
    bool gives_all; /* the whole history, and not only where it was behind */
};

/* Takes the wishes that wait, and foresees what they come to upon what is known; and what Redis is
 * to be given for them. */
void toggles_take(struct toggles *toggles);
void toggles_plan(struct toggles *toggles, struct toggle_plan *plan);

/* What was taken is done, in Redis too or here alone; or was outrun there, and waits again. */
void toggles_conclude(struct toggles *toggles, bool is_shared);
void toggles_put_back(struct toggles *toggles);

/* Tells the askers of what is decided. */
void toggles_post(struct toggles *toggles);

/* True when there is something that a file has not: the file's text, unless `out` is NULL. */
bool toggles_save(struct toggles *toggles, struct buf *out);

#endif
