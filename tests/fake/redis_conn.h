/* io/redis_conn.h with a script in Redis's place: it writes down what it was told, and answers with
 * the script's next line.
 *
 *   "+text"   a string or a status        "_"   nil        ":7"   a number
 *   "-ERR …"  an error                    "*a,b,c"         an array of strings
 *   ""        the connection broke,       "[+a|_|-ERR …"   an array of any of the others
 *             as at the script's end      "9 +text"        the same nine times; in [ too */
#ifndef FAKE_REDIS_CONN_H
#define FAKE_REDIS_CONN_H

#include "base/buf.h"
#include "io/redis_conn.h"

enum { FAKE_REPLIES_MAX = 12 };

struct redis_conn {
    const char *replies[FAKE_REPLIES_MAX];
    size_t next;
    size_t repeated; /* how often that one was given already */
    struct buf said; /* the commands, one a line */
};

struct redis_reply *fake_redis_reply(const char *text);

/* For bytes that no script can hold: an array takes its items over. */
struct redis_reply *fake_redis_text(struct str text);
struct redis_reply *fake_redis_array(struct redis_reply *const *items, size_t count);

#endif
