/* Events that could not be applied, in mamparo.dead_letters: kept as they stood in the stream, with
 * whatever came for the same record since, so that all the others go on.
 *
 *   cannot be applied → tried again → a letter, one try failed ──replay──→ no try failed
 *   behind a letter of its record   → a letter, no try failed ─(its record's first)→ tried
 *
 * The applier alone adds letters and tries them; the command `mamparo dead-letters` makes them be
 * tried again, or drops them. */
#ifndef CQRS_REPLICATION_REPLICA_BLOCK_DEAD_LETTERS_H
#define CQRS_REPLICATION_REPLICA_BLOCK_DEAD_LETTERS_H

#include "cqrs/replication/event.h"
#include "io/pg/pg_session.h"

enum { DEAD_LETTERS_MAX = 10000 }; /* of a service: beyond, its stream is held up instead */

/* What its letters are of: a record's id; the entry's position where it names none. */
struct letter_record {
    char text[POSITION_TEXT_SIZE];
};
struct letter_record letter_record_of(const struct event_entry *entry);

/* The records of one service that have letters. Set the service, leave the rest zeroed. */
struct dead_letters {
    const char *service;
    struct letter_record *records; /* sorted */
    size_t record_count;
    int64_t count; /* of letters */
};

/* Reads them anew. This function and the following are false with the session's fault. */
bool dead_letters_load(struct dead_letters *letters, struct pg_session *session) must_check;
void dead_letters_free(struct dead_letters *letters);

bool dead_letters_hold(const struct dead_letters *letters, const struct letter_record *record);

/* Letters on their way into the table. */
enum { LETTER_COLUMNS = 7 };
struct letter_rows {
    struct buf columns[LETTER_COLUMNS]; /* arrays of cqrs/sql_array */
    size_t count;
};

/* `entry` is the stream's, whole. */
void letter_rows_add(struct letter_rows *rows, const struct event_entry *read,
                     const struct redis_reply *entry, int tries, const char *why);

/* Queues the statement that stores them, and empties `rows`. */
void letter_rows_store(struct letter_rows *rows, const char *service, struct pg_session *session);
void letter_rows_free(struct letter_rows *rows);

/* For those that are each their record's first and have no failed try: the position as two columns,
 * and the entry. At most a hundred. */
bool dead_letters_find_due(const struct dead_letters *letters, struct pg_session *session,
                           struct pg_outcome *outcome) must_check;

/* A try ended: with `why` it failed, without it the letter is gone. */
bool dead_letters_settle(const struct dead_letters *letters, struct pg_session *session,
                         struct position position, const char *why) must_check;

/* Once a replica was filled anew nothing is left of them to do: queues the statement. */
void dead_letters_forget(struct pg_session *session, const char *service);

/* For people: each row one JSON object, in the stream's order. `service` "" is all of them. */
bool dead_letters_list(struct pg_session *session, const char *service, int64_t most,
                       struct pg_outcome *outcome) must_check;

/* How many there are; has them tried anew by whoever applies; drops them. `position` NULL: all of
 * the service; `count` is how many there were. */
typedef bool dead_letters_fn(struct pg_session *session, const char *service,
                             const struct position *position, size_t *count);
dead_letters_fn dead_letters_count, dead_letters_retry, dead_letters_drop;

#endif
