/* The query string of a list, read against what the collection declares.
 *
 *   <field>[.<operator>]=   filter      q=       words      fields=  members   by=  of stats
 *   sort=                   order       page=, page_size=, cursor=   which part of it
 *
 * No text of a client ever becomes SQL: of the names in it only those that the model has are
 * taken, and values travel as values. */
#ifndef CQRS_QUERY_QUERY_H
#define CQRS_QUERY_QUERY_H

#include "cqrs/query/cursor.h"
#include "cqrs/query/filter.h"
#include "cqrs/query/sort.h"

enum {
    QUERY_PAGE_SIZE = 10,
    QUERY_PAGE_SIZE_MAX = 100,
    QUERY_SEARCH_MAX = 200,  /* characters */
    QUERY_RANKED_MAX = 1000, /* records that a search without a sort puts in order */
    QUERY_MEMBERS_MAX = 64,
};

enum query_kind {
    QUERY_PAGES, /* a list that can only be paged: a history */
    QUERY_LIST,
    QUERY_STATS,
};

/* Lifetime: its request's. Zeroed but for page and page_size, it is a list of all. */
struct query {
    int64_t page, page_size;
    struct filters filters;
    struct sort sort;
    struct str search; /* empty: none was asked */
    struct str members[QUERY_MEMBERS_MAX];
    size_t member_count;    /* 0: all of them */
    const struct field *by; /* of stats */
    struct cursor cursor;
    bool has_cursor;
    struct buf texts; /* what all of the above borrow from */
};

/* False with `problem` set, naming each parameter that is unknown, malformed or given twice, and
 * what is allowed. `collection` may be NULL for QUERY_PAGES. Free the query in either case. */
bool query_parse(const struct collection *collection, enum query_kind kind, struct str text,
                 struct query *out, struct problem *problem) must_check;
void query_free(struct query *query);

/* What its cursors are sealed with. */
void query_seal(const struct collection *collection, const struct query *query,
                struct cursor_seal *out);

/* A search without a sort has the order of its ranks. */
bool query_is_ranked(const struct query *query);

/* Decodes %XX and '+'; false for a broken escape, NUL, or what is no UTF-8. */
bool query_decode(struct str text, struct buf *out) must_check;

#endif
