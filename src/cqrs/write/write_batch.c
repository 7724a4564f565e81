#include "cqrs/write/write_batch.h"

#include "base/clock.h"

enum { PATIENCE_MS = 2000 }; /* with others that are faster, again and again */

/* Lifetime: a batch's. */
struct errand {
    const struct batch_desk *desk;
    struct batch batch;
    struct key_claim claim;
    struct buf outcomes;
    size_t refused_before;      /* the values were looked at */
    const struct field *unique; /* that is being looked at for values which are taken */
    bool has_looked_again;      /* for its key, after a refusal that another may have caused */
    msec_t give_up_at;
    struct loop_defer later; /* an answer must not come from inside the call */
    enum status early;       /* what it will be */
    write_batch_done_fn *done;
    void *arg;
};

static void find(struct errand *errand);
static void find_key(struct errand *errand);

static void finish(struct errand *errand, const struct batch_answer *answer)
{
    key_claim_drop(&errand->claim);
    errand->done(errand->arg, answer);
    batch_free(&errand->batch);
    buf_free(&errand->outcomes);
    free(errand);
}

static void fail(struct errand *errand, enum status status)
{
    finish(errand, &(struct batch_answer){.status = status});
}

/* Outcomes */

static void write_refusal(const struct problem *problem, struct buf *out)
{
    buf_printf(out, "{\"status\":%d,\"problem\":{", status_info(problem->status)->http);
    problem_write_members(problem, out);
    buf_append_text(out, "}}");
}

static void write_change(const struct change *change, struct buf *out)
{
    char id[UUID_TEXT_SIZE];
    uuid_format(&change->id, id);
    buf_printf(out, "{\"status\":%d,\"id\":\"%s\",\"etag\":\"\\\"%lld\\\"\"}",
               change->is_new ? 201 : 200, id, (long long)change->version);
}

/* `status` is what became of those that were not refused. */
static void write_outcomes(struct errand *errand, enum status status)
{
    struct problem undone = {0};
    struct buf *out = &errand->outcomes;
    if (status != STATUS_OK)
        problem_set(&undone, status, "%s", status_info(status)->sentence);
    buf_reset(out);
    buf_append_text(out, "{\"outcomes\":[");
    for (size_t i = 0; i < errand->batch.count; i++) {
        const struct batch_item *item = &errand->batch.items[i];
        if (i > 0)
            buf_append_char(out, ',');
        if (problem_is_set(&item->problem))
            write_refusal(&item->problem, out);
        else if (status != STATUS_OK)
            write_refusal(&undone, out);
        else
            write_change(&item->change, out);
    }
    buf_append_text(out, "]}");
    problem_free(&undone);
}

static const struct batch_item *first_refused(const struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        if (problem_is_set(&batch->items[i].problem))
            return &batch->items[i];
    return NULL;
}

static bool is_any_left(const struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        if (!problem_is_set(&batch->items[i].problem))
            return true;
    return false;
}

/* Nothing was stored: of an atomic batch that is the outcome, of any other each member has its
 * own. */
static void refuse_all(struct errand *errand)
{
    const struct batch_item *refused = first_refused(&errand->batch);
    write_outcomes(errand, STATUS_ROLLED_BACK);
    finish(errand, &(struct batch_answer){
                       .status = errand->batch.is_atomic ? refused->problem.status : STATUS_OK,
                       .outcomes = buf_str(&errand->outcomes)});
}

/* Unique values */

static void commit(struct errand *errand);
static void look_for_taken(struct errand *errand);

static bool holds_same(const struct batch_item *a, const struct batch_item *b,
                       const struct field *field)
{
    struct buf one = {0}, other = {0};
    bool is_same = write_store_unique_value(a->body, field, &one) &&
                   write_store_unique_value(b->body, field, &other) &&
                   strcmp(one.ptr, other.ptr) == 0;
    buf_free(&one);
    buf_free(&other);
    return is_same;
}

static const struct field *shared_value(const struct batch *batch, size_t a, size_t b)
{
    const struct field *field = NULL;
    while ((field = write_store_unique_field(batch->shared.collection, field)) != NULL)
        if (holds_same(&batch->items[a], &batch->items[b], field))
            return field;
    return NULL;
}

/* Of members that want the same value the first has it. */
static void refuse_second_wishes(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        for (size_t before = 0; before < i && !problem_is_set(&batch->items[i].problem); before++) {
            const struct field *field = problem_is_set(&batch->items[before].problem)
                                            ? NULL
                                            : shared_value(batch, before, i);
            if (field != NULL)
                write_store_refuse_taken(&batch->items[i].problem, field->name);
        }
}

static size_t count_refused(const struct batch *batch)
{
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++)
        count += problem_is_set(&batch->items[i].problem);
    return count;
}

static void on_taken_found(void *arg, enum status status, const char *field)
{
    struct errand *errand = arg;
    (void)field;
    if (status != STATUS_OK) {
        fail(errand, status);
        return;
    }
    errand->unique = write_store_unique_field(errand->batch.shared.collection, errand->unique);
    look_for_taken(errand);
}

/* Stored records come first, field by field; only then the members among themselves, since one
 * that is refused takes nothing from another. */
