#include "role/http/write_request.h"

#include "role/http/offer.h"
#include "role/http/older_names.h"

/* A type without its parameters: "application/json; charset=utf-8". */
static bool is_type(struct str given, const char *type)
{
    return str_equal_nocase(str_trim(str_cut(&given, ';')), str_from(type));
}

bool write_request_type(const struct http_request *request, struct problem *problem)
{
    struct str given = http_request_header(request, STR("content-type"));
    bool is_patch = str_equal(request->method, STR("PATCH"));
    if (is_type(given, "application/json") ||
        (is_patch && is_type(given, "application/merge-patch+json")))
        return true;
    problem_set(problem, STATUS_UNSUPPORTED_TYPE, "Content-Type must be application/json%s",
                is_patch ? " or application/merge-patch+json" : "");
    return false;
}

struct json *write_request_body(const struct http_request *request, struct problem *problem)
{
    char mistake[JSON_MISTAKE_SIZE];
    struct json *body = json_parse(request->body, mistake);
    if (body == NULL)
        problem_set(problem, STATUS_BAD_REQUEST, "the body is not valid JSON: %s", mistake);
    return body;
}

/* "3" with its quotes, as the plain record has it or the gzipped one; `*` is any version. */
static bool parse_version(struct str text, int64_t *out)
{
    struct str suffix = str_from(offer_gzip_suffix);
    if (str_equal(text, STR("*"))) {
        *out = 0;
        return true;
    }
    if (text.len < 2 || text.ptr[0] != '"' || text.ptr[text.len - 1] != '"')
        return false;
    struct str version = {text.ptr + 1, text.len - 2};
    if (str_ends_with(version, suffix))
        version.len -= suffix.len;
    return str_to_int64(version, out) && *out > 0;
}

static bool take_conditions(const struct http_request *request, struct command *out,
                            struct problem *problem)
{
    struct str match = http_request_header(request, STR("if-match"));
    struct str none = http_request_header(request, STR("if-none-match"));
    if (match.ptr != NULL && (out->kind == COMMAND_CREATE || !parse_version(match, &out->version)))
        problem_set(problem, STATUS_BAD_REQUEST,
                    out->kind == COMMAND_CREATE
                        ? "If-Match has no meaning for a creation"
                        : "If-Match must be one strong ETag like \"3\", or *");
    if (none.ptr != NULL && (out->kind != COMMAND_REPLACE || !str_equal(none, STR("*"))))
        problem_set(problem, STATUS_BAD_REQUEST,
                    "If-None-Match is taken only by PUT, and only as *");
    if (none.ptr != NULL && match.ptr != NULL)
        problem_set(problem, STATUS_BAD_REQUEST, "If-Match and If-None-Match exclude each other");
    out->has_condition = match.ptr != NULL;
    out->must_be_new = none.ptr != NULL;
    return !problem_is_set(problem);
}

enum { ORIGIN_HEADERS = 4, ORIGIN_HEADER_MAX = 200, KEY_MAX = 255 };

static bool is_visible(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~')
            return false;
    return true;
}

/* A copy that stays where it is: room for all of them is made with the first, and most requests
 * have none. */
static struct str keep(struct buf *texts, struct str text)
{
    if (text.len == 0)
        return STR("");
    if (texts->capacity == 0)
        buf_reserve(texts, ORIGIN_HEADERS * ORIGIN_HEADER_MAX + KEY_MAX);
    size_t from = texts->len;
    buf_append_str(texts, text);
    return (struct str){texts->ptr + from, text.len};
}

static struct json *without_private(const struct collection *collection, const struct json *body)
{
    struct json *kept = json_make_object();
    for (struct json_member m = json_first(body); m.key != NULL; m = json_next(body, m)) {
        const struct field *field = schema_find_field(collection, str_from(m.key));
        if (field == NULL || field->privacy == PRIVACY_NONE)
            json_put(kept, m.key, json_share(m.value));
    }
    return kept;
}

/* A body, or a batch's members, without private fields; false where the collection has none, and
 * where it is no JSON: then it is refused anyway. */
