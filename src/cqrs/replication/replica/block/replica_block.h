/* One block of a stream's entries, applied in one transaction: the rows, the history, the letters
 * behind letters, and the cursor. */
#ifndef CQRS_REPLICATION_REPLICA_BLOCK_REPLICA_BLOCK_H
#define CQRS_REPLICATION_REPLICA_BLOCK_REPLICA_BLOCK_H

#include "cqrs/calendar.h"
#include "cqrs/replication/replica/block/dead_letters.h"
#include "cqrs/replication/replica/block/replica_images.h"
#include "cqrs/replication/replica/replica.h"
#include "cqrs/replication/replica/validity.h"
#include "cqrs/replication/writer_schema.h"

enum replica_verdict {
    REPLICA_APPLIED,
    REPLICA_MISSED_SOME, /* an entry follows one that this replica has not applied */
    REPLICA_OTHER_EPOCH, /* the log was rewound */
    REPLICA_POISON,      /* the first entry cannot be applied as it is; nothing was stored */
    REPLICA_FAILED,      /* try again; nothing was stored, and the session is of no more use */
};

struct replica_block {
    size_t count;
    int64_t bytes;          /* of the events' data */
    int64_t last_time;      /* of the last event, wall milliseconds */
    bool is_hopeless;       /* poison: trying again would not help */
    bool is_refused;        /* by the database: any of the `count` entries may be the poison */
    struct replica_log log; /* of the database, while it was stored */
    char why[256];          /* unless it was applied */
};

enum { REPLICA_BLOCK_FIRST = 32 }; /* entries, while nobody knows how large they are */

/* How many entries to read for the next block: of the size of this one's, which was applied, so
 * many as make some megabytes. A block stands in memory several times over. */
int64_t replica_block_next(const struct replica_block *block);

/* What a block is applied with, borrowed. */
struct replica_means {
    struct pg_session *session;
    struct writer_schemas *schemas;
    struct calendar *calendar;
    const struct dead_letters *letters;
    struct validity *validity; /* told of every record that is stored */
};

/* What an event says, read with its writer's schema. False with a sentence in `why`. */
bool replica_block_read(const struct replica_means *means, const struct event *event,
                        struct replica_images *images, const char **why) must_check;

/* `entries` is what XREAD has for one stream. Applies them up to one that cannot be, and those of a
 * record that has letters become letters as well. The cursor moves when that is done, and only
 * then. */
enum replica_verdict replica_block_apply(struct replica_block *block, struct replica_cursor *cursor,
                                         const struct redis_reply *entries,
                                         const struct replica_means *means);

/* Applies a letter's entry, whatever the cursor says: APPLIED, POISON or FAILED. */
enum replica_verdict replica_block_replay(struct replica_block *block,
                                          const struct service *service,
                                          const struct redis_reply *entry,
                                          const struct replica_means *means);

/* Makes a letter of the first of `entries`, which is poison, and moves the cursor beyond it. False
 * with the session's fault. */
bool replica_block_bury(const struct replica_block *block, struct replica_cursor *cursor,
                        const struct redis_reply *entries,
                        const struct replica_means *means) must_check;

#endif
