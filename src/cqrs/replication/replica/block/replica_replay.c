#include "cqrs/replication/replica/block/replica_replay.h"

#include "base/clock.h"
#include "base/log.h"
#include "cqrs/sql_array.h"

enum { LONGEST_MS = 200 };

/* A letter that is due; the entry is owned. */
struct due {
    struct position position;
    struct redis_reply *entry;
};

/* What the session lends is gone at its next statement. */
static struct due *copy_rows(const struct pg_rows *rows)
{
    struct due *due = mem_new(pg_rows_count(rows), sizeof(*due));
    struct buf bytes = {0};
    for (size_t i = 0; i < pg_rows_count(rows); i++) {
        due[i].position.commit = (uint64_t)pg_rows_number(rows, i, 0);
        due[i].position.index = (uint64_t)pg_rows_number(rows, i, 1);
        if (sql_bytes_parse(pg_rows_text(rows, i, 2), &bytes))
            due[i].entry = redis_reply_parse(buf_str(&bytes));
    }
    buf_free(&bytes);
    return due;
}

static bool try_one(const struct due *due, const struct dead_letters *letters,
                    const struct service *service, const struct replica_means *means)
{
    struct replica_block block;
    char position[POSITION_TEXT_SIZE];
    enum replica_verdict verdict = replica_block_replay(&block, service, due->entry, means);
    if (verdict == REPLICA_FAILED)
        return false;
    bool is_applied = verdict == REPLICA_APPLIED;
    position_format(due->position, position);
    log_info("replica.dead_letter_tried", log_text("service", service->name),
             log_text("position", position), log_text("why", is_applied ? "" : block.why));
    return dead_letters_settle(letters, means->session, due->position,
                               is_applied ? NULL : block.why);
}

bool replica_replay(struct dead_letters *letters, const struct service *service,
                    const struct replica_means *means)
{
    msec_t until = clock_monotonic() + LONGEST_MS;
    bool is_fine = true;
    for (size_t count = 1; is_fine && count > 0 && clock_monotonic() < until;) {
        struct pg_outcome outcome;
        if (!dead_letters_find_due(letters, means->session, &outcome))
            return false;
        count = pg_rows_count(outcome.rows);
        struct due *due = copy_rows(outcome.rows);
        for (size_t i = 0; i < count; i++) {
            is_fine = is_fine && try_one(&due[i], letters, service, means);
            redis_reply_free(&due[i].entry);
        }
        free(due);
    }
    return is_fine && dead_letters_load(letters, means->session);
}
