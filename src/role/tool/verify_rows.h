/* One range of a collection as two servers list it, and what differs between them. Pure. */
#ifndef ROLE_TOOL_VERIFY_ROWS_H
#define ROLE_TOOL_VERIFY_ROWS_H

#include "base/ident.h"
#include "base/json.h"

/* A record as a server has it. */
struct verify_row {
    struct uuid id;
    int64_t version;
    struct str hash; /* borrowed from the answer */
};

/* In the order of ids; the array is owned. */
struct verify_rows {
    struct verify_row *items;
    size_t count;
};

/* Reads [["<id>",version,"<hash>"],…]; NULL or null is none. False where it is something else. */
bool verify_rows_read(const struct json *records, struct verify_rows *out) must_check;
void verify_rows_free(struct verify_rows *rows);

/* How a record of the replica differs. Only for SAME_VERSION a later look could not tell otherwise,
 * unless the record changes: the others may be on their way. */
enum verify_kind {
    VERIFY_MISSING, /* the replica does not have it */
    VERIFY_EXTRA,   /* the write side does not have it */
    VERIFY_OLDER,
    VERIFY_NEWER,
    VERIFY_SAME_VERSION, /* with another content */
};

struct verify_difference {
    struct uuid id;
    enum verify_kind kind;
    int64_t written, applied; /* versions; 0: none */
};

struct verify_differences {
    struct verify_difference *items;
    size_t count;
};

/* All that differs, in the order of ids. */
struct verify_differences verify_rows_compare(const struct verify_rows *written,
                                              const struct verify_rows *applied);

/* Keeps of `old` what `now` still has, as it is now: what was equal at any look is equal. */
void verify_differences_narrow(struct verify_differences *old,
                               const struct verify_differences *now);

/* True while a later look may find fewer. */
bool verify_differences_may_pass(const struct verify_differences *differences);

void verify_differences_free(struct verify_differences *differences);

/* "record 018f…: version 3 has another content than on the write side" */
void verify_difference_write(const struct verify_difference *difference, struct buf *out);

#endif
