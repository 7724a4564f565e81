#include "role/gateway/switch/toggle.h"

#include <pthread.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"

enum { ASK_MS = 1000, JOBS_MAX = 1024 };

/* A wish on its way. Lifetime: until its asker was told and the keeper is through with it. */
struct job {
    struct list link;
    struct toggles *toggles;
    struct toggle_wish wish;
    enum {
        JOB_WAITING,
        JOB_TAKEN,   /* the outcome is what it will be, unless another gateway is faster */
        JOB_DECIDED, /* the outcome is that */
    } state;
    struct toggle_outcome outcome;
    bool is_told;
    struct loop *loop;
    struct loop_timer timer;
    toggle_done_fn *done;
    void *arg;
};

struct toggles {
    struct toggle_board board;
    struct toggle_watches watches;
    pthread_mutex_t lock;
    pthread_cond_t is_wanted;
    struct toggle_change *planned; /* the heads, with what is taken */
    struct list waiting, taken, decided;
    size_t job_count;
};

struct toggles *toggles_new(const struct model *model)
{
    struct toggles *toggles = mem_new(1, sizeof(*toggles));
    pthread_condattr_t attributes;
    toggle_board_init(&toggles->board, model);
    toggles->planned = mem_new(toggles->board.book.switch_count, sizeof(*toggles->planned));
    list_init(&toggles->waiting);
    list_init(&toggles->taken);
    list_init(&toggles->decided);
    pthread_mutex_init(&toggles->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&toggles->is_wanted, &attributes);
    return toggles;
}

bool toggles_is_on(const struct toggles *toggles, const struct service *service, enum side side)
{
    return toggle_board_is_on(&toggles->board, service, side);
}

void toggles_watch(struct toggles *toggles, toggle_watch_fn *told, void *arg)
{
    struct toggle_watches *watches = &toggles->watches;
    assert(watches->count < countof(watches->items));
    pthread_mutex_lock(&toggles->lock);
    watches->items[watches->count].told = told;
    watches->items[watches->count++].arg = arg;
    pthread_mutex_unlock(&toggles->lock);
}

/* Ends what the lock guards. */
static void unlock_and_tell(struct toggles *toggles)
{
    struct list news;
    list_init(&news);
    list_move_all(&news, &toggles->board.news);
    struct toggle_watches watches = toggles->watches;
    if (toggles->board.is_unsaved)
        pthread_cond_signal(&toggles->is_wanted);
    pthread_mutex_unlock(&toggles->lock);
    toggle_news_tell(&news, &watches);
}

/* Under the lock, as all that follows until the asking: upon these heads it would come to this. */
static void foresee(struct job *job, const struct toggle_change *heads)
{
    const struct toggle_wish *wish = &job->wish;
    size_t place = toggle_place(job->toggles->board.book.model, wish->service, wish->side);
    job->outcome.status =
        toggle_wish_decide(wish, &heads[place], clock_wall_ms(), &job->outcome.change);
}

static bool is_change(const struct toggle_outcome *outcome)
{
    return outcome->status == STATUS_OK && outcome->change.version > 0;
}

/* From now on it is so here, whatever becomes of it elsewhere. */
static void decide(struct job *job, bool is_shared)
{
    job->state = JOB_DECIDED;
    job->outcome.is_shared = is_shared;
    if (is_change(&job->outcome))
        toggle_board_take(&job->toggles->board, &job->outcome.change, TOGGLE_HERE);
}

/* Asking */

static void free_job(struct job *job)
{
    pthread_mutex_lock(&job->toggles->lock);
    job->toggles->job_count--;
    pthread_mutex_unlock(&job->toggles->lock);
    free(job);
}

/* The keeper is held up. What it has taken may be in Redis by now, so it is that which holds. */
static void on_late(struct loop_timer *timer)
{
    struct job *job = container_of(timer, struct job, timer);
    struct toggles *toggles = job->toggles;
    pthread_mutex_lock(&toggles->lock);
    bool is_ours = job->state == JOB_WAITING;
    if (is_ours) {
        list_remove(&job->link);
        foresee(job, toggles->board.book.heads);
    }
    if (job->state != JOB_DECIDED)
        decide(job, false);
    unlock_and_tell(toggles);
    job->is_told = true;
    job->done(job->arg, &job->outcome);
    if (is_ours)
        free_job(job);
}

