#include "role/http/list/list_answer.h"

#include "cqrs/query/members.h"
#include "io/http/http_coding.h"
#include "role/http/answer.h"
#include "role/http/list/list_link.h"
#include "role/http/offer.h"
#include "role/http/older_names.h"

/* Lifetime: a request's, while the database is at it. */
struct asked {
    struct http_request *request;
    const struct alias *alias;
    struct list_cache *cache;
    struct list_look look;
    bool prefers_gzip;
    struct query query;
    struct buf address; /* of the list, without what says which page */
};

static void asked_free(struct asked *asked)
{
    query_free(&asked->query);
    buf_free(&asked->address);
    free(asked);
}

static void say_link(struct http_request *request, struct str link)
{
    if (link.len > 0)
        http_answer_with(request, "link", link);
}

static void give(struct http_request *request, const struct kept_list *list)
{
    say_link(request, list->link);
    offer_as_it_is(request, &(struct offer){list->tag, list->body, list->is_gzipped});
}

static void give_and_keep(const struct asked *asked, struct str link, struct str body)
{
    char room[OFFER_TAG_SIZE];
    struct buf packed = {0};
    struct kept_list list = {offer_tag_of(body, room), link, body, false};
    if (asked->look.mark == 0) { /* nothing is kept: so nothing is gzipped for who has it */
        say_link(asked->request, link);
        offer_json(asked->request, list.tag, body);
        return;
    }
    if (asked->prefers_gzip && http_coding_is_worth(body.len)) {
        http_coding_gzip(body, &packed);
        list.body = buf_str(&packed);
        list.is_gzipped = true;
    }
    list_cache_keep(asked->cache, &asked->look, &list);
    give(asked->request, &list);
    buf_free(&packed);
}

/* Where the page stands among all that match, as far as that can be said of a cursor's: what was
 * before it may have changed. */
struct standing {
    int64_t page, pages, total;
    bool has_next, has_previous;
    struct str next;
};

static struct standing stand(const struct query *query, const struct read_page *page)
{
    int64_t size = query->page_size;
    int64_t before = query->has_cursor ? query->cursor.before : (query->page - 1) * size;
    struct standing standing = {.page = before / size + 1,
                                .pages = (page->total + size - 1) / size,
                                .total = page->total,
                                .has_next = page->has_next,
                                .has_previous = before > 0,
                                .next = page->next};
    int64_t least = standing.page + standing.has_next;
    if (standing.pages < least)
        standing.pages = least;
    return standing;
}

static void write_pagination(const struct standing *standing, struct buf *out)
{
    buf_printf(out,
               "{\"current_page\":%lld,\"total_pages\":%lld,\"total_records\":%lld,"
               "\"has_next\":%s,\"has_previous\":%s,\"next_cursor\":",
               (long long)standing->page, (long long)standing->pages, (long long)standing->total,
               standing->has_next ? "true" : "false", standing->has_previous ? "true" : "false");
    if (standing->next.len > 0)
        json_write_string(standing->next, out);
    else
        buf_append_text(out, "null");
    buf_append_char(out, '}');
}

/* On from a cursor it goes by cursors; from a page, by pages. What is too long for a header can
 * only be said by the body. */
enum { ADDRESS_LENGTH_MAX = 4000 };

static void write_links(const struct asked *asked, const struct standing *standing, struct buf *out)
{
    struct str address = buf_str(&asked->address);
    bool has_cursor = asked->query.has_cursor;
    if (address.len > ADDRESS_LENGTH_MAX)
        return;
    if (has_cursor && standing->next.len > 0)
        list_link_write_cursor(address, standing->next, out);
    if (!has_cursor && standing->has_next)
        list_link_write_page(address, standing->page + 1, "next", out);
    if (!has_cursor && standing->has_previous)
        list_link_write_page(address, standing->page - 1, "prev", out);
}

static void answer_page(const struct asked *asked, const struct read_page *page)
{
    struct standing standing = stand(&asked->query, page);
    struct buf chosen = {0}, link = {0}, body = {0};
    write_links(asked, &standing, &link);
    members_write(&asked->query, page->items, &chosen);
    buf_append_text(&body, "{\"data\":[");
    older_names_write(asked->alias, buf_str(&chosen), &body);
    buf_append_text(&body, "],\"pagination\":");
    write_pagination(&standing, &body);
    buf_append_char(&body, '}');
    give_and_keep(asked, buf_str(&link), buf_str(&body));
    buf_free(&chosen);
    buf_free(&link);
    buf_free(&body);
}

static void refuse_page(const struct asked *asked, const struct read_page *page)
{
    struct problem problem = {0};
    int64_t size = asked->query.page_size, pages = (page->total + size - 1) / size;
    problem_at_parameter(&problem, STR("page"), "is beyond the last one, which is %lld",
                         (long long)(pages > 0 ? pages : 1));
    answer_problem(asked->request, &problem);
    problem_free(&problem);
}

static void on_page(void *arg, const struct read_page *page)
{
    struct asked *asked = arg;
    if (page->status != STATUS_OK)
        answer_status(asked->request, page->status, NULL);
    else if (asked->query.page > 1 && page->items.len == 0)
        refuse_page(asked, page);
    else
        answer_page(asked, page);
    asked_free(asked);
}

static void on_counts(void *arg, const struct read_page *counts)
{
    struct asked *asked = arg;
    struct buf body = {0};
    if (counts->status == STATUS_OK) {
        buf_printf(&body, "{\"by\":\"%s\",\"counts\":[" STR_FMT "],\"total\":%lld}",
                   asked->query.by->name, STR_ARG(counts->items), (long long)counts->total);
        give_and_keep(asked, (struct str){0}, buf_str(&body));
    } else {
        answer_status(asked->request, counts->status, NULL);
    }
    buf_free(&body);
    asked_free(asked);
}

static void ask(struct http_request *request, const struct route *route, struct pg_pool *pool,
                struct asked *asked)
{
    struct problem problem = {0};
    enum query_kind kind = route->part == ROUTE_STATS ? QUERY_STATS : QUERY_LIST;
    if (!query_parse(route->collection, kind, request->query, &asked->query, &problem)) {
        answer_problem(request, &problem);
        asked_free(asked);
    } else if (kind == QUERY_STATS) {
        read_store_count(pool, route->collection, &asked->query, on_counts, asked);
    } else {
        list_link_write_address(request, &asked->address);
        read_store_list(pool, route->collection, &asked->query, on_page, asked);
    }
    problem_free(&problem);
}

void list_answer(struct http_request *request, const struct route *route,
                 const struct list_means *means)
{
    bool prefers_gzip = offer_prefers_gzip(request);
    struct list_question question = {route->collection, request->path, request->query,
                                     prefers_gzip};
    struct list_look look = list_cache_look(&question, means->validity);
    struct kept_list kept;
    if (list_cache_find(means->cache, &look, &kept)) {
        give(request, &kept);
        return;
    }
    struct asked *asked = mem_new(1, sizeof(*asked));
    asked->request = request;
    asked->alias = route->alias;
    asked->cache = means->cache;
    asked->look = look;
    asked->prefers_gzip = prefers_gzip;
    ask(request, route, means->pool, asked);
}
