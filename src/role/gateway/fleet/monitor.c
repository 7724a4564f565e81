#include "role/gateway/fleet/monitor.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/ident.h"
#include "base/log.h"
#include "role/gateway/fleet/check_answer.h"

enum { TURN_MS = 500, LOOK_EVERY_MS = 50, CHECKS = SIDE_COUNT * FLEET_MAX };

/* A slot's; the server in it may change. */
struct check {
    struct monitor *monitor;
    enum side side;
    int index;
    unsigned generation;    /* of the server that `peer` is */
    struct http_peer *peer; /* NULL: the slot is empty */
    bool is_under_way, has_told_role;
    msec_t began_at, due_at;
};

struct monitor {
    struct monitor_options options;
    struct loop *loop;
    struct loop_timer timer;
    struct check checks[CHECKS]; /* one side behind the other */
};

static struct fleet *fleet_of(const struct check *check)
{
    return check->monitor->options.fleets[check->side];
}

static const char *role_of(const struct check *check)
{
    return check->side == SIDE_READS ? "read" : "write";
}

/* Who is in the slot */

static bool is_current(const struct check *check)
{
    return fleet_state(fleet_of(check), check->index) != FLEET_ABSENT &&
           fleet_generation(fleet_of(check), check->index) == check->generation;
}

static void open_peer(struct check *check, msec_t now)
{
    char name[FLEET_NAME_SIZE], why[256];
    check->generation = fleet_name(fleet_of(check), check->index, name);
    check->peer = http_peer_open(check->monitor->loop, str_from(name), why, sizeof(why));
    if (check->peer == NULL) /* another one may have come meanwhile: it is looked at again */
        log_warn("gateway.bad_server", log_text("server", name), log_text("why", why));
    check->has_told_role = false;
    check->due_at = now;
}

static void follow(struct check *check, msec_t now)
{
    bool is_there = fleet_state(fleet_of(check), check->index) != FLEET_ABSENT;
    if (check->peer != NULL && !is_current(check))
        http_peer_close(&check->peer);
    if (check->peer == NULL && is_there)
        open_peer(check, now);
}

/* One check, in the order of its steps */

static msec_t spread(msec_t interval)
{
    return interval * 4 / 5 + (msec_t)(ident_random() % (uint64_t)(interval * 2 / 5 + 1));
}

/* Is what was found what is held true? */
static bool is_settled(enum fleet_state state, enum fleet_verdict verdict)
{
    static const enum fleet_state meant[] = {
        [FLEET_PASSED] = FLEET_UP,
        [FLEET_REFUSED] = FLEET_UNREADY,
        [FLEET_LEAVING] = FLEET_UNREADY,
        [FLEET_SILENT] = FLEET_DOWN,
    };
    return state == meant[verdict];
}

static void note(struct check *check, const struct check_finding *finding)
{
    struct fleet *fleet = fleet_of(check);
    const struct monitor_options *options = &check->monitor->options;
    msec_t now = clock_monotonic();
    journal_note_sign(options->journal, check->side, check->index,
                      finding->verdict == FLEET_PASSED ? JOURNAL_SIGN_GOOD : JOURNAL_SIGN_FAILED);
    fleet_note(fleet, check->index, finding->verdict, now);
    if (finding->lag_ms >= 0)
        fleet_note_lag(fleet, check->index, finding->lag_ms, now);
    if (finding->has_other_role && !check->has_told_role)
        log_warn("gateway.wrong_role", log_text("server", http_peer_name(check->peer)),
                 log_text("wanted", role_of(check)));
    check->has_told_role = finding->has_other_role;
    bool is_sure = is_settled(fleet_state(fleet, check->index), finding->verdict);
    check->due_at = check->began_at + (is_sure ? spread(options->interval) : options->timeout);
}

static void on_answer(void *arg, const struct http_outcome *outcome)
{
    struct check *check = arg;
    struct check_finding finding = check_answer_read(outcome, role_of(check));
    check->is_under_way = false;
    if (is_current(check))
        note(check, &finding);
}

static void ask(struct check *check, msec_t now)
{
    msec_t timeout = check->monitor->options.timeout;
    check->is_under_way = true;
    check->began_at = now;
    http_call(check->peer,
              &(struct http_call_options){.method = STR("GET"),
                                          .target = STR("/ping"),
                                          .connect_ms = timeout,
                                          .total_ms = timeout},
              on_answer, check);
}

/* The thread */

static void on_look(struct loop_timer *timer)
{
    struct monitor *monitor = container_of(timer, struct monitor, timer);
    msec_t now = clock_monotonic();
    for (int i = 0; i < CHECKS; i++) {
        struct check *check = &monitor->checks[i];
        if (check->is_under_way)
            continue;
        follow(check, now);
        if (check->peer != NULL && now >= check->due_at)
            ask(check, now);
    }
    loop_timer_start(monitor->loop, timer, LOOK_EVERY_MS);
}

static void *run(void *arg)
{
    struct monitor *monitor = arg;
    monitor->loop = loop_new();
    monitor->timer.fired = on_look;
    loop_timer_start(monitor->loop, &monitor->timer, LOOK_EVERY_MS);
    for (;;)
        loop_turn(monitor->loop, TURN_MS);
    return NULL;
}

void monitor_start(const struct monitor_options *options)
{
    struct monitor *monitor = mem_new(1, sizeof(*monitor));
    pthread_t thread;
    monitor->options = *options;
    for (int i = 0; i < CHECKS; i++)
        monitor->checks[i] = (struct check){.monitor = monitor,
                                            .side = i < FLEET_MAX ? SIDE_READS : SIDE_WRITES,
                                            .index = i % FLEET_MAX};
    if (pthread_create(&thread, NULL, run, monitor) != 0)
        abort();
    pthread_setname_np(thread, "monitor");
}
