#include "model/openapi/operation.h"

#include "base/status.h"
#include "model/openapi/body.h"
#include "model/openapi/component.h"
#include "model/openapi/list_query.h"
#include "model/openapi/literal.h"
#include "model/openapi/live_path.h"
#include "model/openapi/record_schema.h"
#include "model/openapi/switch_path.h"

#define COMMAND " IdempotencyKey Actor Traceparent CorrelationId CausationId"

/* One line of what a collection can do. The words of `successes` are status codes; those of
 * `parameters` and `refusals` name components. */
struct operation {
    const char *method, *verb;
    const char *below; /* the collection's path */
    const char *summary;
    enum body takes, gives;
    const char *successes;
    const char *parameters;
    const char *refusals;
    bool is_change; /* of a record that is there: it may have to name the version */
};

static const struct operation operations[] = {
    {"get", "list", "", "List", BODY_NONE, BODY_PAGE, "200 304", "Page Cursor Known ReadAfter",
     "400 503 504", false},
    {"get", "stats", "/stats", "Count", BODY_NONE, BODY_COUNTS, "200 304", "Known ReadAfter",
     "400 503 504", false},
    {"post", "create", "", "Create one of", BODY_INPUT, BODY_RECORD, "201", COMMAND,
     "400 409 413 415 422 503 504", false},
    {"post", "batch", "/batch", "Create and change many of", BODY_BATCH, BODY_OUTCOMES, "200",
     "Atomic" COMMAND, "400 409 413 415 422 503 504", false},
    {"get", "get", "/{id}", "Get one of", BODY_NONE, BODY_RECORD, "200 304", "Id Known ReadAfter",
     "400 404 503 504", false},
    {"put", "replace", "/{id}", "Replace one of", BODY_INPUT, BODY_RECORD, "200 201",
     "Id IfMatch IfNoneMatch" COMMAND, "400 404 409 412 413 415 422 503 504", true},
    {"patch", "patch", "/{id}", "Change one of", BODY_PATCH, BODY_RECORD, "200",
     "Id IfMatch" COMMAND, "400 404 409 412 413 415 422 503 504", true},
    {"delete", "delete", "/{id}", "Delete one of", BODY_NONE, BODY_NONE, "204",
     "Id IfMatch" COMMAND, "400 404 409 412 422 503 504", true},
    {"get", "history", "/{id}/history", "The history of one of", BODY_NONE, BODY_HISTORY, "200 304",
     "Id Page Known ReadAfter", "400 404 503 504", false},
};

static bool is_command(const struct operation *operation)
{
    return strcmp(operation->method, "get") != 0;
}

/* Parameters */

static bool needs_version(const struct operation *operation, const struct place *place)
{
    return operation->is_change && place->collection->requires_version;
}

/* A PUT with If-None-Match changes nothing that is there, so it can do without. */
static bool is_if_match_required(const struct operation *operation, const struct place *place)
{
    return needs_version(operation, place) && strcmp(operation->method, "put") != 0;
}

static struct json *make_parameters(const struct operation *operation, const struct place *place)
{
    struct json *parameters = json_make_array();
    struct str words = str_from(operation->parameters);
    while (words.len > 0) {
        struct str word = str_cut(&words, ' ');
        if (str_equal(word, STR("IfMatch")) && is_if_match_required(operation, place))
            word = STR("IfMatchRequired");
        if (word.len > 0)
            json_push(parameters, component_refer("parameters", word));
    }
    if (operation->gives == BODY_PAGE || operation->gives == BODY_HISTORY)
        json_push(parameters,
                  literal_json("{'name':'page_size','in':'query','schema':{'type':'integer',"
                               "'minimum':1,'maximum':100,'default':%d}}",
                               (int)place->collection->page_size));
    if (operation->gives == BODY_PAGE)
        list_query_push_list(parameters, place->collection);
    if (operation->gives == BODY_COUNTS)
        list_query_push_stats(parameters, place->collection);
    return parameters;
}

/* Responses */

static void put_header(struct json *headers, const char *name)
{
    json_put(headers, name, component_refer("headers", str_from(name)));
}

static void put_reading_headers(struct json *headers)
{
    put_header(headers, "Vary");
    put_header(headers, "Age");
    put_header(headers, "Replica-Lag-Ms");
}

static struct json *success_headers(const struct operation *operation, struct str code)
{
    struct json *headers = json_make_object();
    bool is_new = str_equal(code, STR("201")) || strcmp(operation->verb, "create") == 0;
    if (operation->gives == BODY_RECORD || operation->is_change || !is_command(operation))
        put_header(headers, "ETag");
    if (is_new)
        put_header(headers, "Location");
    if (operation->gives == BODY_PAGE)
        put_header(headers, "Link");
    if (is_command(operation)) {
        put_header(headers, "Read-After");
        put_header(headers, "Idempotent-Replayed");
    } else {
        put_reading_headers(headers);
    }
    return headers;
}

static struct json *success(const struct operation *operation, const struct place *place,
                            struct str code)
{
    struct json *response = json_make_object();
    int64_t http = 0;
    bool is_number = str_to_int64(code, &http);
    assert(is_number);
    json_put(response, "description", json_make_string(str_from(status_http_phrase((int)http))));
    struct json *headers = success_headers(operation, code);
    if (json_count(headers) > 0)
        json_put(response, "headers", headers);
    else
        json_free(&headers);
    if (operation->gives != BODY_NONE && http != 304)
        json_put(response, "content", body_content(operation->gives, place));
    return response;
}