static bool write_public_part(const struct collection *collection, struct str text, struct buf *out)
{
    char mistake[JSON_MISTAKE_SIZE];
    bool has_private = schema_find_private(collection, PRIVACY_MASK) != NULL ||
                       schema_find_private(collection, PRIVACY_YEAR) != NULL;
    struct json *body = has_private ? json_parse(text, mistake) : NULL;
    if (body == NULL)
        return false;
    bool is_batch = json_kind(body) == JSON_KIND_ARRAY;
    for (size_t i = 0; i < (is_batch ? json_count(body) : 1); i++) {
        const struct json *one = is_batch ? json_item(body, i) : body;
        struct json *kept =
            json_kind(one) == JSON_KIND_OBJECT ? without_private(collection, one) : json_share(one);
        json_write(kept, out);
        json_free(&kept);
    }
    json_free(&body);
    return true;
}

/* draft-ietf-httpapi-idempotency-key-header: the key, and what it stands for. */
static bool take_key(const struct http_request *request, struct command *command,
                     struct problem *problem)
{
    struct str key = http_request_header(request, STR("idempotency-key"));
    struct str parts[] = {request->method, request->path, request->query, request->body};
    if (key.ptr == NULL)
        return true;
    if (key.len == 0 || key.len > KEY_MAX || !is_visible(key)) {
        problem_set(problem, STATUS_BAD_REQUEST,
                    "Idempotency-Key must be 1 to %d visible ASCII characters", KEY_MAX);
        return false;
    }
    command->key = keep(&command->origin_texts, key);
    struct buf public = {0};
    struct str secret = command->collection->pseudonym_key;
    /* Of personal data not even a hash is kept that could be guessed at. */
    if (secret.len == 0 && write_public_part(command->collection, request->body, &public))
        parts[countof(parts) - 1] = buf_str(&public);
    digest_sha256(parts, countof(parts), command->request);
    if (secret.len > 0)
        digest_hmac(secret, (struct str){(const char *)command->request, DIGEST_SIZE},
                    command->request);
    buf_free(&public);
    return true;
}

bool write_request_origin(const struct http_request *request, struct command *command,
                          struct problem *problem)
{
    struct {
        struct str name;
        struct str *place;
    } headers[ORIGIN_HEADERS] = {
        {STR("x-actor"), &command->origin.actor},
        {STR("traceparent"), &command->origin.traceparent},
        {STR("x-correlation-id"), &command->origin.correlation_id},
        {STR("x-causation-id"), &command->origin.causation_id},
    };
    for (size_t i = 0; i < countof(headers); i++) {
        struct str value = http_request_header(request, headers[i].name);
        if (value.len > ORIGIN_HEADER_MAX || !str_is_utf8(value)) {
            problem_set(problem, STATUS_BAD_REQUEST,
                        "the header " STR_FMT " must be UTF-8 of at most %d bytes",
                        STR_ARG(headers[i].name), ORIGIN_HEADER_MAX);
            return false;
        }
        *headers[i].place = keep(&command->origin_texts, value);
    }
    return take_key(request, command, problem);
}

static enum command_kind kind_of(struct str method)
{
    if (str_equal(method, STR("POST")))
        return COMMAND_CREATE;
    if (str_equal(method, STR("PUT")))
        return COMMAND_REPLACE;
    return str_equal(method, STR("PATCH")) ? COMMAND_PATCH : COMMAND_DELETE;
}

bool write_request_parse(struct http_request *request, const struct route *route,
                         struct command *out, struct problem *problem)
{
    *out = (struct command){
        .kind = kind_of(request->method), .collection = route->collection, .id = route->id};
    if (request->query.len > 0)
        problem_set(problem, STATUS_BAD_REQUEST, "a command takes no query parameters");
    bool has_body = out->kind != COMMAND_DELETE;
    bool is_typed = has_body && route->alias == NULL; /* the former systems did not look */
    bool is_fine = !problem_is_set(problem) && take_conditions(request, out, problem) &&
                   (!is_typed || write_request_type(request, problem)) &&
                   write_request_origin(request, out, problem);
    if (is_fine && has_body)
        out->body = write_request_body(request, problem);
    if (out->body != NULL)
        older_names_read(route->alias, &out->body);
    if (problem_is_set(problem))
        command_free(out);
    return !problem_is_set(problem);
}
