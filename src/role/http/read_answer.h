/* What the read role answers: a record, or a page of a list. */
#ifndef ROLE_HTTP_READ_ANSWER_H
#define ROLE_HTTP_READ_ANSWER_H

#include "cqrs/query/read_store.h"
#include "io/http/http_server.h"

/* Where a page stands. */
struct read_position {
    int64_t page, page_size, total;
};

/* At least 1: an empty list has one empty page. */
int64_t read_position_pages(const struct read_position *position);

void read_answer_record(struct http_request *request, int64_t version, struct str json);

/* {"data":[…],"pagination":{…}}; `items` are the records, separated by commas. */
void read_answer_page(struct http_request *request, const struct read_position *position,
                      struct str items);

/* Appends the "pagination" object. */
void read_answer_write_pagination(const struct read_position *position, struct buf *out);

#endif
