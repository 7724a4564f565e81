/* Records with only the members that were asked for. */
#ifndef CQRS_QUERY_MEMBERS_H
#define CQRS_QUERY_MEMBERS_H

#include "cqrs/query/query.h"

/* Appends records, separated by commas as `records` are, with the query's members in the order of
 * the record; the id is always there. Records that come whole stay as they are. */
void members_write(const struct query *query, struct str records, struct buf *out);

#endif
