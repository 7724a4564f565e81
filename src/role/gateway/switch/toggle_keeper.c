#include "role/gateway/switch/toggle_keeper.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/ident.h"
#include "base/log.h"
#include "role/gateway/switch/toggle_file.h"
#include "role/gateway/switch/toggle_share.h"

enum {
    LOOK_EVERY_MS = 250,
    ANSWER_MS = 400, /* of Redis: below what an asker waits */
    FIRST_REST_MS = 100,
    LONGEST_REST_MS = 500,
};

struct toggle_keeper {
    struct toggle_keeper_options options;
    struct toggle_share share;
    struct toggle_plan plan;
    struct backoff backoff;
    msec_t connect_at;
    bool has_log; /* what this connection's Redis has is merged, and it was given what we have */
    int64_t line_count; /* of the log, when it was merged last */
    struct buf unsaved;
    enum { SHARING_UNKNOWN, SHARING_YES, SHARING_NO } sharing;
    bool has_told_unreadable, has_told_unsaved;
    struct metric *is_shared;
    sem_t has_looked;
    pthread_t thread;
};

/* Redis */

static void set_sharing(struct toggle_keeper *keeper, bool is_shared)
{
    int sharing = is_shared ? SHARING_YES : SHARING_NO;
    metric_set(keeper->is_shared, is_shared);
    if (keeper->options.redis_url == NULL || (int)keeper->sharing == sharing)
        return;
    keeper->sharing = sharing;
    if (is_shared)
        log_info("gateway.toggles_shared");
    else
        log_warn("gateway.toggles_alone", log_text("why", keeper->share.why));
}

static bool connect(struct toggle_keeper *keeper)
{
    struct toggle_share *share = &keeper->share;
    if (share->redis != NULL)
        return true;
    if (keeper->options.redis_url == NULL || clock_monotonic() < keeper->connect_at)
        return false;
    keeper->has_log = false;
    share->redis = redis_conn_open_within(keeper->options.redis_url, ANSWER_MS, share->why,
                                          sizeof(share->why));
    return share->redis != NULL;
}

static void disconnect(struct toggle_keeper *keeper)
{
    if (clock_monotonic() < keeper->connect_at)
        return;
    redis_conn_close(&keeper->share.redis);
    keeper->connect_at =
        clock_monotonic() + backoff_wait(&keeper->backoff, (uint32_t)ident_random());
}

static void note_unreadable(struct toggle_keeper *keeper)
{
    size_t count = keeper->share.unreadable;
    if (count > 0 && !keeper->has_told_unreadable)
        log_warn("gateway.toggles_unreadable", log_text("where", "Redis"),
                 log_number("entries", (int64_t)count));
    keeper->has_told_unreadable = count > 0;
}

static bool merge_log(struct toggle_keeper *keeper)
{
    struct toggle_changes lines = {0};
    bool is_read = toggle_share_read_log(&keeper->share, &lines);
    toggles_merge(keeper->options.toggles, &lines, TOGGLE_ELSEWHERE);
    toggle_changes_free(&lines);
    keeper->line_count = keeper->share.line_count;
    return is_read;
}

static bool look(struct toggle_keeper *keeper)
{
    struct toggle_changes *theirs = &keeper->plan.theirs;
    toggle_changes_reset(theirs);
    if (!toggle_share_look(&keeper->share, theirs))
        return false;
    bool has_news = toggles_merge(keeper->options.toggles, theirs, TOGGLE_ELSEWHERE);
    has_news |= !keeper->has_log || keeper->share.line_count != keeper->line_count;
    return !has_news || merge_log(keeper);
}

static enum toggle_share_end store(struct toggle_keeper *keeper)
{
    struct toggle_plan *plan = &keeper->plan;
    plan->gives_all = !keeper->has_log;
    toggles_plan(keeper->options.toggles, plan);
    if (plan->heads.count == 0 && plan->lines.count == 0)
        return TOGGLE_SHARE_DONE;
    return toggle_share_store(&keeper->share, &plan->heads, &plan->lines);
}

