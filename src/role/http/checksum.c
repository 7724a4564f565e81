#include "role/http/checksum.h"

#include "role/http/answer.h"

static const struct str prefix = {"/checksums/", 11};

bool checksum_has(struct str path)
{
    return str_starts_with(path, prefix);
}

static bool take_parameter(struct str name, struct str value, struct checksum_range *range)
{
    if (str_equal(name, STR("from")))
        return uuid_parse(value, &range->from);
    if (str_equal(name, STR("upto")))
        return uuid_parse(value, &range->upto);
    if (str_equal(name, STR("most")))
        return str_to_int64(value, &range->most) && range->most >= 1 &&
               range->most <= CHECKSUM_MOST;
    range->is_list = str_equal(value, STR("true"));
    return str_equal(name, STR("list")) && range->is_list;
}

static bool take_query(struct str query, struct checksum_range *range)
{
    range->most = CHECKSUM_MOST;
    memset(&range->upto, 0xff, sizeof(range->upto));
    while (query.len > 0) {
        struct str value = str_cut(&query, '&');
        struct str name = str_cut(&value, '=');
        if (!take_parameter(name, value, range))
            return false;
    }
    return true;
}

static void on_range(void *arg, enum status status, struct str json)
{
    if (status == STATUS_OK)
        answer_json(arg, 200, json);
    else
        answer_status(arg, status, NULL);
}

void checksum_answer(struct http_request *request, const struct model *model, enum ddl_side side,
                     const char *cluster_key, struct pg_pool *pool)
{
    struct str rest = {request->path.ptr + prefix.len, request->path.len - prefix.len};
    struct str service = str_cut(&rest, '/');
    struct checksum_range range = {.collection = model_find(model, service, rest), .side = side};
    if (!answer_is_trusted(request, cluster_key) || !answer_allows(request, "GET"))
        return;
    if (range.collection == NULL)
        answer_status(request, STATUS_NOT_FOUND, "there is no such service or collection");
    else if (!take_query(request->query, &range))
        answer_status(request, STATUS_BAD_REQUEST,
                      "the parameters are from=<id>, upto=<id>, most=1 to 100000 and list=true");
    else
        checksum_store_ask(pool, &range, on_range, request);
}