static void on_decided(void *arg)
{
    struct job *job = arg;
    loop_timer_stop(&job->timer);
    if (!job->is_told)
        job->done(job->arg, &job->outcome);
    free_job(job);
}

/* False when there are enough. */
static bool admit(struct toggles *toggles, struct job *job)
{
    pthread_mutex_lock(&toggles->lock);
    bool is_admitted = toggles->job_count < JOBS_MAX;
    if (is_admitted) {
        toggles->job_count++;
        list_append(&toggles->waiting, &job->link);
        pthread_cond_signal(&toggles->is_wanted);
    }
    pthread_mutex_unlock(&toggles->lock);
    return is_admitted;
}

bool toggles_ask(struct toggles *toggles, struct loop *loop, const struct toggle_wish *wish,
                 toggle_done_fn *done, void *arg)
{
    struct job *job = mem_new(1, sizeof(*job));
    *job = (struct job){.toggles = toggles,
                        .wish = *wish,
                        .loop = loop,
                        .timer.fired = on_late,
                        .done = done,
                        .arg = arg};
    if (!admit(toggles, job)) {
        free(job);
        return false;
    }
    /* What is decided meanwhile is told by a message to this very thread: it comes later. */
    loop_timer_start(loop, &job->timer, ASK_MS);
    return true;
}

/* Showing */

void toggles_read(struct toggles *toggles, const struct service *service, enum side side,
                  struct toggle_change *out)
{
    const struct toggle_book *book = &toggles->board.book;
    pthread_mutex_lock(&toggles->lock);
    *out = book->heads[toggle_place(book->model, service, side)];
    pthread_mutex_unlock(&toggles->lock);
}

void toggle_write_members(const struct toggle_change *change, struct buf *out)
{
    char at[CLOCK_TEXT_SIZE];
    buf_printf(out, "\"enabled\":%s,\"version\":%lld,", change->is_on ? "true" : "false",
               (long long)change->version);
    if (change->version == 0) {
        buf_append_text(out, "\"changed_at\":null,\"changed_by\":null,\"why\":null");
        return;
    }
    clock_format(change->at, at);
    buf_printf(out, "\"changed_at\":\"%s\",\"changed_by\":", at);
    json_write_string(str_from(change->by), out);
    buf_append_text(out, ",\"why\":");
    json_write_string(str_from(change->why), out);
}

void toggles_write_members(struct toggles *toggles, const struct service *service, enum side side,
                           struct buf *out)
{
    struct toggle_change change;
    toggles_read(toggles, service, side, &change);
    toggle_write_members(&change, out);
}

void toggles_write_log(struct toggles *toggles, size_t most, struct buf *out)
{
    const struct toggle_book *book = &toggles->board.book;
    buf_append_char(out, '[');
    pthread_mutex_lock(&toggles->lock);
    size_t last = book->history_count > most ? book->history_count - most : 0;
    for (size_t i = book->history_count; i > last; i--) {
        toggle_change_write(book->history[i - 1], out);
        buf_append_text(out, i > last + 1 ? "," : "");
    }
    pthread_mutex_unlock(&toggles->lock);
    buf_append_char(out, ']');
}

/* For the keeper's thread */

void toggles_await(struct toggles *toggles, msec_t wait)
{
    msec_t until = clock_monotonic() + wait;
    struct timespec deadline = {.tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000};
    int end = 0;
    pthread_mutex_lock(&toggles->lock);
    while (end == 0 && list_is_empty(&toggles->waiting) && !toggles->board.is_unsaved)
        end = pthread_cond_timedwait(&toggles->is_wanted, &toggles->lock, &deadline);
    pthread_mutex_unlock(&toggles->lock);
}

