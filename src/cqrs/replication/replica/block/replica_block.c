#include "cqrs/replication/replica/block/replica_block.h"

#include <stdio.h>

#include "base/clock.h"
#include "cqrs/replication/replica/block/replica_history.h"
#include "cqrs/replication/replica/block/replica_rows.h"

static enum replica_verdict say(struct replica_block *block, enum replica_verdict verdict,
                                const struct event_entry *entry, const char *why)
{
    char position[POSITION_TEXT_SIZE];
    position_format(entry->position, position);
    snprintf(block->why, sizeof(block->why), "entry %s: %s", position, why);
    return verdict;
}

static enum replica_verdict give_up(struct replica_block *block, const struct event_entry *entry,
                                    const char *why)
{
    block->is_hopeless = true;
    return say(block, REPLICA_POISON, entry, why);
}

static size_t index_of(const struct service *service, struct str collection)
{
    size_t i = 0;
    while (i < service->collection_count &&
           !str_equal(str_from(service->collections[i]->name), collection))
        i++;
    return i;
}

bool replica_block_read(const struct replica_means *means, const struct event *event,
                        struct replica_images *images, const char **why)
{
    const struct avro_codec *codec = writer_schemas_find(means->schemas, event, why);
    if (codec == NULL)
        return false;
    *why = "its data is not of the schema that it names";
    return replica_images_read(images, codec, event->data);
}

/* What a block comes to. */
struct harvest {
    size_t collections;
    struct replica_rows *rows; /* by the collection's place in the service */
    struct replica_history history;
    struct letter_rows letters;
    struct replica_images images; /* of the event at hand */
};

static struct harvest harvest_new(const struct service *service, const struct replica_means *means)
{
    size_t count = service->collection_count;
    return (struct harvest){.collections = count,
                            .rows = mem_new(count, sizeof(struct replica_rows)),
                            .history = {.calendar = means->calendar}};
}

static void harvest_free(struct harvest *harvest)
{
    for (size_t i = 0; i < harvest->collections; i++)
        replica_rows_free(&harvest->rows[i]);
    replica_history_free(&harvest->history);
    letter_rows_free(&harvest->letters);
    replica_images_free(&harvest->images);
    free(harvest->rows);
}

/* SQLSTATEs (PostgreSQL's Appendix A) of what a repetition would not change: the values, the rules
 * of the table, its triggers. Anything else is the database's own trouble. */
static enum replica_verdict judge_refusal(const struct pg_session *session)
{
    static const char *const classes[] = {"21", "22", "23", "44", "54", "P0"};
    for (size_t i = 0; i < countof(classes); i++)
        if (strncmp(pg_session_sqlstate(session), classes[i], 2) == 0)
            return REPLICA_POISON;
    return REPLICA_FAILED;
}

static void touch(const struct replica_means *means, const struct collection *collection,
                  const struct event *event)
{
    struct uuid subject, lists = validity_id_of_lists(collection);
    validity_touch(means->validity, &lists);
    if (uuid_parse(event->subject, &subject))
        validity_touch(means->validity, &subject);
}

static enum replica_verdict take_event(struct replica_block *block, const struct service *service,
                                       const struct event_entry *entry, struct harvest *harvest,
                                       const struct replica_means *means)
{
    size_t at = index_of(service, entry->event.collection);
    const char *why = NULL;
    enum replica_verdict verdict = REPLICA_POISON;
    if (at == service->collection_count)
        return give_up(block, entry, "its collection is not in this process's models");
    struct replica_images *images = &harvest->images;
    if (!replica_block_read(means, &entry->event, images, &why))
        return say(block, means->schemas->is_unanswered ? REPLICA_FAILED : verdict, entry, why);
    why = NULL;
    if (!replica_rows_add_event(&harvest->rows[at], service->collections[at], &entry->event,
                                images)) {
        why = "its image lacks a field without a default, or is another record's";
    } else if (!replica_history_add(&harvest->history, means->session, &entry->event, images)) {
        why = pg_session_fault(means->session);
        verdict = judge_refusal(means->session);
    }
    touch(means, service->collections[at], &entry->event);
    return why != NULL ? say(block, verdict, entry, why) : REPLICA_APPLIED;
}

static enum replica_verdict check_chain(struct replica_block *block,
                                        const struct replica_cursor *next,
                                        const struct event_entry *entry)
{
    if (!str_equal(entry->epoch, str_from(next->epoch)))
        return say(block, REPLICA_OTHER_EPOCH, entry, "it is of another epoch");
    if (position_compare(entry->prev, next->position) > 0)
        return say(block, REPLICA_MISSED_SOME, entry, "events before it are missing");
    return REPLICA_APPLIED;
}

