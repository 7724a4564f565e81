/* Filters: <field>=, and with an operator <field>.ne=, .lt=, .lte=, .gt=, .gte=, .in=, .like=,
 * .null=. Each has an index. Null is neither equal nor unequal to anything: only .null finds it. */
#ifndef CQRS_QUERY_FILTER_H
#define CQRS_QUERY_FILTER_H

#include "base/problem.h"
#include "io/pg/pg_query.h"
#include "model/lookup/lookup.h"

enum { FILTERS_MAX = 8 };

struct filter {
    const struct field *field;
    enum lookup_op op;
    struct str value; /* in the database's writing; of LOOKUP_NULL "true" or "false" */
};

/* By name and operator, so that one set of filters is one statement. */
struct filters {
    struct filter items[FILTERS_MAX];
    size_t count;
};

/* A parameter as it was sent, decoded. */
struct filter_text {
    struct str name, value;
};

/* Reads one parameter. False, having said nothing, where no field of that name and operator is
 * there; true also with a mistake in `problem`. Canonical values are appended to `texts`, at most
 * 4 bytes for each of the value and 64 more, and must not move. */
bool filter_take(const struct collection *collection, struct filter_text text, struct filters *out,
                 struct buf *texts, struct problem *problem) must_check;

/* Appends the condition, with its value's number in the statement. */
void filter_write(const struct filter *filter, int number, struct buf *sql);

#endif
