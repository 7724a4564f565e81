/* The id that a client is given with an event and comes back with: "<position>@<epoch>". Positions
 * of another epoch are other events. */
#ifndef CQRS_REPLICATION_LIVE_LIVE_ID_H
#define CQRS_REPLICATION_LIVE_LIVE_ID_H

#include "cqrs/replication/position.h"

enum { LIVE_EPOCH_SIZE = 48 };

/* False where it is none, of whatever epoch; `epoch` borrows from it. */
bool live_id_parse(struct str id, struct position *position, struct str *epoch) must_check;

#endif
