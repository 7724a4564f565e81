#include "io/http/http_head.h"

#include <ctype.h>
#include <stddef.h>
#include <strings.h>
#include <sys/types.h>

enum { HEADERS_MAX = 100, ANSWER_HEAD_MAX = 65536 };

/* picohttpparser lives inside libh2o, which exports it but ships no header of it. */
struct phr_header {
    const char *name;
    size_t name_len;
    const char *value;
    size_t value_len;
};
int phr_parse_request(const char *buf, size_t len, const char **method, size_t *method_len,
                      const char **path, size_t *path_len, int *minor_version,
                      struct phr_header *headers, size_t *num_headers, size_t last_len);
int phr_parse_response(const char *buf, size_t len, int *minor_version, int *status,
                       const char **msg, size_t *msg_len, struct phr_header *headers,
                       size_t *num_headers, size_t last_len);

struct head {
    struct str method, path;
    int minor_version;
    struct phr_header headers[HEADERS_MAX];
    size_t header_count;
};

static struct str name_of(const struct phr_header *header)
{
    return (struct str){header->name, header->name_len};
}

static struct str value_of(const struct phr_header *header)
{
    return (struct str){header->value, header->value_len};
}

static inline bool is_named(const struct phr_header *header, struct str name)
{
    return header->name_len == name.len && strncasecmp(header->name, name.ptr, name.len) == 0;
}

/* Every line ends in CR LF, and neither stands alone. */
static bool has_clean_lines(struct str head)
{
    while (head.len > 0) {
        const char *cr = memchr(head.ptr, '\r', head.len), *lf = memchr(head.ptr, '\n', head.len);
        if (cr == NULL || lf != cr + 1)
            return cr == NULL && lf == NULL;
        head.len -= (size_t)(lf + 1 - head.ptr);
        head.ptr = lf + 1;
    }
    return true;
}

static bool is_token(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!isalnum((unsigned char)text.ptr[i]) && strchr("!#$%&'*+-.^_`|~", text.ptr[i]) == NULL)
            return false;
    return text.len > 0;
}