/* Takes `value` over. */
static void put_at(struct json *object, struct str key, struct json *value)
{
    char *text = mem_copy(key.ptr, key.len);
    json_put(object, text, value);
    free(text);
}

static void put_refusals(struct json *responses, const struct operation *operation,
                         const struct place *place)
{
    struct str codes = str_from(operation->refusals);
    while (codes.len > 0) {
        struct str code = str_cut(&codes, ' ');
        /* The former systems did not look at the type of a body. */
        if (place->alias == NULL || !str_equal(code, STR("415")))
            put_at(responses, code, component_refer("responses", code));
    }
    if (needs_version(operation, place))
        json_put(responses, "428", component_refer("responses", STR("428")));
    json_put(responses, "default", component_refer("responses", STR("default")));
}

static struct json *make_responses(const struct operation *operation, const struct place *place)
{
    struct json *responses = json_make_object();
    struct buf older = {0};
    struct str codes = str_from(operation->successes);
    if (place->alias != NULL && place->alias->status != 0 && is_command(operation)) {
        buf_printf(&older, "%lld", (long long)place->alias->status);
        codes = buf_str(&older);
    }
    while (codes.len > 0) {
        struct str code = str_cut(&codes, ' ');
        put_at(responses, code, success(operation, place, code));
    }
    put_refusals(responses, operation, place);
    buf_free(&older);
    return responses;
}

/* Operations. `name` is the last part of the identifier: dots keep the parts apart, since a name
 * of ours has none. */

static struct json *make_operation(const struct operation *operation, const struct place *place,
                                   const char *name)
{
    const struct collection *collection = place->collection;
    struct json *made =
        literal_json("{'operationId':'%s.%s.%s','tags':['%s'],'summary':'%s %s/%s'}",
                     collection->service, collection->name, name, collection->service,
                     operation->summary, collection->service, collection->name);
    json_put(made, "parameters", make_parameters(operation, place));
    if (operation->takes != BODY_NONE) {
        struct json *body = literal_json("{'required':true}");
        json_put(body, "content", body_content(operation->takes, place));
        json_put(made, "requestBody", body);
    }
    json_put(made, "responses", make_responses(operation, place));
    return made;
}

/* Beside the other methods of the path. */
static void put_operation(struct json *paths, const char *path, const char *method,
                          struct json *operation)
{
    if (json_find(paths, path) == NULL)
        json_put(paths, path, json_make_object());
    json_put(json_find(paths, path), method, operation);
}

static void put_own(struct json *paths, const struct place *place)
{
    for (size_t i = 0; i < countof(operations); i++) {
        const struct operation *operation = &operations[i];
        struct buf path = {0};
        buf_printf(&path, "/v1/%s/%s%s", place->collection->service, place->collection->name,
                   operation->below);
        put_operation(paths, path.ptr, operation->method,
                      make_operation(operation, place, operation->verb));
        buf_free(&path);
    }
}

/* What an alias stands for. */
static const struct operation *find_operation(const struct alias *alias)
{
    const char *below = alias_has_id(alias) ? "/{id}" : "";
    for (size_t i = 0; i < countof(operations); i++)
        if (str_equal_nocase(str_from(alias->method), str_from(operations[i].method)) &&
            strcmp(operations[i].below, below) == 0)
            return &operations[i];
    return NULL;
}

static void put_aliases(struct json *paths, const struct model *model,
                        const struct aliases *aliases)
{
    for (size_t i = 0; i < aliases->count; i++) {
        const struct alias *alias = &aliases->items[i];
        const struct operation *operation = find_operation(alias);
        struct place place = {model, alias->collection, alias};
        struct buf name = {0};
        assert(operation != NULL); /* aliases_load looked */
        buf_printf(&name, "older_%zu", i + 1);
        put_operation(paths, alias->path, operation->method,
                      make_operation(operation, &place, name.ptr));
        buf_free(&name);
    }
}

/* What the contract itself is served by. */
static void put_contract(struct json *paths)
{
    literal_join(
        paths,
        literal_json(
            "{'/v1/openapi.json':{'get':{'operationId':'openapi','summary':'This document',"
            "'responses':{'200':{'description':'OK','content':{'application/json':{'schema':{"
            "'type':'object'}}}},'default':{'$ref':'#/components/responses/default'}}}},"
            "'/v1/schemas/{fingerprint}':{'get':{'operationId':'schema',"
            "'summary':'The Avro schema that an event was written with',"
            "'parameters':[{'$ref':'#/components/parameters/Fingerprint'}],"
            "'responses':{'200':{'description':'OK','headers':{'Cache-Control':{"
            "'$ref':'#/components/headers/Cache-Control'}},"
            "'content':{'application/json':{'schema':{'type':'object'}}}},"
            "'404':{'$ref':'#/components/responses/404'},"
            "'503':{'$ref':'#/components/responses/503'},"
            "'default':{'$ref':'#/components/responses/default'}}}}}"));
}

struct json *operation_make_paths(const struct model *model)
{
    struct json *paths = json_make_object();
    for (size_t s = 0; s < model->service_count; s++) {
        const struct service *service = &model->services[s];
        for (size_t c = 0; c < service->collection_count; c++)
            put_own(paths, &(struct place){model, service->collections[c], NULL});
        live_path_put(paths, service);
        put_aliases(paths, model, &service->aliases);
    }
    switch_paths_put(paths, model);
    put_contract(paths);
    return paths;
}
