/* What a range of a collection's records comes to, whatever their order: the XOR of a 64-bit hash
 * of each, tombstones included. The tables of both sides have the columns that it is made of, so
 * the write side and its replicas can be compared. */
#ifndef CQRS_CHECKSUM_STORE_H
#define CQRS_CHECKSUM_STORE_H

#include "base/ident.h"
#include "io/pg/pg_pool.h"
#include "model/ddl.h"

enum { CHECKSUM_MOST = 100000 };

struct checksum_range {
    const struct collection *collection;
    enum ddl_side side;     /* of the database that is asked */
    struct uuid from, upto; /* both included */
    int64_t most;           /* records, from 1 to CHECKSUM_MOST */
    bool is_list;           /* each record's own hash as well */
};

/* The whole JSON answer, lent until the callback returns, or why there is none:
 * {"position":"…","count":7,"checksum":"…","last":"<id>","records":[["<id>",version,"<hash>"],…]}.
 * `position` is where the side stood: the end of the write-ahead log, or the replica's cursor.
 * `last` is null where there are no records, `records` where no list was wanted. */
typedef void checksum_done_fn(void *arg, enum status status, struct str json);

void checksum_store_ask(struct pg_pool *pool, const struct checksum_range *range,
                        checksum_done_fn *done, void *arg);

#endif
