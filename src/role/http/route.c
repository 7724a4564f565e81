#include "role/http/route.h"

#include <stdio.h>

static const struct str prefix = {"/v1/", 4};

bool route_is_known(const struct model *model, struct str path)
{
    struct str id;
    return str_starts_with(path, prefix) || model_find_alias(model, STR(""), path, &id) != NULL;
}

static const struct service *find_service(const struct model *model, struct str name,
                                          struct problem *problem)
{
    const struct service *service = model_find_service(model, name);
    struct buf names = {0};
    if (service != NULL)
        return service;
    for (size_t i = 0; i < model->service_count; i++)
        buf_printf(&names, "%s%s", i == 0 ? "" : ", ", model->services[i].name);
    problem_set(problem, STATUS_NOT_FOUND, "no such service; there are: %s", names.ptr);
    buf_free(&names);
    return NULL;
}

static const struct collection *find_collection(const struct service *service, struct str name,
                                                struct problem *problem)
{
    struct buf names = {0};
    for (size_t i = 0; i < service->collection_count; i++)
        if (str_equal(str_from(service->collections[i]->name), name))
            return service->collections[i];
    for (size_t i = 0; i < service->collection_count; i++)
        buf_printf(&names, "%s%s", i == 0 ? "" : ", ", service->collections[i]->name);
    problem_set(problem, STATUS_NOT_FOUND, "no such collection; %s has: %s", service->name,
                names.len == 0 ? "none" : names.ptr);
    buf_free(&names);
    return NULL;
}

bool route_parse_id(struct str text, struct uuid *out, struct problem *problem)
{
    if (uuid_parse(text, out))
        return true;
    problem_set(problem, STATUS_BAD_REQUEST,
                "the id must be a UUID like 01890a5d-ac96-774b-bcce-b302099a8057");
    return false;
}

/* What stands behind the collection's name; NULL: nothing. */
static bool parse_part(struct str rest, struct route *out, struct problem *problem)
{
    if (rest.ptr == NULL)
        return true;
    if (str_equal(rest, STR("batch"))) {
        out->part = ROUTE_BATCH;
        return true;
    }
    if (str_equal(rest, STR("stats"))) {
        out->part = ROUTE_STATS;
        return true;
    }
    struct str id = str_cut(&rest, '/');
    out->part = rest.ptr == NULL ? ROUTE_RECORD : ROUTE_HISTORY;
    if (rest.ptr != NULL && !str_equal(rest, STR("history"))) {
        problem_set(problem, STATUS_NOT_FOUND, "a record has nothing but its history below it");
        return false;
    }
    return route_parse_id(id, &out->id, problem);
}

static bool parse_own(const struct model *model, struct str path, struct route *out,
                      struct problem *problem)
{
    struct str rest = {path.ptr + prefix.len, path.len - prefix.len};
    out->service = find_service(model, str_cut(&rest, '/'), problem);
    if (out->service == NULL)
        return false;
    /* A slash at the end is forgiven. */
    if (rest.len > 0 && rest.ptr[rest.len - 1] == '/')
        rest.len--;
    if (str_equal(rest, STR("events"))) {
        out->part = ROUTE_EVENTS;
        return true;
    }
    out->collection = find_collection(out->service, str_cut(&rest, '/'), problem);
    return out->collection != NULL && parse_part(rest, out, problem);
}

static void list_methods(const struct model *model, struct str path, struct route *out)
{
    static const char *const known[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
    struct buf methods = {0};
    struct str id;
    for (size_t i = 0; i < countof(known); i++)
        if (model_find_alias(model, str_from(known[i]), path, &id) != NULL)
            buf_printf(&methods, "%s%s%s", methods.len == 0 ? "" : ", ", known[i],
                       i == 0 ? ", HEAD" : "");
    snprintf(out->methods, sizeof(out->methods), STR_FMT, STR_ARG(buf_str(&methods)));
    buf_free(&methods);
}

/* The alias of that method; or, for telling which there are, any of the path. */
static bool parse_alias(const struct model *model, struct str method, struct str path,
                        struct route *out)
{
    struct str id;
    bool is_head = str_equal(method, STR("HEAD"));
    out->alias = model_find_alias(model, is_head ? STR("GET") : method, path, &id);
    if (out->alias == NULL)
        out->alias = model_find_alias(model, STR(""), path, &id);
    assert(out->alias != NULL); /* route_is_known said so */
    list_methods(model, path, out);
    out->collection = out->alias->collection;
    out->service = model_find_service(model, str_from(out->collection->service));
    out->part = alias_has_id(out->alias) ? ROUTE_RECORD : ROUTE_COLLECTION;
    return out->part == ROUTE_COLLECTION || uuid_parse(id, &out->id);
}

bool route_parse(const struct model *model, struct str method, struct str path, struct route *out,
                 struct problem *problem)
{
    *out = (struct route){0};
    if (str_starts_with(path, prefix))
        return parse_own(model, path, out, problem);
    if (parse_alias(model, method, path, out))
        return true;
    /* An id of the former system. */
    problem_set(problem, STATUS_NOT_FOUND, "there is no record with this id");
    return false;
}
