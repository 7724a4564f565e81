#include "role/gateway/passing.h"

#include "role/app.h"
#include "role/gateway/caller/trace_context.h"
#include "role/gateway/gateway.h"

#define NAME "mamparo"

const struct str passing_via = STR("1.1 " NAME);

/* The request's name */

static bool is_name(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~')
            return false;
    return text.len >= 1 && text.len <= HTTP_ID_MAX;
}

void passing_greet(struct http_request *request)
{
    struct app *app = request->arg;
    struct str given = http_request_header(request, STR("x-request-id"));
    char made[TRACE_ID_LENGTH];
    if (!is_name(given)) {
        trace_context_write_id((uint64_t[]){ident_draw(&app->idents), ident_draw(&app->idents)},
                               made);
        given = (struct str){made, sizeof(made)};
    }
    http_request_name(request, given);
}

/* Reading the head */

/* The first of them pass as they came; the very first whatever Connection names, since without them
 * a write would be done blindly, or twice. */
enum head_field {
    FIELD_IF_MATCH,
    FIELD_IF_NONE_MATCH,
    FIELD_IDEMPOTENCY_KEY,
    FIELD_FIRM, /* how many these are */
    FIELD_ACCEPT = FIELD_FIRM,
    FIELD_ACCEPT_ENCODING,
    FIELD_CONTENT_TYPE,
    FIELD_LAST_EVENT_ID,
    FIELD_ACTOR,
    FIELD_CAUSATION_ID,
    FIELD_CORRELATION_ID,
    FIELD_PASSED, /* how many these are */
    FIELD_CONNECTION = FIELD_PASSED,
    FIELD_FORWARDED_FOR,
    FIELD_FORWARDED_PROTO,
    FIELD_TRACEPARENT,
    FIELD_TRACESTATE,
    FIELD_VIA,
    FIELD_COUNT
};

static const struct str names[FIELD_COUNT] = {
    [FIELD_IF_MATCH] = STR("if-match"),
    [FIELD_IF_NONE_MATCH] = STR("if-none-match"),
    [FIELD_IDEMPOTENCY_KEY] = STR("idempotency-key"),
    [FIELD_ACCEPT] = STR("accept"),
    [FIELD_ACCEPT_ENCODING] = STR("accept-encoding"),
    [FIELD_CONTENT_TYPE] = STR("content-type"),
    [FIELD_LAST_EVENT_ID] = STR("last-event-id"),
    [FIELD_ACTOR] = STR("x-actor"),
    [FIELD_CAUSATION_ID] = STR("x-causation-id"),
    [FIELD_CORRELATION_ID] = STR("x-correlation-id"),
    [FIELD_CONNECTION] = STR("connection"),
    [FIELD_FORWARDED_FOR] = STR("x-forwarded-for"),
    [FIELD_FORWARDED_PROTO] = STR("x-forwarded-proto"),
    [FIELD_TRACEPARENT] = STR("traceparent"),
    [FIELD_TRACESTATE] = STR("tracestate"),
    [FIELD_VIA] = STR("via"),
};

/* Lifetime: a call's. */
struct head {
    struct str values[FIELD_COUNT]; /* ptr NULL: there is none */
    struct buf joined[FIELD_COUNT]; /* where the value is of several lines */
};

/* Lines of one name are one list (RFC 9110, 5.3): of what may stand once, that is no value that a
 * server would take, and so no second one is lost without a word. */
static void add(struct head *head, enum head_field field, struct str value)
{
    struct buf *joined = &head->joined[field];
    if (head->values[field].ptr == NULL) {
        head->values[field] = value;
        return;
    }
    if (joined->len == 0)
        buf_append_str(joined, head->values[field]);
    buf_append(joined, ", ", 2);
    buf_append_str(joined, value);
    head->values[field] = buf_str(joined);
}

static void read_head(const struct http_request *request, struct head *head)
{
    struct http_line line;
    memset(head, 0, sizeof(*head));
    for (size_t at = 0; http_request_line(request, at, &line); at++)
        for (enum head_field field = 0; field < FIELD_COUNT; field++)
            if (line.name.len == names[field].len && str_equal(line.name, names[field]))
                add(head, field, line.value);
}

static void free_head(struct head *head)
{
    for (size_t i = 0; i < FIELD_COUNT; i++)
        if (head->joined[i].len > 0)
            buf_free(&head->joined[i]);
}

bool passing_has_been_here(const struct http_request *request)
{
    struct http_line line;
    for (size_t at = 0; http_request_line(request, at, &line); at++)
        while (str_equal(line.name, names[FIELD_VIA]) && line.value.len > 0) {
            struct str entry = str_trim(str_cut(&line.value, ','));
            str_cut(&entry, ' '); /* the protocol */
            struct str by = str_trim(entry);
            if (str_equal_nocase(str_cut(&by, ' '), STR(NAME)))
                return true;
        }
    return false;
}

/* "::" of one that has left meanwhile. */
static struct client_address peer_of(const struct http_request *request)
{
    struct client_address peer;
    if (!http_request_peer(request, peer.bytes))
        memset(&peer, 0, sizeof(peer));
    return peer;
}

static bool is_trusted(const struct http_request *request, const struct client_address *peer)
{
    const struct app *app = request->arg;
    return trusted_proxies_has(app->process->gateway->trusted_proxies, peer);
}

