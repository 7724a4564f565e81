#include "role/http/read_answer.h"

#include "role/http/offer.h"

int64_t read_position_pages(const struct read_position *position)
{
    int64_t pages = (position->total + position->page_size - 1) / position->page_size;
    return pages < 1 ? 1 : pages;
}

void read_answer_record(struct http_request *request, int64_t version, struct str json)
{
    char room[STR_NUMBER_SIZE];
    offer_json(request, str_of_number(version, room), json);
}

void read_answer_write_pagination(const struct read_position *position, struct buf *out)
{
    int64_t pages = read_position_pages(position);
    buf_printf(out,
               "{\"current_page\":%lld,\"total_pages\":%lld,\"total_records\":%lld,"
               "\"has_next\":%s,\"has_previous\":%s}",
               (long long)position->page, (long long)pages, (long long)position->total,
               position->page < pages ? "true" : "false", position->page > 1 ? "true" : "false");
}

void read_answer_page(struct http_request *request, const struct read_position *position,
                      struct str items)
{
    struct buf body = {0};
    buf_append_text(&body, "{\"data\":[");
    buf_append_str(&body, items);
    buf_append_text(&body, "],\"pagination\":");
    read_answer_write_pagination(position, &body);
    buf_append_char(&body, '}');
    offer_json_by_content(request, buf_str(&body));
    buf_free(&body);
}
