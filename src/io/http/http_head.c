#include "io/http/http_head.h"

#include <stddef.h>

enum { HEADERS_MAX = 100, ANSWER_HEAD_MAX = 65536 };

/* Which bytes may stand where. */
enum { TOKEN = 1, TARGET = 2, VALUE = 4, EVERYWHERE = TOKEN | TARGET | VALUE };
static const uint8_t kinds[UINT8_MAX + 1] = {
    ['\t'] = VALUE,
    [' '] = VALUE,
    ['!'] = EVERYWHERE,
    ['"'] = TARGET | VALUE,
    ['#'] = TOKEN | VALUE,
    ['$' ... '\''] = EVERYWHERE,
    ['(' ... ')'] = TARGET | VALUE,
    ['*' ... '+'] = EVERYWHERE,
    [','] = TARGET | VALUE,
    ['-' ... '.'] = EVERYWHERE,
    ['/'] = TARGET | VALUE,
    ['0' ... '9'] = EVERYWHERE,
    [':' ... '@'] = TARGET | VALUE,
    ['A' ... 'Z'] = EVERYWHERE,
    ['[' ... ']'] = TARGET | VALUE,
    ['^' ... 'z'] = EVERYWHERE,
    ['{'] = TARGET | VALUE,
    ['|'] = EVERYWHERE,
    ['}'] = TARGET | VALUE,
    ['~'] = EVERYWHERE,
    [0x80 ... 0xff] = VALUE,
};

static bool is_all(struct str text, uint8_t kind)
{
    for (size_t i = 0; i < text.len; i++)
        kind &= kinds[(unsigned char)text.ptr[i]];
    return kind != 0;
}

static bool is_token(struct str text)
{
    return text.len > 0 && is_all(text, TOKEN);
}

static bool is_length(struct str value)
{
    int64_t length;
    return value.len > 0 && value.ptr[0] != '-' && str_to_int64(value, &length);
}

