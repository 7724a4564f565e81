#include "base/json.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

static json_t *of(const struct json *json)
{
    return (json_t *)(uintptr_t)json;
}

static struct json *as(json_t *json)
{
    if (json == NULL)
        abort();
    return (struct json *)json;
}

/* What jansson does not see: it recurses once per level, so the depth is bounded before it, and it
 * takes a NUL behind a number or a word for the end. */
struct scan {
    int depth;
    bool is_in_string, is_escaped;
};

static void scan_char(struct scan *scan, char c)
{
    bool was_escaped = scan->is_escaped;
    scan->is_escaped = scan->is_in_string && !was_escaped && c == '\\';
    if (c == '"' && !was_escaped)
        scan->is_in_string = !scan->is_in_string;
    if (scan->is_in_string)
        return;
    scan->depth += (c == '{' || c == '[') - (c == '}' || c == ']');
}

static bool has_more_than(int most, struct str text, char c)
{
    while (text.ptr != NULL && most-- >= 0)
        str_cut(&text, c);
    return text.ptr != NULL;
}

/* Most texts are cleared at a glance: so few brackets cannot be nested too deep. */
static bool may_be_faulty(struct str text)
{
    return has_more_than(JSON_DEPTH_MAX / 2, text, '{') ||
           has_more_than(JSON_DEPTH_MAX / 2, text, '[') || has_more_than(0, text, '\0');
}

/* The offset of the fault, or SIZE_MAX. */
static size_t find_fault(struct str text, const char **what)
{
    struct scan scan = {0};
    if (!may_be_faulty(text))
        return SIZE_MAX;
    for (size_t i = 0; i < text.len; i++) {
        scan_char(&scan, text.ptr[i]);
        *what = text.ptr[i] == '\0' ? "NUL is not allowed" : "nested deeper than 32 levels";
        if (text.ptr[i] == '\0' || scan.depth > JSON_DEPTH_MAX)
            return i;
    }
    return SIZE_MAX;
}

static void say_place(struct str text, size_t offset, const char *what,
                      char mistake[JSON_MISTAKE_SIZE])
{
    int line = 1, column = 1;
    for (size_t i = 0; i < offset; i++) {
        column = text.ptr[i] == '\n' ? 1 : column + 1;
        line += text.ptr[i] == '\n';
    }
    snprintf(mistake, JSON_MISTAKE_SIZE, "line %d, column %d: %s", line, column, what);
}

