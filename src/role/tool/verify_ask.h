/* Asking the write side and its replicas for the checksums of one range of ids. */
#ifndef ROLE_TOOL_VERIFY_ASK_H
#define ROLE_TOOL_VERIFY_ASK_H

#include "base/ident.h"
#include "base/json.h"
#include "io/http/http_client.h"
#include "model/schema.h"

enum { VERIFY_SERVERS_MAX = 64 };

struct verify_range {
    struct uuid from, upto; /* both included */
    int most;               /* records */
    bool is_list;           /* each one's hash as well */
};

/* A server, and what it said last. */
struct verify_server {
    struct http_peer *peer;
    struct verify *verify;
    struct verify_range range; /* that it was asked for last */
    struct json *answer;       /* NULL: none */
    struct loop_timer again;
    unsigned setbacks; /* in a row */
    char fault[160];   /* empty while it answers */
    msec_t patience;   /* left */
    size_t different;  /* records of the collection */
    struct buf named;
};

/* One run. */
struct verify {
    struct loop *loop;
    struct buf headers;
    const struct collection *collection;
    struct verify_server write, reads[VERIFY_SERVERS_MAX];
    size_t read_count, waiting;
    msec_t patience; /* with what is on its way to one server, in all */
    bool is_different;
};

/* Begins to ask, and forgets what the server said before. One with a fault is not asked again. */
void verify_ask(struct verify_server *server, const struct verify_range *range);

/* Until all have answered that were asked. */
void verify_await(struct verify *verify);

/* Asks the write side and waits. It comes first: what it has, a replica that is asked later has
 * too, or is late. False when there is no answer. */
bool verify_ask_write(struct verify *verify, const struct verify_range *range) must_check;

/* Of what the write side said: may there be more behind it; and where it ends, at its last record
 * or where the range does. */
bool verify_is_full(const struct verify *verify, const struct verify_range *range);
struct uuid verify_end_of(const struct verify *verify, const struct verify_range *range);

#endif
