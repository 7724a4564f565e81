#include "cqrs/write_desk.h"

#include "base/clock.h"

/* Lifetime: a command's. */
struct errand {
    struct write_store *store;
    struct command command;
    struct change change;
    struct problem problem;
    unsigned attempts;
    struct loop_defer refusal; /* of a creation: it must not come from inside the call */
    write_desk_done_fn *done;
    void *arg;
};

static void find_record(struct errand *errand);

static void finish(struct errand *errand)
{
    bool is_refused = problem_is_set(&errand->problem);
    errand->done(errand->arg,
                 &(struct write_answer){.problem = &errand->problem,
                                        .change = is_refused ? NULL : &errand->change});
    change_free(&errand->change);
    command_free(&errand->command);
    problem_free(&errand->problem);
    free(errand);
}

static void on_committed(void *arg, enum status status, const char *field)
{
    enum { ATTEMPTS_MAX = 10 };
    struct errand *errand = arg;
    bool may_repeat = errand->command.version == 0 && !errand->change.is_new;
    if (status == STATUS_PRECONDITION_FAILED && may_repeat && ++errand->attempts < ATTEMPTS_MAX) {
        change_free(&errand->change);
        find_record(errand);
        return;
    }
    if (status == STATUS_CONFLICT && field != NULL)
        problem_set(&errand->problem, status, "another record has the same %s", field);
    else if (status == STATUS_PRECONDITION_FAILED && errand->change.is_new)
        problem_set(&errand->problem, status, "a record with this id exists already");
    else if (status != STATUS_OK)
        problem_set(&errand->problem, status, "%s", status_info(status)->sentence);
    finish(errand);
}

/* False when the command is refused, with the problem set. */
static bool plan(struct errand *errand, const struct command_record *record)
{
    if (!command_plan(&errand->command, record, clock_wall_ms(), &errand->change, &errand->problem))
        return false;
    write_store_commit(errand->store, &errand->change, &errand->command.origin, on_committed,
                       errand);
    return true;
}

static void on_found(void *arg, enum status status, const struct command_record *record)
{
    struct errand *errand = arg;
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        problem_set(&errand->problem, status, "%s", status_info(status)->sentence);
    if (problem_is_set(&errand->problem) || !plan(errand, record))
        finish(errand);
}

static void find_record(struct errand *errand)
{
    write_store_find(errand->store, errand->command.collection, &errand->command.id, on_found,
                     errand);
}

static void on_refused(struct loop_defer *defer)
{
    finish(container_of(defer, struct errand, refusal));
}

void write_desk_take(struct write_store *store, struct command *command, write_desk_done_fn *done,
                     void *arg)
{
    struct errand *errand = mem_new(1, sizeof(*errand));
    *errand = (struct errand){.store = store, .command = *command, .done = done, .arg = arg};
    *command = (struct command){0};
    errand->refusal.run = on_refused;
    if (errand->command.kind != COMMAND_CREATE)
        find_record(errand);
    else if (!plan(errand, NULL))
        loop_defer(write_store_loop(store), &errand->refusal);
}
