#include "role/write.h"

#include "cqrs/write/page_store.h"
#include "cqrs/write/write_desk.h"
#include "role/http/answer.h"
#include "role/http/batch_request.h"
#include "role/http/checksum.h"
#include "role/http/documents.h"
#include "role/http/old_paths.h"
#include "role/http/older_names.h"
#include "role/http/read_after.h"
#include "role/http/read_answer.h"
#include "role/http/write_request.h"
#include "role/presence/announcer.h"

/* Lifetime: a request's, while the database is at it. */
struct errand {
    struct http_request *request;
    const struct collection *collection;
    const struct alias *alias; /* the older path that it came by, or NULL */
    bool is_old;               /* it came by a path of the former medical system */
};

static void write_etag(const struct change *change, struct buf *out)
{
    buf_append_char(out, '"');
    buf_append_number(out, change->version);
    buf_append_char(out, '"');
}

static void write_location(const struct collection *collection, const struct change *change,
                           struct buf *out)
{
    char id[UUID_TEXT_SIZE];
    uuid_format(&change->id, id);
    buf_append_text(out, "/v1/");
    buf_append_text(out, collection->service);
    buf_append_char(out, '/');
    buf_append_text(out, collection->name);
    buf_append_char(out, '/');
    buf_append_text(out, id);
}

static void answer_change(struct errand *errand, const struct change *change, bool is_replayed)
{
    struct buf body = {0}, texts = {0};
    write_etag(change, &texts);
    size_t etag_len = texts.len;
    write_location(errand->collection, change, &texts);
    struct str etag = {texts.ptr, etag_len},
               location = {texts.ptr + etag_len, texts.len - etag_len};
    struct http_response response = {
        .status = change->is_new ? 201 : 200,
        .headers = {{"content-type", STR("application/json")}, {"etag", etag}}};
    response.body = older_names_of(errand->alias, buf_str(&change->body), &body);
    if (change->is_new)
        response.headers[2] = (struct http_header){"location", location};
    if (change->is_deleted)
        response = (struct http_response){.status = 204, .headers = {{"etag", etag}}};
    if (is_replayed)
        http_answer_with(errand->request, "idempotent-replayed", STR("true"));
    if (errand->alias != NULL && errand->alias->status != 0)
        response.status = (int)errand->alias->status;
    http_reply(errand->request, &response);
    buf_free(&body);
    buf_free(&texts);
}

static void answer_mistake(struct http_request *request, const struct alias *alias,
                           struct problem *problem)
{
    older_names_point(alias, problem);
    answer_problem(request, problem);
}

static void on_command_done(void *arg, const struct write_answer *answer)
{
    struct errand *errand = arg;
    const struct change *change = answer->change;
    if (change != NULL)
        read_after_say(errand->request,
                       &(struct read_token){errand->collection, change->id, change->version});
    if (errand->is_old)
        old_paths_answer_write(errand->request, answer);
    else if (change == NULL)
        answer_mistake(errand->request, errand->alias, answer->problem);
    else
        answer_change(errand, change, answer->is_replayed);
    free(errand);
}

static struct errand *errand_new(struct http_request *request, const struct route *route)
{
    struct errand *errand = mem_new(1, sizeof(*errand));
    *errand = (struct errand){request, route->collection, route->alias, false};
    return errand;
}

static void submit(struct http_request *request, struct command *command, const struct alias *alias,
                   bool is_old)
{
    struct app *app = request->arg;
    struct errand *errand = mem_room(sizeof(*errand));
    *errand = (struct errand){request, command->collection, alias, is_old};
    write_desk_take(app->write_desk, command, on_command_done, errand);
}

static void on_batch_done(void *arg, const struct batch_answer *answer)
{
    struct errand *errand = arg;
    batch_request_answer(errand->request, errand->collection, answer);
    free(errand);
}

static void handle_batch(struct http_request *request, const struct route *route)
{
    struct app *app = request->arg;
    struct problem problem = {0};
    struct batch batch;
    if (batch_request_parse(request, route, &app->idents, &batch, &problem))
        write_batch_take(&app->batch_desk, &batch, on_batch_done, errand_new(request, route));
    else
        answer_problem(request, &problem);
    problem_free(&problem);
}

