/* The query string of a list, read against what the collection declares: no text of a client ever
 * becomes SQL. */
#ifndef CQRS_QUERY_H
#define CQRS_QUERY_H

#include "base/problem.h"
#include "model/schema.h"

enum { QUERY_FILTERS_MAX = 8, QUERY_PAGE_SIZE = 10, QUERY_PAGE_SIZE_MAX = 100 };

struct query_filter {
    const struct field *field;
    struct str value; /* in the database's writing, borrowed from the query's buffer */
};

struct query {
    int64_t page, page_size;
    struct query_filter filters[QUERY_FILTERS_MAX];
    size_t filter_count;
    struct buf texts;
};

/* `collection` NULL: a list that can only be paged. False with `problem` set, naming each parameter
 * that is unknown, malformed or given twice, and what is allowed. Free the query in either case. */
bool query_parse(const struct collection *collection, struct str text, struct query *out,
                 struct problem *problem) must_check;
void query_free(struct query *query);

/* Decodes %XX and '+'; false for a broken escape, NUL, or what is no UTF-8. */
bool query_decode(struct str text, struct buf *out) must_check;

#endif
