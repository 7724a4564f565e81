#include "cqrs/write/write_desk.h"

#include "base/clock.h"

enum {
    PATIENCE_MS = 2000, /* with other servers that are faster, again and again */
    BUCKETS = 256,
};

/* Lifetime: the desk's, a loop's. */
struct write_desk {
    struct write_store *store;
    struct record_store *records;
    /* Errands that change a record which may exist, one for each record, by its id. */
    struct list busy[BUCKETS];
    struct key_claims *claims;
};

/* Lifetime: a command's. */
struct errand {
    struct list link;    /* in the desk's busy list, or in another errand's waiting */
    struct list waiting; /* those for the same record that came later */
    struct key_claim claim;
    bool is_replayed;
    bool has_looked_again; /* for its key, after a refusal that another may have caused */
    struct write_desk *desk;
    struct command command;
    struct change change;
    struct problem problem;
    msec_t give_up_at;
    struct loop_defer refusal; /* of a creation: it must not come from inside the call */
    write_desk_done_fn *done;
    void *arg;
};

/* The last byte of an id is random; chosen ids that are not only make a list longer. */
static struct list *busy_with(struct write_desk *desk, const struct command *command)
{
    return &desk->busy[command->id.bytes[sizeof(command->id.bytes) - 1] % BUCKETS];
}

static void find_record(struct errand *errand);

static void begin(struct errand *errand)
{
    errand->give_up_at = clock_monotonic() + PATIENCE_MS;
    find_record(errand);
}

/* The next for the same record takes the place of the one that leaves. */
static void leave(struct errand *errand)
{
    struct list *next = list_take_first(&errand->waiting);
    list_remove(&errand->link);
    if (next == NULL)
        return;
    struct errand *heir = container_of(next, struct errand, link);
    list_move_all(&heir->waiting, &errand->waiting);
    list_append(busy_with(errand->desk, &errand->command), &heir->link);
    begin(heir);
}

static void finish(struct errand *errand)
{
    bool is_refused = problem_is_set(&errand->problem);
    leave(errand);
    key_claim_drop(&errand->claim);
    errand->done(errand->arg, &(struct write_answer){.problem = &errand->problem,
                                                     .change = is_refused ? NULL : &errand->change,
                                                     .is_replayed = errand->is_replayed});
    change_free(&errand->change);
    command_free(&errand->command);
    problem_free(&errand->problem);
    free(errand);
}

/* Does the client not care which version he changes? */
static bool may_look_again(const struct errand *errand)
{
    return errand->command.version == 0 && !errand->change.is_new;
}

static void find_key(struct errand *errand);

/* What another one of the same key may have caused, by being faster at another server. */
static bool may_be_its_own_doing(enum status status)
{
    return status == STATUS_IN_PROGRESS || status == STATUS_NOT_FOUND ||
           status == STATUS_PRECONDITION_FAILED || status == STATUS_CONFLICT;
}

static void settle(struct errand *errand)
{
    bool has_key = errand->command.key.len > 0;
    if (!has_key || errand->has_looked_again || !may_be_its_own_doing(errand->problem.status)) {
        finish(errand);
        return;
    }
    errand->has_looked_again = true;
    find_key(errand);
}

static void on_committed(void *arg, enum status status, const char *field)
{
    struct errand *errand = arg;
    if (status == STATUS_PRECONDITION_FAILED && may_look_again(errand)) {
        if (clock_monotonic() < errand->give_up_at) {
            change_free(&errand->change);
            find_record(errand);
            return;
        }
        status = STATUS_QUEUE_TIMEOUT;
    }
    if (status == STATUS_CONFLICT && field == write_store_key)
        status = STATUS_IN_PROGRESS; /* unless its outcome is there already: settle looks */
    if (status == STATUS_CONFLICT && field != NULL)
        write_store_refuse_taken(&errand->problem, field);
    else if (status == STATUS_PRECONDITION_FAILED && errand->change.is_new)
        problem_set(&errand->problem, status, "a record with this id exists already");
    else if (status != STATUS_OK)
        problem_set(&errand->problem, status, "%s", status_info(status)->sentence);
    settle(errand);
}

