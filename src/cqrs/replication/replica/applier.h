/* Applies one service's stream to a replica's database: a thread of the read role, so that services
 * do not wait for each other. Of several processes on one database the one that holds the service's
 * advisory lock applies.
 *
 *   migrate → lock → cursor → (no cursor: resynchronise) → XREAD → one transaction: rows, history
 *     and cursor → report the cursor → …    gap or another epoch: resynchronise
 *
 * A crash anywhere repeats harmlessly: rows are kept by version, and the cursor moves with them. */
#ifndef CQRS_REPLICATION_REPLICA_APPLIER_H
#define CQRS_REPLICATION_REPLICA_APPLIER_H

#include "cqrs/replication/replica/applier_gauges.h"
#include "cqrs/replication/replica/replica.h"
#include "cqrs/replication/replica/validity.h"

struct applier;

/* `options`, the service and its validity live as long as the applier. */
struct applier *applier_new(const struct replica_options *options, const struct service *service,
                            struct validity *validity);
void applier_start(struct applier *applier);
void applier_stop(struct applier *applier);

/* May be asked by any thread. */
struct applier_status applier_status(const struct applier *applier);

/* The first of its dead letters, as JSON objects between commas. */
void applier_write_letters(struct applier *applier, struct buf *out);

/* Brings its gauges up to now. */
void applier_measure(const struct applier *applier);

#endif