struct client_address passing_client(const struct http_request *request)
{
    const struct app *app = request->arg;
    struct client_address peer = peer_of(request);
    struct head head;
    if (!is_trusted(request, &peer))
        return peer;
    read_head(request, &head);
    peer = client_address_find(app->process->gateway->trusted_proxies, &peer,
                               head.values[FIELD_FORWARDED_FOR]);
    free_head(&head);
    return peer;
}

/* Towards the server */

static void append_line(struct buf *out, struct str name, struct str value)
{
    char *at = buf_reserve(out, name.len + value.len + 4);
    out->len += name.len + value.len + 4;
    at = mempcpy(at, name.ptr, name.len);
    at = mempcpy(at, ": ", 2);
    if (value.len > 0)
        at = mempcpy(at, value.ptr, value.len);
    memcpy(at, "\r\n", sizeof("\r\n"));
}

/* Named by Connection, it is for this hop alone. */
static bool ends_here(const struct head *head, enum head_field field)
{
    struct str list = head->values[FIELD_CONNECTION];
    while (field >= FIELD_FIRM && list.len > 0)
        if (str_equal_nocase(str_trim(str_cut(&list, ',')), names[field]))
            return true;
    return false;
}

/* An empty one too: what it is worth is for the server behind to say. */
static void pass(const struct head *head, struct buf *out)
{
    for (enum head_field field = 0; field < FIELD_PASSED; field++)
        if (head->values[field].ptr != NULL && !ends_here(head, field))
            append_line(out, names[field], head->values[field]);
}

static void write_trace(const struct head *head, struct ident_well *idents, struct buf *out)
{
    struct str state = head->values[FIELD_TRACESTATE];
    uint64_t trace[] = {ident_draw(idents), ident_draw(idents)};
    buf_append_str(out, STR("traceparent: "));
    bool is_continued =
        trace_context_continue(head->values[FIELD_TRACEPARENT], trace, ident_draw(idents), out);
    buf_append(out, "\r\n", 2);
    if (is_continued && trace_context_is_state(state))
        append_line(out, names[FIELD_TRACESTATE], state);
}

/* A client can take nothing of this away with its Connection. */
static void write_origin(const struct http_request *request, const struct head *head,
                         struct buf *out)
{
    struct client_address peer = peer_of(request);
    bool is_believed = is_trusted(request, &peer);
    struct str so_far = head->values[FIELD_FORWARDED_FOR];
    bool is_https = str_equal_nocase(head->values[FIELD_FORWARDED_PROTO], STR("https"));
    buf_append_str(out, STR("x-forwarded-for: "));
    if (is_believed && so_far.len > 0) {
        buf_append_str(out, so_far);
        buf_append(out, ", ", 2);
    }
    client_address_append(&peer, out);
    buf_append_str(out, is_believed && is_https ? STR("\r\nx-forwarded-proto: https\r\n")
                                                : STR("\r\nx-forwarded-proto: http\r\n"));
}

void passing_write_request(const struct http_request *request, struct buf *out)
{
    struct app *app = request->arg;
    struct head head;
    read_head(request, &head);
    pass(&head, out);
    append_line(out, STR("x-request-id"), request->id);
    write_trace(&head, &app->idents, out);
    write_origin(request, &head, out);
    add(&head, FIELD_VIA, passing_via);
    append_line(out, names[FIELD_VIA], head.values[FIELD_VIA]);
    free_head(&head);
}

/* Towards the client */

void passing_read_answer(const struct http_answer_head *head, struct http_response *response)
{
    const struct http_header kept[] = {{"via", passing_via},
                                       {"content-type", head->content_type},
                                       {"etag", head->etag},
                                       {"location", head->location},
                                       {"allow", head->allow},
                                       {"retry-after", head->retry_after},
                                       {"idempotent-replayed", head->replayed},
                                       {"replica-lag-ms", head->replica_lag_ms},
                                       {"read-after", head->read_after},
                                       {"age", head->age},
                                       {"content-encoding", head->content_encoding},
                                       {"vary", head->vary},
                                       {"link", head->link}};
    size_t count = 0;
    static_assert(countof(kept) <= HTTP_HEADERS_MAX, "there is room for each");
    *response = (struct http_response){.status = head->status};
    for (size_t i = 0; i < countof(kept); i++)
        if (kept[i].value.len > 0)
            response->headers[count++] = kept[i];
}

/* In milliseconds, with their thousandths; as many digits as there are. */
static char *put_span(char *at, const char *name, int64_t us)
{
    char digits[24], *digit = digits + sizeof(digits);
    for (int place = 0; place < 4 || us > 0; place++, us /= 10) {
        if (place == 3)
            *--digit = '.';
        *--digit = (char)('0' + us % 10);
    }
    at = mempcpy(at, name, strlen(name));
    return mempcpy(at, digit, (size_t)(digits + sizeof(digits) - digit));
}

void passing_say_times(struct http_request *request, const struct passing_times *times)
{
    char value[128];
    char *end = put_span(value, "gateway;dur=", times->gateway);
    end = put_span(end, ", upstream;dur=", times->upstream);
    if (times->queue > 0)
        end = put_span(end, ", queue;dur=", times->queue);
    http_answer_with(request, "server-timing", (struct str){value, (size_t)(end - value)});
}
