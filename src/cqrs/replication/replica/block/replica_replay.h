/* Dead letters, tried anew: each record's in their order. */
#ifndef CQRS_REPLICATION_REPLICA_BLOCK_REPLICA_REPLAY_H
#define CQRS_REPLICATION_REPLICA_BLOCK_REPLICA_REPLAY_H

#include "cqrs/replication/replica/block/replica_block.h"

/* Tries those that are due, for a fraction of a second at most, and reads `letters` anew. False
 * with the session's fault, which is then of no more use. */
bool replica_replay(struct dead_letters *letters, const struct service *service,
                    const struct replica_means *means) must_check;

#endif