bool toggles_merge(struct toggles *toggles, const struct toggle_changes *theirs,
                   enum toggle_origin origin)
{
    bool is_news = false;
    pthread_mutex_lock(&toggles->lock);
    for (size_t i = 0; i < theirs->count; i++)
        is_news |= toggle_board_take(&toggles->board, &theirs->items[i], origin);
    unlock_and_tell(toggles);
    return is_news;
}

/* Under the lock. Their changes are added to `lines`, unless that is NULL. */
static void take_jobs(struct toggles *toggles, struct toggle_changes *lines)
{
    const struct toggle_book *book = &toggles->board.book;
    memcpy(toggles->planned, book->heads, book->switch_count * sizeof(*book->heads));
    for (struct list *link; (link = list_take_first(&toggles->waiting)) != NULL;) {
        struct job *job = container_of(link, struct job, link);
        const struct toggle_change *change = &job->outcome.change;
        list_append(&toggles->taken, &job->link);
        job->state = JOB_TAKEN;
        foresee(job, toggles->planned);
        if (!is_change(&job->outcome))
            continue;
        toggles->planned[toggle_place(book->model, change->service, change->side)] = *change;
        if (lines != NULL)
            toggle_changes_add(lines, change);
    }
}

void toggles_take(struct toggles *toggles)
{
    pthread_mutex_lock(&toggles->lock);
    take_jobs(toggles, NULL);
    pthread_mutex_unlock(&toggles->lock);
}

void toggles_plan(struct toggles *toggles, struct toggle_plan *plan)
{
    const struct toggle_book *book = &toggles->board.book;
    size_t count = book->switch_count;
    toggle_changes_reset(&plan->heads);
    toggle_changes_reset(&plan->lines);
    pthread_mutex_lock(&toggles->lock);
    toggle_changes_add_lacking(&plan->heads, book->heads, count, &plan->theirs);
    if (plan->gives_all || plan->heads.count > 0)
        toggle_changes_add_history(&plan->lines, book);
    take_jobs(toggles, &plan->lines);
    toggle_changes_reset(&plan->heads);
    toggle_changes_add_lacking(&plan->heads, toggles->planned, count, &plan->theirs);
    pthread_mutex_unlock(&toggles->lock);
}

void toggles_conclude(struct toggles *toggles, bool is_shared)
{
    pthread_mutex_lock(&toggles->lock);
    for (struct list *link; (link = list_take_first(&toggles->taken)) != NULL;) {
        struct job *job = container_of(link, struct job, link);
        if (job->state == JOB_TAKEN)
            decide(job, is_shared);
        list_append(&toggles->decided, &job->link);
    }
    unlock_and_tell(toggles);
}

void toggles_put_back(struct toggles *toggles)
{
    struct list again;
    list_init(&again);
    pthread_mutex_lock(&toggles->lock);
    for (struct list *link; (link = list_take_first(&toggles->taken)) != NULL;) {
        struct job *job = container_of(link, struct job, link);
        bool is_late = job->state == JOB_DECIDED; /* its asker could not wait */
        list_append(is_late ? &toggles->decided : &again, &job->link);
        if (!is_late)
            job->state = JOB_WAITING;
    }
    list_move_all(&again, &toggles->waiting);
    list_move_all(&toggles->waiting, &again);
    pthread_mutex_unlock(&toggles->lock);
}

void toggles_post(struct toggles *toggles)
{
    struct list all;
    list_init(&all);
    pthread_mutex_lock(&toggles->lock);
    list_move_all(&all, &toggles->decided);
    pthread_mutex_unlock(&toggles->lock);
    for (struct list *link; (link = list_take_first(&all)) != NULL;) {
        struct job *job = container_of(link, struct job, link);
        loop_post(job->loop, on_decided, job);
    }
}

bool toggles_save(struct toggles *toggles, struct buf *out)
{
    struct toggle_board *board = &toggles->board;
    pthread_mutex_lock(&toggles->lock);
    bool is_wanted = board->is_unsaved;
    board->is_unsaved = false;
    if (is_wanted && out != NULL)
        toggle_book_write(&board->book, out);
    pthread_mutex_unlock(&toggles->lock);
    return is_wanted;
}