static void look_for_taken(struct errand *errand)
{
    if (errand->unique != NULL) {
        batch_store_find_taken(&errand->desk->means, &errand->batch, errand->unique, on_taken_found,
                               errand);
        return;
    }
    if (count_refused(&errand->batch) == errand->refused_before)
        refuse_second_wishes(&errand->batch);
    commit(errand);
}

/* Committing */

static void on_committed(void *arg, enum status status, const char *field)
{
    struct errand *errand = arg;
    bool is_key = status == STATUS_CONFLICT && field == write_store_key;
    bool is_lost =
        status == STATUS_PRECONDITION_FAILED || (status == STATUS_CONFLICT && field != NULL);
    if (status == STATUS_OK) {
        finish(errand, &(struct batch_answer){.outcomes = buf_str(&errand->outcomes)});
    } else if (!is_lost) {
        fail(errand, status);
    } else if (clock_monotonic() >= errand->give_up_at) {
        fail(errand, STATUS_QUEUE_TIMEOUT);
    } else if (is_key) {
        find_key(errand);
    } else if (status == STATUS_PRECONDITION_FAILED) {
        find(errand);
    } else {
        errand->refused_before = count_refused(&errand->batch);
        errand->unique = write_store_unique_field(errand->batch.shared.collection, NULL);
        look_for_taken(errand);
    }
}

static void commit(struct errand *errand)
{
    bool is_refused = first_refused(&errand->batch) != NULL;
    if (is_refused && errand->batch.shared.key.len > 0 && !errand->has_looked_again) {
        /* Another of the same key may have been faster, at another server. */
        errand->has_looked_again = true;
        find_key(errand);
        return;
    }
    if (!is_any_left(&errand->batch) || (errand->batch.is_atomic && is_refused)) {
        refuse_all(errand);
        return;
    }
    write_outcomes(errand, STATUS_OK);
    batch_store_commit(&errand->desk->means, &errand->batch, buf_str(&errand->outcomes),
                       on_committed, errand);
}

/* Planning */

static void plan(struct batch_item *item)
{
    const struct command_record *record = item->is_found ? &item->record : NULL;
    bool is_unique = write_store_unique_field(item->command.collection, NULL) != NULL;
    char mistake[JSON_MISTAKE_SIZE];
    change_free(&item->change);
    item->change = (struct change){0};
    if (item->body != NULL)
        json_free(&item->body);
    if (command_plan(&item->command, record, clock_wall_ms(), &item->change, &item->problem) &&
        is_unique)
        item->body = json_parse(buf_str(&item->change.body), mistake);
}

static void on_found(void *arg, enum status status, const char *field)
{
    struct errand *errand = arg;
    (void)field;
    if (status != STATUS_OK) {
        fail(errand, status);
        return;
    }
    for (size_t i = 0; i < errand->batch.count; i++)
        if (!problem_is_set(&errand->batch.items[i].problem))
            plan(&errand->batch.items[i]);
    commit(errand);
}

static void find(struct errand *errand)
{
    batch_store_find(&errand->desk->means, &errand->batch, on_found, errand);
}

/* Its key */

static void on_key(void *arg, enum status status, struct change *first)
{
    struct errand *errand = arg;
    if (status == STATUS_NOT_FOUND && errand->has_looked_again)
        commit(errand);
    else if (status == STATUS_NOT_FOUND)
        find(errand);
    else if (status == STATUS_OK)
        finish(errand,
               &(struct batch_answer){.outcomes = buf_str(&first->body), .is_replayed = true});
    else
        fail(errand, status);
}

static void find_key(struct errand *errand)
{
    write_store_find_key(errand->desk->store, &errand->batch.shared, on_key, errand);
}

static void on_later(struct loop_defer *defer)
{
    struct errand *errand = container_of(defer, struct errand, later);
    fail(errand, errand->early);
}

/* One statement changes a row once, and could not tell which of two was meant. */
static void refuse_twins(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct batch_item *item = &batch->items[i];
        for (size_t before = 0; item->command.kind == COMMAND_PATCH && before < i; before++) {
            const struct batch_item *other = &batch->items[before];
            if (other->command.kind == COMMAND_PATCH &&
                memcmp(&other->command.id, &item->command.id, sizeof(struct uuid)) == 0)
                problem_at_pointer(&item->problem, STR("/id"), "stands in this batch before");
        }
    }
}

void write_batch_take(const struct batch_desk *desk, struct batch *batch, write_batch_done_fn *done,
                      void *arg)
{
    struct errand *errand = mem_new(1, sizeof(*errand));
    *errand = (struct errand){.desk = desk,
                              .batch = *batch,
                              .give_up_at = clock_monotonic() + PATIENCE_MS,
                              .later = {.run = on_later},
                              .early = STATUS_IN_PROGRESS,
                              .done = done,
                              .arg = arg};
    *batch = (struct batch){0};
    struct str key = errand->batch.shared.key;
    key_claim_init(&errand->claim);
    refuse_twins(&errand->batch);
    if (key.len == 0)
        find(errand);
    else if (key_claims_take(desk->claims, &errand->claim, key))
        find_key(errand);
    else
        loop_defer(write_store_loop(desk->store), &errand->later);
}