/* False when the command is refused, with the problem set. */
static bool plan(struct errand *errand, const struct command_record *record)
{
    if (!command_plan(&errand->command, record, clock_wall_ms(), &errand->change, &errand->problem))
        return false;
    write_store_commit(errand->desk->store, &errand->change, &errand->command, on_committed,
                       errand);
    buf_free(&errand->change.data); /* the answer does not need it */
    return true;
}

static void on_found(void *arg, enum status status, const struct command_record *record)
{
    struct errand *errand = arg;
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        problem_set(&errand->problem, status, "%s", status_info(status)->sentence);
    if (problem_is_set(&errand->problem) || !plan(errand, record))
        settle(errand);
}

static void find_record(struct errand *errand)
{
    record_store_find(errand->desk->records, errand->command.collection, &errand->command.id,
                      on_found, errand);
}

static struct errand *find_busy(struct write_desk *desk, const struct command *command)
{
    list_each (link, busy_with(desk, command)) {
        struct errand *other = container_of(link, struct errand, link);
        if (other->command.collection == command->collection &&
            memcmp(&other->command.id, &command->id, sizeof(command->id)) == 0)
            return other;
    }
    return NULL;
}

static void take_turn(struct errand *errand)
{
    struct errand *busy = find_busy(errand->desk, &errand->command);
    if (busy != NULL) {
        list_append(&busy->waiting, &errand->link);
        return;
    }
    list_append(busy_with(errand->desk, &errand->command), &errand->link);
    begin(errand);
}

static void on_refused(struct loop_defer *defer)
{
    finish(container_of(defer, struct errand, refusal));
}

/* It must not come from inside the call. */
static void refuse_later(struct errand *errand)
{
    loop_defer(write_store_loop(errand->desk->store), &errand->refusal);
}

static void go(struct errand *errand)
{
    if (errand->command.kind != COMMAND_CREATE) {
        take_turn(errand);
        return;
    }
    if (!plan(errand, NULL))
        refuse_later(errand);
    /* It is planned once: what is free at once serves the next command while it is in the cache. */
    command_free_body(&errand->command);
}

/* Keys */

static void replay(struct errand *errand, struct change *first)
{
    problem_free(&errand->problem);
    change_free(&errand->change);
    errand->change = *first;
    errand->is_replayed = true;
    *first = (struct change){0};
}

static void on_key(void *arg, enum status status, struct change *first)
{
    struct errand *errand = arg;
    bool is_first_look = !errand->has_looked_again;
    if (status == STATUS_NOT_FOUND && is_first_look) {
        go(errand);
        return;
    }
    if (status == STATUS_OK) {
        replay(errand, first);
    } else if (status != STATUS_NOT_FOUND) {
        problem_free(&errand->problem);
        problem_set(&errand->problem, status, "%s", status_info(status)->sentence);
    }
    finish(errand);
}

static void find_key(struct errand *errand)
{
    write_store_find_key(errand->desk->store, &errand->command, on_key, errand);
}

static void take_key(struct errand *errand)
{
    if (key_claims_take(errand->desk->claims, &errand->claim, errand->command.key)) {
        find_key(errand);
        return;
    }
    problem_set(&errand->problem, STATUS_IN_PROGRESS, "%s",
                status_info(STATUS_IN_PROGRESS)->sentence);
    refuse_later(errand);
}

struct write_desk *write_desk_new(struct write_store *store, struct record_store *records,
                                  struct key_claims *claims)
{
    struct write_desk *desk = mem_new(1, sizeof(*desk));
    desk->store = store;
    desk->records = records;
    desk->claims = claims;
    for (size_t i = 0; i < BUCKETS; i++)
        list_init(&desk->busy[i]);
    return desk;
}

void write_desk_take(struct write_desk *desk, struct command *command, write_desk_done_fn *done,
                     void *arg)
{
    struct errand *errand = mem_room(sizeof(*errand));
    *errand = (struct errand){.desk = desk,
                              .command = *command,
                              .refusal = {.run = on_refused},
                              .done = done,
                              .arg = arg};
    *command = (struct command){0};
    list_init(&errand->link);
    list_init(&errand->waiting);
    key_claim_init(&errand->claim);
    if (errand->command.key.len > 0)
        take_key(errand);
    else
        go(errand);
}