/* One record, for a read that must not be stale */

/* With what only another version of the model knows of it. */
static void write_whole(const struct collection *collection, const struct command_record *record,
                        struct buf *out)
{
    struct json *whole = record->stored != NULL ? image_complete(collection, record->stored) : NULL;
    json_write(whole != NULL ? whole : record->image, out);
    if (whole != NULL)
        json_free(&whole);
}

static void on_found(void *arg, enum status status, const struct command_record *record)
{
    struct errand *errand = arg;
    if (status == STATUS_OK && record->is_deleted)
        status = STATUS_NOT_FOUND;
    if (status != STATUS_OK) {
        answer_status(errand->request, status,
                      status == STATUS_NOT_FOUND ? "there is no record with this id" : NULL);
    } else {
        struct buf record_json = {0}, body = {0};
        write_whole(errand->collection, record, &record_json);
        read_answer_record(errand->request, record->version,
                           older_names_of(errand->alias, buf_str(&record_json), &body));
        buf_free(&record_json);
        buf_free(&body);
    }
    free(errand);
}

static void find(struct http_request *request, const struct route *route)
{
    struct app *app = request->arg;
    if (request->query.len > 0) {
        answer_status(request, STATUS_BAD_REQUEST, "a single record takes no query parameters");
        return;
    }
    record_store_find(app->records, route->collection, &route->id, on_found,
                      errand_new(request, route));
}

/* Paths */

static void handle_command(struct http_request *request, struct route *route)
{
    struct app *app = request->arg;
    struct problem problem = {0};
    struct command command = {0};
    if (route->part == ROUTE_COLLECTION)
        route->id = uuid_draw(&app->idents);
    if (write_request_parse(request, route, &command, &problem))
        submit(request, &command, route->alias, false);
    else
        answer_mistake(request, route->alias, &problem);
    problem_free(&problem);
}

static void handle_record(struct http_request *request)
{
    static const char *const methods[ROUTE_PART_COUNT] = {
        [ROUTE_COLLECTION] = "POST",
        [ROUTE_BATCH] = "POST",
        [ROUTE_RECORD] = "GET, HEAD, PUT, PATCH, DELETE",
    };
    struct app *app = request->arg;
    struct route route;
    if (!answer_routes(request, app->process->model, methods, &route))
        return;
    if (answer_is_among(request->method, "GET, HEAD"))
        find(request, &route);
    else if (!pg_pool_has_room(app->pool))
        /* Before anything is done for it: what cannot be served must not cost much either. */
        answer_status(request, STATUS_QUEUE_FULL, NULL);
    else if (route.part == ROUTE_BATCH)
        handle_batch(request, &route);
    else
        handle_command(request, &route);
}

static void on_page(void *arg, enum status status, struct str json)
{
    struct http_request *request = arg;
    if (status == STATUS_OK)
        answer_json(request, 200, json);
    else
        answer_status(request, status, NULL);
}

/* "after=<id>", or nothing; false after answering. */
static bool take_after(struct http_request *request, struct uuid *id, const struct uuid **after)
{
    static const struct str name = {"after=", 6};
    *after = NULL;
    if (request->query.len == 0)
        return true;
    *after = id;
    if (str_starts_with(request->query, name) &&
        uuid_parse((struct str){request->query.ptr + name.len, request->query.len - name.len}, id))
        return true;
    answer_status(request, STATUS_BAD_REQUEST, "the one parameter is after=<id>");
    return false;
}