struct json *json_parse(struct str text, char mistake[JSON_MISTAKE_SIZE])
{
    json_error_t error;
    const char *what;
    size_t fault = find_fault(text, &what);
    if (fault != SIZE_MAX) {
        say_place(text, fault, what, mistake);
        return NULL;
    }
    json_t *parsed = json_loadb(text.len == 0 ? "" : text.ptr, text.len,
                                JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (parsed == NULL) {
        /* jansson quotes the text it stopped at, which may be somebody's data, and names its
         * own flags: keep the rule only.
         */
        static const char *const asides[] = {" near ", " without JSON_ALLOW_NUL"};
        for (size_t i = 0; i < countof(asides); i++) {
            char *aside = strstr(error.text, asides[i]);
            if (aside != NULL)
                *aside = '\0';
        }
        snprintf(mistake, JSON_MISTAKE_SIZE, "line %d, column %d: %.100s", error.line, error.column,
                 error.text);
    }
    return (struct json *)parsed;
}

/* Where the string that begins there has its last character, at the latest the text has. */
static size_t string_end(struct str text, size_t begin)
{
    size_t at = begin + 1;
    while (at < text.len && text.ptr[at] != '"')
        at += text.ptr[at] == '\\' ? 2 : 1;
    return at < text.len ? at : text.len - 1;
}

static struct str value_of(struct str member, struct str key)
{
    struct str name = str_trim(str_cut(&member, ':'));
    bool is_it = name.len == key.len + 2 && memcmp(name.ptr + 1, key.ptr, key.len) == 0;
    return is_it ? str_trim(member) : (struct str){NULL, 0};
}

struct str json_peek(struct str object, struct str key)
{
    struct str value = {NULL, 0};
    size_t begin = 1;
    int depth = 0;
    for (size_t at = 0; at < object.len && value.ptr == NULL; at++) {
        char c = object.ptr[at];
        if (c == '"')
            at = string_end(object, at);
        depth += (c == '{' || c == '[') - (c == '}' || c == ']');
        if (depth > 1 || (depth == 1 && c != ','))
            continue;
        value = value_of((struct str){object.ptr + begin, at - begin}, key);
        begin = at + 1;
    }
    return value;
}

struct json *json_make_null(void)
{
    return as(json_null());
}

struct json *json_make_boolean(bool value)
{
    return as(json_boolean(value));
}

struct json *json_make_integer(int64_t value)
{
    return as(json_integer(value));
}

struct json *json_make_real(double value)
{
    return as(json_real(value));
}

struct json *json_make_string(struct str value)
{
    assert(str_is_utf8(value)); /* eight bytes at a time, jansson one */
    return as(json_stringn_nocheck(value.len == 0 ? "" : value.ptr, value.len));
}

struct json *json_make_array(void)
{
    return as(json_array());
}

struct json *json_make_object(void)
{
    return as(json_object());
}

struct json *json_share(const struct json *json)
{
    return as(json_incref(of(json)));
}

void json_free(struct json **json)
{
    json_decref(of(*json));
    *json = NULL;
}

enum json_kind json_kind(const struct json *json)
{
    static const enum json_kind kinds[] = {
        [JSON_OBJECT] = JSON_KIND_OBJECT, [JSON_ARRAY] = JSON_KIND_ARRAY,
        [JSON_STRING] = JSON_KIND_STRING, [JSON_INTEGER] = JSON_KIND_INTEGER,
        [JSON_REAL] = JSON_KIND_REAL,     [JSON_TRUE] = JSON_KIND_BOOLEAN,
        [JSON_FALSE] = JSON_KIND_BOOLEAN, [JSON_NULL] = JSON_KIND_NULL,
    };
    return kinds[json_typeof(of(json))];
}

bool json_truth(const struct json *json)
{
    return json_is_true(of(json));
}

int64_t json_integer_of(const struct json *json)
{
    return json_integer_value(of(json));
}

double json_number(const struct json *json)
{
    return json_number_value(of(json));
}

struct str json_text(const struct json *json)
{
    return (struct str){json_string_value(of(json)), json_string_length(of(json))};
}

size_t json_count(const struct json *json)
{
    return json_is_array(of(json)) ? json_array_size(of(json)) : json_object_size(of(json));
}

struct json *json_item(const struct json *array, size_t index)
{
    return (struct json *)json_array_get(of(array), index);
}

struct json *json_find(const struct json *object, const char *key)
{
    return (struct json *)json_object_get(of(object), key);
}

static struct json_member member_at(const struct json *object, void *place)
{
    if (place == NULL)
        return (struct json_member){0};
    (void)object;
    return (struct json_member){json_object_iter_key(place),
                                (struct json *)json_object_iter_value(place), place};
}

struct json_member json_first(const struct json *object)
{
    return member_at(object, json_object_iter(of(object)));
}

struct json_member json_next(const struct json *object, struct json_member after)
{
    return member_at(object, json_object_iter_next(of(object), after.place));
}

void json_put(struct json *object, const char *key, struct json *value)
{
    if (json_object_set_new_nocheck(of(object), key, of(value)) != 0)
        abort();
}

void json_push(struct json *array, struct json *value)
{
    if (json_array_append_new(of(array), of(value)) != 0)
        abort();
}

bool json_same(const struct json *a, const struct json *b)
{
    return json_equal(of(a), of(b));
}

struct str json_find_text(const struct json *object, const char *key, struct str otherwise)
{
    const struct json *found = json_find(object, key);
    return found != NULL && json_kind(found) == JSON_KIND_STRING ? json_text(found) : otherwise;
}

bool json_find_truth(const struct json *object, const char *key, bool otherwise)
{
    const struct json *found = json_find(object, key);
    return found != NULL && json_kind(found) == JSON_KIND_BOOLEAN ? json_truth(found) : otherwise;
}

int64_t json_find_integer(const struct json *object, const char *key, int64_t otherwise)
{
    const struct json *found = json_find(object, key);
    return found != NULL && json_kind(found) == JSON_KIND_INTEGER ? json_integer_of(found)
                                                                  : otherwise;
}

void json_write_real(double value, struct buf *out)
{
    char text[32];
    /* Below DBL_MIN a number has fewer digits of its own. */
    for (int digits = fabs(value) < __DBL_MIN__ ? 1 : 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    buf_append_text(out, text);
    /* Without a point it would come back as an integer. */
    if (strpbrk(text, ".eE") == NULL)
        buf_append_text(out, ".0");
}

static void write_escape(unsigned char c, struct buf *out)
{
    static const char named[] = {['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
                                 ['\n'] = 'n', ['\r'] = 'r',  ['\t'] = 't'};
    if (c >= 0x80)
        buf_append_text(out, "\\ufffd"); /* no UTF-8: the replacement character */
    else if (c < sizeof(named) && named[c] != 0)
        buf_append(out, (char[]){'\\', named[c]}, 2);
    else
        buf_printf(out, "\\u%04x", c);
}

/* Whether the next eight bytes need neither an escape nor a look: no control character, quote or
 * backslash, and no byte beyond ASCII. */
static bool begins_plain(struct str text)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
    uint64_t bytes;
    if (text.len < sizeof(bytes))
        return false;
    memcpy(&bytes, text.ptr, sizeof(bytes));
    uint64_t quotes = bytes ^ ones * '"', slashes = bytes ^ ones * '\\';
    return ((bytes | (bytes - ones * 0x20) | (quotes - ones) | (slashes - ones)) & highs) == 0;
}

/* How many bytes go as they are without a further look; 0 where there are none. */
static size_t plain_step(struct str text)
{
    if (begins_plain(text))
        return sizeof(uint64_t);
    unsigned char c = text.len > 0 ? (unsigned char)*text.ptr : 0;
    return c >= 0x80 ? str_utf8_sequence(text) : c >= 0x20 && c != '"' && c != '\\';
}

void json_write_string(struct str text, struct buf *out)
{
    buf_append_char(out, '"');
    while (text.len > 0) {
        size_t plain = 0;
        for (size_t step = 1; step > 0; plain += step)
            step = plain_step((struct str){text.ptr + plain, text.len - plain});
        buf_append(out, text.ptr, plain);
        if (plain < text.len)
            write_escape((unsigned char)text.ptr[plain++], out);
        text = (struct str){text.ptr + plain, text.len - plain};
    }
    buf_append_char(out, '"');
}

static void write_array(const struct json *array, struct buf *out)
{
    buf_append_char(out, '[');
    for (size_t i = 0; i < json_count(array); i++) {
        if (i > 0)
            buf_append_char(out, ',');
        json_write(json_item(array, i), out);
    }
    buf_append_char(out, ']');
}

static void write_object(const struct json *object, struct buf *out)
{
    char before = '{';
    for (struct json_member m = json_first(object); m.key != NULL; m = json_next(object, m)) {
        buf_append_char(out, before);
        json_write_string(str_from(m.key), out);
        buf_append_char(out, ':');
        json_write(m.value, out);
        before = ',';
    }
    buf_append_text(out, before == '{' ? "{}" : "}");
}

void json_write(const struct json *json, struct buf *out)
{
    switch (json_kind(json)) {
    case JSON_KIND_NULL:
        buf_append_text(out, "null");
        break;
    case JSON_KIND_BOOLEAN:
        buf_append_text(out, json_truth(json) ? "true" : "false");
        break;
    case JSON_KIND_INTEGER:
        buf_append_number(out, json_integer_of(json));
        break;
    case JSON_KIND_REAL:
        json_write_real(json_number(json), out);
        break;
    case JSON_KIND_STRING:
        json_write_string(json_text(json), out);
        break;
    case JSON_KIND_ARRAY:
        write_array(json, out);
        break;
    case JSON_KIND_OBJECT:
        write_object(json, out);
        break;
    }
}
