#include "cqrs/replication/replica/replica_block.h"

#include <stdio.h>

#include "base/clock.h"
#include "cqrs/replication/replica/replica_history.h"
#include "cqrs/replication/replica/replica_rows.h"

static enum replica_verdict say(struct replica_block *block, enum replica_verdict verdict,
                                const struct event_entry *entry, const char *why)
{
    char position[POSITION_TEXT_SIZE];
    position_format(entry->position, position);
    snprintf(block->why, sizeof(block->why), "entry %s: %s", position, why);
    return verdict;
}

static size_t index_of(const struct service *service, struct str collection)
{
    size_t i = 0;
    while (i < service->collection_count &&
           !str_equal(str_from(service->collections[i]->name), collection))
        i++;
    return i;
}

struct json *replica_block_read(const struct replica_means *means, const struct event *event,
                                const char **why)
{
    const struct avro_codec *codec = writer_schemas_find(means->schemas, event, why);
    if (codec == NULL)
        return NULL;
    *why = "its data is not of the schema that it names";
    return avro_decode(codec, event->data);
}

/* What a block comes to. */
struct harvest {
    struct replica_rows *rows; /* by the collection's place in the service */
    struct replica_history history;
};

static enum replica_verdict take_entry(struct replica_block *block, struct replica_cursor *next,
                                       const struct event_entry *entry, struct harvest *harvest,
                                       const struct replica_means *means)
{
    const struct service *service = next->service;
    size_t at = index_of(service, entry->event.collection);
    const char *why;
    if (!str_equal(entry->epoch, str_from(next->epoch)))
        return say(block, REPLICA_OTHER_EPOCH, entry, "it is of another epoch");
    if (position_compare(entry->prev, next->position) > 0)
        return say(block, REPLICA_MISSED_SOME, entry, "events before it are missing");
    if (at == service->collection_count)
        return say(block, REPLICA_FAILED, entry, "its collection is not in this process's models");
    struct json *images = replica_block_read(means, &entry->event, &why);
    if (images == NULL)
        return say(block, REPLICA_FAILED, entry, why);
    why = NULL;
    if (!replica_rows_add_event(&harvest->rows[at], service->collections[at], &entry->event,
                                images))
        why = "its image lacks a field without a default, or is another record's";
    else if (!replica_history_add(&harvest->history, means->session, &entry->event, images))
        why = pg_session_fault(means->session);
    json_free(&images);
    if (why != NULL)
        return say(block, REPLICA_FAILED, entry, why);
    if (!clock_parse(entry->event.time, &block->last_time))
        block->last_time = 0;
    next->position = entry->position;
    block->count++;
    block->bytes += (int64_t)entry->event.data.len;
    return REPLICA_APPLIED;
}

static enum replica_verdict store(struct replica_block *block, const struct replica_cursor *next,
                                  struct harvest *harvest, struct pg_session *session)
{
    const struct service *service = next->service;
    bool is_stored = pg_session_run(session, "begin", NULL, NULL);
    for (size_t i = 0; is_stored && i < service->collection_count; i++)
        is_stored = replica_rows_store(&harvest->rows[i], service->collections[i], session);
    is_stored = is_stored && replica_history_store(&harvest->history, session) &&
                replica_save_cursor(session, next) && pg_session_run(session, "commit", NULL, NULL);
    if (is_stored)
        return REPLICA_APPLIED;
    /* The session is closed by whoever gets this answer, and the transaction with it. */
    snprintf(block->why, sizeof(block->why), "%s", pg_session_fault(session));
    return REPLICA_FAILED;
}

enum replica_verdict replica_block_apply(struct replica_block *block, struct replica_cursor *cursor,
                                         const struct redis_reply *entries,
                                         const struct replica_means *means)
{
    struct replica_cursor next = *cursor;
    enum replica_verdict verdict = REPLICA_APPLIED;
    size_t collections = cursor->service->collection_count;
    struct harvest harvest = {.rows = mem_new(collections, sizeof(struct replica_rows)),
                              .history = {.calendar = means->calendar}};
    *block = (struct replica_block){0};
    for (size_t i = 0; i < redis_reply_count(entries) && verdict == REPLICA_APPLIED; i++) {
        struct event_entry entry;
        if (event_from_entry(redis_reply_item(entries, i), &entry))
            verdict = take_entry(block, &next, &entry, &harvest, means);
        else
            verdict = say(block, REPLICA_FAILED, &entry, "it is malformed");
    }
    if (verdict == REPLICA_APPLIED)
        verdict = store(block, &next, &harvest, means->session);
    if (verdict == REPLICA_APPLIED)
        *cursor = next;
    for (size_t i = 0; i < collections; i++)
        replica_rows_free(&harvest.rows[i]);
    replica_history_free(&harvest.history);
    free(harvest.rows);
    return verdict;
}

int64_t replica_block_next(const struct replica_block *block)
{
    enum { BYTES = 8 << 20, COUNT_MAX = 512 };
    int64_t count = (int64_t)block->count;
    if (count == 0)
        return REPLICA_BLOCK_FIRST;
    int64_t fitting = BYTES / (block->bytes / count + 1);
    int64_t most = 2 * count > REPLICA_BLOCK_FIRST ? 2 * count : REPLICA_BLOCK_FIRST;
    fitting = fitting < most ? fitting : most;
    fitting = fitting < COUNT_MAX ? fitting : COUNT_MAX;
    return fitting < 1 ? 1 : fitting;
}
