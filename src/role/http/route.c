#include "role/http/route.h"

static const struct str prefix = {"/v1/", 4};

bool route_is_v1(struct str path)
{
    return str_starts_with(path, prefix);
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
    for (size_t i = 0; i < service->collection_count; i++) {
        if (str_equal(str_from(service->collections[i]->name), name)) {
            buf_free(&names);
            return service->collections[i];
        }
        buf_printf(&names, "%s%s", i == 0 ? "" : ", ", service->collections[i]->name);
    }
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

bool route_parse(const struct model *model, struct str path, struct route *out,
                 struct problem *problem)
{
    struct str rest = {path.ptr + prefix.len, path.len - prefix.len};
    out->service = find_service(model, str_cut(&rest, '/'), problem);
    if (out->service == NULL)
        return false;
    /* A slash at the end is forgiven. */
    if (rest.len > 0 && rest.ptr[rest.len - 1] == '/')
        rest.len--;
    struct str name = str_cut(&rest, '/');
    out->collection = find_collection(out->service, name, problem);
    out->has_id = rest.ptr != NULL;
    return out->collection != NULL && (!out->has_id || route_parse_id(rest, &out->id, problem));
}
