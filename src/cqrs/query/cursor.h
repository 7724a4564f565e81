/* Cursors: where a page of a list ended, as text that only we can make. It holds the keys of the
 * last record, so that the next page begins behind it whatever comes or goes meanwhile, and it is
 * sealed together with what was asked, so that it fits no other list. */
#ifndef CQRS_QUERY_CURSOR_H
#define CQRS_QUERY_CURSOR_H

#include "base/buf.h"
#include "base/digest.h"

enum { CURSOR_KEYS_MAX = 4 };

/* More records than there can be; with a page more it is still a number. */
#define CURSOR_BEFORE_MAX ((int64_t)1 << 48)

struct cursor {
    int64_t before; /* how many records were on the pages so far */
    struct str keys[CURSOR_KEYS_MAX];
    size_t count; /* of a key that is null, ptr is NULL */
};

/* The secret, and the digest of what was asked. */
struct cursor_seal {
    uint8_t key[DIGEST_SIZE], asked[DIGEST_SIZE];
};

/* Appends it: letters, digits, '-' and '_'. */
void cursor_write(const struct cursor *cursor, const struct cursor_seal *seal, struct buf *out);

/* False for what cursor_write did not make under the same seal. The keys are appended to `texts`,
 * at most as many bytes as `text` has, and borrowed from there. */
bool cursor_read(struct str text, const struct cursor_seal *seal, struct buf *texts,
                 struct cursor *out) must_check;

#endif