/* False when what was asked for meanwhile has to be done here alone. */
static bool share(struct toggle_keeper *keeper)
{
    enum toggle_share_end end = TOGGLE_SHARE_OUTRUN;
    if (!connect(keeper))
        return false;
    while (end == TOGGLE_SHARE_OUTRUN) {
        end = look(keeper) ? store(keeper) : TOGGLE_SHARE_FAILED;
        if (end == TOGGLE_SHARE_OUTRUN)
            toggles_put_back(keeper->options.toggles);
    }
    toggles_conclude(keeper->options.toggles, end == TOGGLE_SHARE_DONE);
    return end == TOGGLE_SHARE_DONE;
}

static void keep_shared(struct toggle_keeper *keeper)
{
    bool is_shared = share(keeper);
    if (is_shared) {
        keeper->has_log = true;
        backoff_reset(&keeper->backoff);
        note_unreadable(keeper);
    } else {
        disconnect(keeper);
        toggles_take(keeper->options.toggles);
        toggles_conclude(keeper->options.toggles, false);
    }
    set_sharing(keeper, is_shared);
}

/* The disk */

static void load(struct toggle_keeper *keeper)
{
    struct buf text = {0};
    struct toggle_changes changes = {0};
    size_t wrong = 0;
    if (!toggle_file_read(keeper->options.folder, &text))
        log_warn("gateway.toggles_not_read", log_text("why", strerror(errno)));
    for (struct str rest = buf_str(&text); rest.len > 0;) {
        struct toggle_change change;
        if (toggle_change_parse(keeper->options.model, str_cut(&rest, '\n'), &change))
            toggle_changes_add(&changes, &change);
        else
            wrong++;
    }
    if (wrong > 0)
        log_warn("gateway.toggles_unreadable", log_text("where", "STATE_DIR"),
                 log_number("entries", (int64_t)wrong));
    toggles_merge(keeper->options.toggles, &changes, TOGGLE_DISK);
    toggle_changes_free(&changes);
    buf_free(&text);
}

/* What could not be written stays, to be tried again. */
static void save(struct toggle_keeper *keeper)
{
    const char *folder = keeper->options.folder;
    struct buf text = {0};
    if (toggles_save(keeper->options.toggles, folder != NULL ? &text : NULL) && folder != NULL) {
        buf_free(&keeper->unsaved);
        keeper->unsaved = text;
    }
    if (keeper->unsaved.len == 0)
        return;
    bool is_saved = toggle_file_write(folder, buf_str(&keeper->unsaved));
    if (is_saved)
        buf_free(&keeper->unsaved);
    else if (!keeper->has_told_unsaved)
        log_warn("gateway.toggles_not_saved", log_text("why", strerror(errno)));
    keeper->has_told_unsaved = !is_saved;
}

/* The thread */

/* Not in step with the others. */
static msec_t rest(void)
{
    return LOOK_EVERY_MS - (msec_t)(ident_random() % (LOOK_EVERY_MS / 5));
}

static void turn(struct toggle_keeper *keeper)
{
    keep_shared(keeper);
    save(keeper);
    toggles_post(keeper->options.toggles);
}

static void *keep(void *arg)
{
    struct toggle_keeper *keeper = arg;
    turn(keeper);
    sem_post(&keeper->has_looked);
    for (;;) {
        toggles_await(keeper->options.toggles, rest());
        turn(keeper);
    }
    return NULL;
}

static void await_first_look(struct toggle_keeper *keeper)
{
    enum { LONGEST_SECONDS = 1 };
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += LONGEST_SECONDS;
    while (sem_clockwait(&keeper->has_looked, CLOCK_MONOTONIC, &until) != 0 && errno == EINTR) {
    }
}

struct toggle_keeper *toggle_keeper_start(const struct toggle_keeper_options *options)
{
    struct toggle_keeper *keeper = mem_new(1, sizeof(*keeper));
    keeper->options = *options;
    keeper->share.model = options->model;
    keeper->backoff = (struct backoff){.first = FIRST_REST_MS, .most = LONGEST_REST_MS};
    keeper->is_shared =
        metric_get(options->metrics, METRIC_KIND_GAUGE, "mamparo_gateway_toggles_shared",
                   "1 while the switches are shared with the other gateways by Redis", "");
    sem_init(&keeper->has_looked, 0, 0);
    if (options->folder != NULL)
        load(keeper);
    if (pthread_create(&keeper->thread, NULL, keep, keeper) != 0)
        abort();
    pthread_setname_np(keeper->thread, "toggles");
    await_first_look(keeper);
    return keeper;
}