static enum replica_verdict take_entry(struct replica_block *block, struct replica_cursor *next,
                                       const struct redis_reply *reply, struct harvest *harvest,
                                       const struct replica_means *means)
{
    struct event_entry entry;
    if (!event_from_entry(reply, &entry))
        return give_up(block, &entry, "it is malformed");
    struct letter_record record = letter_record_of(&entry);
    enum replica_verdict verdict = check_chain(block, next, &entry);
    if (verdict == REPLICA_APPLIED && dead_letters_hold(means->letters, &record))
        letter_rows_add(&harvest->letters, &entry, reply, 0, "it is behind another one");
    else if (verdict == REPLICA_APPLIED)
        verdict = take_event(block, next->service, &entry, harvest, means);
    if (verdict != REPLICA_APPLIED)
        return verdict;
    if (!clock_parse(entry.event.time, &block->last_time))
        block->last_time = 0;
    next->position = entry.position;
    block->count++;
    block->bytes += (int64_t)entry.event.data.len;
    return REPLICA_APPLIED;
}

/* `next` is NULL where the cursor stays. */
static enum replica_verdict store(struct replica_block *block, const struct service *service,
                                  const struct replica_cursor *next, struct harvest *harvest,
                                  struct pg_session *session)
{
    for (size_t i = 0; i < service->collection_count; i++)
        replica_rows_store(&harvest->rows[i], service->collections[i], session);
    replica_history_store(&harvest->history, session);
    letter_rows_store(&harvest->letters, service->name, session);
    if (next != NULL)
        replica_save_cursor(session, next);
    struct pg_outcome outcome;
    if (pg_session_settle(session, &outcome)) {
        if (next != NULL)
            block->log = replica_read_log(outcome.rows);
        return REPLICA_APPLIED;
    }
    snprintf(block->why, sizeof(block->why), "%s", pg_session_fault(session));
    block->is_refused = true;
    return judge_refusal(session);
}

/* The first `most` of the entries, all or none of them; POISON: `count` says how many were read. */
static enum replica_verdict apply_some(struct replica_block *block, struct replica_cursor *cursor,
                                       const struct redis_reply *entries, size_t most,
                                       const struct replica_means *means)
{
    struct replica_cursor next = *cursor;
    struct harvest harvest = harvest_new(cursor->service, means);
    enum replica_verdict verdict = REPLICA_APPLIED;
    *block = (struct replica_block){0};
    for (size_t i = 0; i < most && verdict == REPLICA_APPLIED; i++)
        verdict = take_entry(block, &next, redis_reply_item(entries, i), &harvest, means);
    if (verdict == REPLICA_APPLIED)
        verdict = store(block, next.service, &next, &harvest, means->session);
    if (verdict == REPLICA_APPLIED) {
        *cursor = next;
        validity_settle(means->validity);
    }
    harvest_free(&harvest);
    return verdict;
}

/* How many entries there are up to the last one of ours. What is behind it, somebody else wrote:
 * its id may be beyond all to come, so the cursor never goes there, and the relay clears it away.
 */
static size_t count_ours(const struct redis_reply *entries)
{
    struct event_entry entry;
    size_t count = redis_reply_count(entries);
    while (count > 0 && !event_from_entry(redis_reply_item(entries, count - 1), &entry))
        count--;
    return count;
}

/* Those before one that cannot be read are applied without it; which of several the database
 * refuses is found by asking it for ever fewer. */
enum replica_verdict replica_block_apply(struct replica_block *block, struct replica_cursor *cursor,
                                         const struct redis_reply *entries,
                                         const struct replica_means *means)
{
    size_t ours = count_ours(entries);
    if (ours == 0 && redis_reply_count(entries) > 0) {
        *block = (struct replica_block){.why = "the stream's entries are none of ours"};
        return REPLICA_FAILED;
    }
    for (size_t most = ours;;) {
        enum replica_verdict verdict = apply_some(block, cursor, entries, most, means);
        size_t fewer = block->is_refused ? block->count / 2 : block->count;
        if (verdict != REPLICA_POISON || fewer == 0)
            return verdict;
        most = fewer;
    }
}

enum replica_verdict replica_block_replay(struct replica_block *block,
                                          const struct service *service,
                                          const struct redis_reply *entry,
                                          const struct replica_means *means)
{
    struct event_entry read;
    *block = (struct replica_block){0};
    if (!event_from_entry(entry, &read))
        return give_up(block, &read, "it is malformed");
    struct harvest harvest = harvest_new(service, means);
    enum replica_verdict verdict = take_event(block, service, &read, &harvest, means);
    if (verdict == REPLICA_APPLIED)
        verdict = store(block, service, NULL, &harvest, means->session);
    if (verdict == REPLICA_APPLIED)
        validity_settle(means->validity);
    harvest_free(&harvest);
    return verdict;
}

bool replica_block_bury(const struct replica_block *block, struct replica_cursor *cursor,
                        const struct redis_reply *entries, const struct replica_means *means)
{
    const struct redis_reply *entry = redis_reply_item(entries, 0);
    struct replica_cursor next = *cursor;
    struct letter_rows rows = {0};
    struct event_entry read;
    (void)!event_from_entry(entry, &read); /* its position is there all the same */
    letter_rows_add(&rows, &read, entry, 1, block->why);
    next.position = read.position;
    letter_rows_store(&rows, cursor->service->name, means->session);
    replica_save_cursor(means->session, &next);
    bool is_buried = pg_session_settle(means->session, NULL);
    letter_rows_free(&rows);
    if (is_buried) {
        *cursor = next;
        validity_settle(means->validity);
    }
    return is_buried;
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