static bool is_known_method(struct str method)
{
    static const char *const known[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
    for (size_t i = 0; i < countof(known); i++)
        if (str_equal(method, str_from(known[i])))
            return true;
    return false;
}

static const char *fault_of_target(struct str path)
{
    if (path.len == 0 || path.ptr[0] != '/')
        return "the target must be a path that begins with '/'";
    for (size_t i = 0; i < path.len; i++)
        if ((unsigned char)path.ptr[i] <= ' ' || (unsigned char)path.ptr[i] >= 0x7f ||
            path.ptr[i] == '#')
            return "the target has a character that must be percent-encoded";
    return NULL;
}

static bool is_length(struct str value)
{
    int64_t length;
    return value.len > 0 && value.ptr[0] != '-' && str_to_int64(value, &length);
}

static unsigned count_of(const struct head *head, struct str name)
{
    unsigned count = 0;
    for (size_t i = 0; i < head->header_count; i++)
        count += is_named(&head->headers[i], name);
    return count;
}

/* Of what may stand only once, the second would be lost without a word. */
static const char *fault_of_repetition(const struct head *head)
{
    unsigned hosts = count_of(head, STR("host"));
    if (hosts > 1 || (hosts == 0 && head->minor_version > 0))
        return "there must be one Host";
    if (count_of(head, STR("content-length")) > 1)
        return "there is more than one Content-Length";
    return count_of(head, STR("read-after")) > 1 ? "there is more than one Read-After" : NULL;
}

static const char *fault_of_headers(const struct head *head)
{
    for (size_t i = 0; i < head->header_count; i++) {
        const struct phr_header *header = &head->headers[i];
        if (header->name == NULL)
            return "a header line is folded";
        if (!is_token(name_of(header)))
            return "a header's name is malformed";
        if (is_named(header, STR("content-length")) && !is_length(value_of(header)))
            return "Content-Length is not a number";
    }
    return fault_of_repetition(head);
}

static bool has_transfer_encoding(const struct head *head)
{
    for (size_t i = 0; i < head->header_count; i++)
        if (is_named(&head->headers[i], STR("transfer-encoding")))
            return true;
    return false;
}

enum status http_head_check(struct str raw, const char **why)
{
    struct head head = {.header_count = HEADERS_MAX};
    int size =
        phr_parse_request(raw.ptr, raw.len, &head.method.ptr, &head.method.len, &head.path.ptr,
                          &head.path.len, &head.minor_version, head.headers, &head.header_count, 0);
    *why = "the request is malformed";
    if (size <= 0 || !is_token(head.method))
        return STATUS_BAD_REQUEST;
    *why = "a line of the head does not end in CR LF";
    if (!has_clean_lines((struct str){raw.ptr, (size_t)size}))
        return STATUS_BAD_REQUEST;
    if ((*why = fault_of_headers(&head)) != NULL)
        return STATUS_BAD_REQUEST;
    *why = "a Transfer-Encoding is not accepted: send Content-Length";
    if (has_transfer_encoding(&head))
        return STATUS_LENGTH_REQUIRED;
    *why = "the methods are GET, HEAD, POST, PUT, PATCH and DELETE";
    if (!is_known_method(head.method))
        return STATUS_METHOD_NOT_ALLOWED;
    *why = fault_of_target(head.path);
    return *why == NULL ? STATUS_OK : STATUS_BAD_REQUEST;
}

/* A word in a list with commas. */
static bool has_word(struct str list, struct str word)
{
    while (list.len > 0)
        if (str_equal_nocase(str_trim(str_cut(&list, ',')), word))
            return true;
    return false;
}

#define KEPT(text, member)                                                                         \
    {                                                                                              \
        STR(text), offsetof(struct http_answer_head, member)                                       \
    }

static const struct {
    struct str name;
    size_t place; /* in the head, of its value */
} kept[] = {
    KEPT("content-type", content_type),
    KEPT("etag", etag),
    KEPT("location", location),
    KEPT("allow", allow),
    KEPT("retry-after", retry_after),
    KEPT("idempotent-replayed", replayed),
    KEPT("replica-lag-ms", replica_lag_ms),
    KEPT("read-after", read_after),
    KEPT("age", age),
    KEPT("content-encoding", content_encoding),
    KEPT("vary", vary),
    KEPT("link", link),
};

static void read_answer_header(const struct phr_header *header, struct http_answer_head *out,
                               bool *closes)
{
    struct str value = str_trim(value_of(header));
    for (size_t i = 0; i < countof(kept); i++)
        if (is_named(header, kept[i].name))
            *(struct str *)(void *)((char *)out + kept[i].place) = value;
    if (is_named(header, STR("connection"))) {
        *closes = *closes || has_word(value, STR("close"));
        out->keeps_alive = out->keeps_alive || has_word(value, STR("keep-alive"));
    }
}

/* Of what says where the body ends: a single length, or the one transfer coding that is read. */
static bool read_framing(const struct phr_header *header, struct http_answer_head *out)
{
    struct str value = str_trim(value_of(header));
    if (is_named(header, STR("content-length")))
        return out->content_length < 0 && is_length(value) &&
               str_to_int64(value, &out->content_length);
    if (!is_named(header, STR("transfer-encoding")))
        return true;
    bool is_first = !out->is_chunked;
    out->is_chunked = true;
    return is_first && str_equal_nocase(value, STR("chunked"));
}

static bool is_answer(struct str head, int status)
{
    return head.len <= ANSWER_HEAD_MAX && status >= 100 && status <= 599 && has_clean_lines(head);
}

/* What its status forbids would be taken for the answer to come. */
static bool may_have_body(const struct http_answer_head *head)
{
    return head->status != 204 || (head->content_length <= 0 && !head->is_chunked);
}

int http_head_parse_answer(struct str raw, struct http_answer_head *out)
{
    struct head head = {.header_count = HEADERS_MAX};
    struct str phrase;
    *out = (struct http_answer_head){.content_length = -1};
    int size = phr_parse_response(raw.ptr, raw.len, &head.minor_version, &out->status, &phrase.ptr,
                                  &phrase.len, head.headers, &head.header_count, 0);
    if (size == -2 && raw.len < ANSWER_HEAD_MAX)
        return 0;
    if (size < 0 || !is_answer((struct str){raw.ptr, (size_t)size}, out->status))
        return -1;
    out->head_bytes = (size_t)size;
    out->keeps_alive = head.minor_version > 0;
    bool closes = false;
    for (size_t i = 0; i < head.header_count; i++) {
        if (head.headers[i].name == NULL || !read_framing(&head.headers[i], out))
            return -1;
        read_answer_header(&head.headers[i], out, &closes);
    }
    out->keeps_alive = out->keeps_alive && !closes;
    return may_have_body(out) ? 1 : -1;
}
