/* Which of a service's records and lists may be served from memory. Its applier tells before it
 * stores a record, and when that is done; the loops ask, without a lock.
 *
 *   take the mark → ask the database → keep the answer with that mark
 *   the mark is still that one: nothing newer is in the database
 *
 * Each bucket of ids has a generation, odd while an event about one of them is being applied. And
 * all of it counts only while a lease runs, which the applier extends whenever the database has
 * proved that this process still is the one that applies. */
#ifndef CQRS_REPLICATION_REPLICA_VALIDITY_H
#define CQRS_REPLICATION_REPLICA_VALIDITY_H

#include "base/ident.h"

/* Whoever applies after another process begins when that one's lease is over. */
enum { VALIDITY_LEASE_MS = 400, VALIDITY_BUCKETS = 1 << 16 };

/* Lives as long as the process. */
struct validity;

struct validity *validity_new(void);

/* For any thread. 0: nothing of that id may be served from memory, or kept. `now` is read for this
 * call: one that was read earlier may be from before the process froze. */
uint64_t validity_mark(const struct validity *validity, const struct uuid *id, msec_t now);

/* What stands for the lists and counts of a collection: they change with each of its records. */
struct collection;
struct uuid validity_id_of_lists(const struct collection *collection);

/* For the applier's thread, all of these. */

/* What has that id is about to change: called before the change can be seen in the database. */
void validity_touch(struct validity *validity, const struct uuid *id);

/* What was touched is committed, or certainly never will be. What nobody settles stays without
 * marks until the next lease begins. */
void validity_settle(struct validity *validity);

/* The database has answered the session that holds the place; it was asked at `asked_at`. After
 * validity_end() this begins anew: what was kept before is void. */
void validity_hold(struct validity *validity, msec_t asked_at);

/* Another process had the place until now, and may serve from memory for a lease yet. */
void validity_succeed(struct validity *validity, msec_t now);

/* How long to wait before anything is stored; not above 0: nobody else serves from memory. */
msec_t validity_wait(const struct validity *validity, msec_t now);

/* The place may be lost, or records change that are not touched one by one. */
void validity_end(struct validity *validity);

#endif