/* Without its end, which is CR LF. A CR within is left in it, where nothing takes one. */
static bool cut_line(struct str *rest, struct str *line)
{
    const char *lf = rest->len == 0 ? NULL : memchr(rest->ptr, '\n', rest->len);
    if (lf == NULL || lf == rest->ptr || lf[-1] != '\r')
        return false;
    *line = (struct str){rest->ptr, (size_t)(lf - rest->ptr) - 1};
    *rest = (struct str){lf + 1, rest->len - line->len - 2};
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* What is wrong with a header line, which is not empty; NULL: nothing. */
static const char *fault_of_line(struct str line, struct str *name, struct str *value)
{
    *value = line;
    *name = str_cut(value, ':');
    if (is_blank(line.ptr[0]))
        return "a header line is folded";
    if (value->ptr == NULL || !is_token(*name))
        return "a header's name is malformed";
    return is_all(*value, VALUE) ? NULL : "a header's value has a control character";
}

/* Requests */

/* What may not stand twice, or not at all. */
enum { HOST, CONTENT_LENGTH, READ_AFTER, TRANSFER_ENCODING, OTHER };
static const struct str counted[OTHER] = {
    [HOST] = STR("host"),
    [CONTENT_LENGTH] = STR("content-length"),
    [READ_AFTER] = STR("read-after"),
    [TRANSFER_ENCODING] = STR("transfer-encoding"),
};

struct head {
    struct str method, target;
    bool needs_host;
    unsigned counts[OTHER + 1];
};

static bool read_request_line(struct str line, struct head *out)
{
    static const struct str version = STR("HTTP/1.");
    out->method = str_cut(&line, ' ');
    out->target = str_cut(&line, ' ');
    if (line.len != version.len + 1 || !str_starts_with(line, version))
        return false;
    char minor = line.ptr[version.len];
    out->needs_host = minor != '0';
    return minor >= '0' && minor <= '9' && is_token(out->method);
}

static size_t counted_as(struct str name)
{
    size_t which = 0;
    while (which < OTHER && !str_equal_nocase(name, counted[which]))
        which++;
    return which;
}

/* What stands behind the blanks that may precede it; those behind it are taken for a part. */
static bool has_length(struct str value)
{
    while (value.len > 0 && is_blank(value.ptr[0]))
        value.ptr++, value.len--;
    return is_length(value);
}

static const char *fault_of_header(struct str line, struct head *head)
{
    struct str name, value;
    const char *fault = fault_of_line(line, &name, &value);
    if (fault != NULL)
        return fault;
    size_t which = counted_as(name);
    head->counts[which]++;
    return which == CONTENT_LENGTH && !has_length(value) ? "Content-Length is not a number" : NULL;
}

/* Of what may stand only once, the second would be lost without a word. */
static const char *fault_of_repetition(const struct head *head)
{
    if (head->counts[HOST] > 1 || (head->counts[HOST] == 0 && head->needs_host))
        return "there must be one Host";
    if (head->counts[CONTENT_LENGTH] > 1)
        return "there is more than one Content-Length";
    return head->counts[READ_AFTER] > 1 ? "there is more than one Read-After" : NULL;
}

static const char *fault_of_lines(struct str raw, struct head *head)
{
    static const struct str nothing = STR("\r\n");
    static const char ending[] = "a line of the head does not end in CR LF";
    struct str line;
    if (str_starts_with(raw, nothing)) /* RFC 9112, 2.2: one empty line is forgiven */
        raw = (struct str){raw.ptr + nothing.len, raw.len - nothing.len};
    if (!cut_line(&raw, &line))
        return ending;
    if (!read_request_line(line, head))
        return "the request is malformed";
    for (size_t count = 0; cut_line(&raw, &line); count++) {
        if (line.len == 0)
            return fault_of_repetition(head);
        const char *fault = fault_of_header(line, head);
        if (fault != NULL || count == HEADERS_MAX)
            return fault != NULL ? fault : "there are too many headers";
    }
    return ending;
}

static bool is_known(struct str method)
{
    static const struct str known[] = {STR("GET"), STR("HEAD"),  STR("POST"),
                                       STR("PUT"), STR("PATCH"), STR("DELETE")};
    for (size_t i = 0; i < countof(known); i++)
        if (str_equal(method, known[i]))
            return true;
    return false;
}

static const char *fault_of_target(struct str target)
{
    if (target.len == 0 || target.ptr[0] != '/')
        return "the target must be a path that begins with '/'";
    return is_all(target, TARGET) ? NULL
                                  : "the target has a character that must be percent-encoded";
}

enum status http_head_check(struct str raw, const char **why)
{
    struct head head = {0};
    if ((*why = fault_of_lines(raw, &head)) != NULL)
        return STATUS_BAD_REQUEST;
    *why = "a Transfer-Encoding is not accepted: send Content-Length";
    if (head.counts[TRANSFER_ENCODING] > 0)
        return STATUS_LENGTH_REQUIRED;
    *why = "the methods are GET, HEAD, POST, PUT, PATCH and DELETE";
    if (!is_known(head.method))
        return STATUS_METHOD_NOT_ALLOWED;
    *why = fault_of_target(head.target);
    return *why == NULL ? STATUS_OK : STATUS_BAD_REQUEST;
}

/* Answers */

static bool read_status_line(struct str line, struct http_answer_head *out)
{
    enum { DIGITS = 3 };
    static const struct str version = STR("HTTP/1.");
    struct str phrase = line, protocol = str_cut(&phrase, ' '), digits = str_cut(&phrase, ' ');
    int64_t status;
    if (protocol.len != version.len + 1 || !str_starts_with(protocol, version) ||
        digits.len != DIGITS || !str_to_int64(digits, &status) || phrase.ptr == NULL ||
        !is_all(phrase, VALUE))
        return false;
    char minor = protocol.ptr[version.len];
    out->status = (int)status;
    out->keeps_alive = minor != '0';
    return minor >= '0' && minor <= '9' && status >= 100 && status <= 599;
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

/* Of what says where the body ends: a single length, or the one transfer coding that is read. */
static bool read_length(struct str value, struct http_answer_head *out)
{
    return out->content_length < 0 && is_length(value) && str_to_int64(value, &out->content_length);
}

static bool read_coding(struct str value, struct http_answer_head *out)
{
    bool is_first = !out->is_chunked;
    out->is_chunked = true;
    return is_first && str_equal_nocase(value, STR("chunked"));
}

static bool read_answer_header(struct str line, struct http_answer_head *out, bool *closes)
{
    struct str name, value;
    if (fault_of_line(line, &name, &value) != NULL)
        return false;
    value = str_trim(value);
    for (size_t i = 0; i < countof(kept); i++)
        if (str_equal_nocase(name, kept[i].name)) {
            *(struct str *)(void *)((char *)out + kept[i].place) = value;
            return true;
        }
    if (str_equal_nocase(name, STR("content-length")))
        return read_length(value, out);
    if (str_equal_nocase(name, STR("transfer-encoding")))
        return read_coding(value, out);
    if (str_equal_nocase(name, STR("connection"))) {
        *closes = *closes || has_word(value, STR("close"));
        out->keeps_alive = out->keeps_alive || has_word(value, STR("keep-alive"));
    }
    return true;
}

/* What its status forbids would be taken for the answer to come. */
static bool may_have_body(const struct http_answer_head *head)
{
    return head->status != 204 || (head->content_length <= 0 && !head->is_chunked);
}

/* 1: all of them, up to the empty one; 0: so far they are well; -1. */
static int read_answer_lines(struct str *rest, struct http_answer_head *out)
{
    struct str line;
    bool closes = false;
    if (cut_line(rest, &line) && !read_status_line(line, out))
        return -1;
    for (size_t count = 0; cut_line(rest, &line); count++) {
        if (line.len == 0) {
            out->keeps_alive = out->keeps_alive && !closes;
            return 1;
        }
        if (count == HEADERS_MAX || !read_answer_header(line, out, &closes))
            return -1;
    }
    bool is_cut_off = rest->len == 0 || memchr(rest->ptr, '\n', rest->len) == NULL;
    return is_cut_off ? 0 : -1;
}

int http_head_parse_answer(struct str raw, struct http_answer_head *out)
{
    struct str rest = raw;
    *out = (struct http_answer_head){.content_length = -1};
    int whole = read_answer_lines(&rest, out);
    if (whole == 0 && raw.len < ANSWER_HEAD_MAX)
        return 0;
    out->head_bytes = raw.len - rest.len;
    return whole == 1 && out->head_bytes <= ANSWER_HEAD_MAX && may_have_body(out) ? 1 : -1;
}