/* /replication/<service>[/<collection>][?after=<id>]: pages for a replica that starts anew. */
static void handle_replication(struct http_request *request)
{
    static const struct str prefix = {"/replication/", 13};
    struct app *app = request->arg;
    const struct model *model = app->process->model;
    struct str rest = {request->path.ptr + prefix.len, request->path.len - prefix.len};
    struct str name = str_cut(&rest, '/');
    const struct service *service = model_find_service(model, name);
    const struct collection *collection = model_find(model, name, rest);
    struct uuid id;
    const struct uuid *after;
    if (!answer_is_trusted(request, app->process->settings.cluster_key) ||
        !answer_allows(request, "GET") || !take_after(request, &id, &after))
        return;
    if (service == NULL || (rest.ptr != NULL && collection == NULL))
        answer_status(request, STATUS_NOT_FOUND, "there is no such service or collection");
    else if (collection != NULL)
        page_store_records(app->pool, collection, after, on_page, request);
    else
        page_store_events(app->pool, service, after, on_page, request);
}

static void handle_old_write(struct http_request *request)
{
    struct app *app = request->arg;
    struct command command = {0};
    if (!pg_pool_has_room(app->pool))
        old_paths_refuse(request, STATUS_QUEUE_FULL, status_info(STATUS_QUEUE_FULL)->sentence);
    else if (old_paths_parse_write(request, app->process->model, &command))
        submit(request, &command, NULL, true);
}

static void handle(struct http_request *request)
{
    struct app *app = request->arg;
    if (old_paths_handle(request, app->process->role->name) ||
        documents_handle(request, app->process->documents))
        return;
    if (!atomic_load(&app->process->is_migrated))
        answer_status(request, STATUS_STARTING, "the database has not been reached yet");
    else if (documents_has(request->path))
        documents_find(request, app->pool);
    else if (route_is_known(app->process->model, request->path))
        handle_record(request);
    else if (str_equal(request->path, STR("/database/write/")))
        handle_old_write(request);
    else if (str_starts_with(request->path, STR("/replication/")))
        handle_replication(request);
    else if (checksum_has(request->path))
        checksum_answer(request, app->process->model, DDL_SIDE_WRITE,
                        app->process->settings.cluster_key, app->pool);
    else
        answer_status(request, STATUS_NOT_FOUND, "records are under /v1/<service>/<collection>");
}

/* The role */

static bool open_app(struct app *app)
{
    app->pool = app_open_pool(app, app->process->settings.write_database_url, POOL_USE_WRITES);
    struct write_store *store = write_store_new(app->pool, app->process->model);
    app->records = record_store_new(app->pool, app->process->model);
    key_claims_init(&app->key_claims);
    app->write_desk = write_desk_new(store, app->records, &app->key_claims);
    app->batch_desk =
        (struct batch_desk){{app->pool, app->records, &app->idents}, store, &app->key_claims};
    return true;
}

static void start(struct process *process)
{
    const struct settings *settings = &process->settings;
    struct relay_options options = {.model = process->model,
                                    .database_url = settings->write_database_url,
                                    .redis_url = settings->redis_url,
                                    .slot = settings->replication_slot,
                                    .history_days = settings->history_days,
                                    .entries_max = settings->stream_entries_max,
                                    .bytes_max = settings->stream_bytes_max,
                                    .retention = settings->replica_retention_seconds * 1000,
                                    .metrics = process->metrics,
                                    .is_migrated = &process->is_migrated,
                                    .refuse_model = app_refuse_model,
                                    .has_reached_redis = &process->has_reached_redis};
    process->relay = relay_start(&options);
    process->announcer = announcer_start(process);
}

static void stop(struct process *process)
{
    announcer_stop(process->announcer);
    relay_stop(process->relay);
}

static const char *unready(struct process *process)
{
    if (!atomic_load(&process->is_migrated))
        return "the database has not been reached yet";
    if (atomic_load(&process->pools_up) < process->app_count)
        return "the database is away";
    /* Only at start: later, Redis may go and writing goes on. */
    return atomic_load(&process->has_reached_redis) ? NULL : "Redis has not been reached yet";
}

static void write_status(struct process *process, struct buf *out)
{
    buf_printf(out, ",\"relay\":\"%s\"", relay_state(process->relay));
}

const struct role role_write = {
    .name = "write",
    .handle = handle,
    .open_app = open_app,
    .start = start,
    .stop = stop,
    .unready = unready,
    .write_status = write_status,
};
