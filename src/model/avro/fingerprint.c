#include "model/avro/fingerprint.h"

/* The specification's EMPTY: the fingerprint of no bytes, and the polynomial. */
#define EMPTY UINT64_C(0xc15d213aa4d7a795)

uint64_t fingerprint_bytes(struct str bytes)
{
    uint64_t print = EMPTY;
    for (size_t i = 0; i < bytes.len; i++) {
        print ^= (unsigned char)bytes.ptr[i];
        for (int bit = 0; bit < 8; bit++)
            print = (print >> 1) ^ (EMPTY & (0 - (print & 1)));
    }
    return print;
}

static void write_type(const struct json *type, struct str space, struct buf *out);

static bool has_dot(struct str name)
{
    return name.len > 0 && memchr(name.ptr, '.', name.len) != NULL;
}

static bool is_primitive(struct str name)
{
    static const char *const names[] = {"null",  "boolean", "int",   "long",
                                        "float", "double",  "bytes", "string"};
    for (size_t i = 0; i < countof(names); i++)
        if (str_equal(name, str_from(names[i])))
            return true;
    return false;
}

static void write_name(struct str name, struct str space, struct buf *out)
{
    buf_append_char(out, '"');
    if (!has_dot(name) && !is_primitive(name) && space.len > 0) {
        buf_append_str(out, space);
        buf_append_char(out, '.');
    }
    buf_append_str(out, name);
    buf_append_char(out, '"');
}

static void write_fields(const struct json *fields, struct str space, struct buf *out)
{
    buf_append_text(out, ",\"fields\":[");
    for (size_t i = 0; i < json_count(fields); i++) {
        const struct json *field = json_item(fields, i);
        buf_append_text(out, i == 0 ? "{\"name\":" : ",{\"name\":");
        json_write_string(json_find_text(field, "name", STR("")), out);
        buf_append_text(out, ",\"type\":");
        write_type(json_find(field, "type"), space, out);
        buf_append_char(out, '}');
    }
    buf_append_char(out, ']');
}

/* The namespace that names inside `named` stand in. */
static struct str space_of(const struct json *named, struct str outer)
{
    struct str name = json_find_text(named, "name", STR(""));
    if (!has_dot(name))
        return json_find_text(named, "namespace", outer);
    while (name.ptr[name.len - 1] != '.')
        name.len--;
    name.len--;
    return name;
}

static void write_complex(const struct json *type, struct str kind, struct str space,
                          struct buf *out)
{
    buf_append_char(out, '{');
    if (json_find(type, "name") != NULL) {
        space = space_of(type, space);
        buf_append_text(out, "\"name\":");
        write_name(json_find_text(type, "name", STR("")), space, out);
        buf_append_char(out, ',');
    }
    buf_append_text(out, "\"type\":");
    write_name(kind, STR(""), out);
    if (json_find(type, "fields") != NULL)
        write_fields(json_find(type, "fields"), space, out);
    if (json_find(type, "symbols") != NULL) {
        buf_append_text(out, ",\"symbols\":");
        json_write(json_find(type, "symbols"), out);
    }
    static const char *const inner[] = {"items", "values"};
    for (size_t i = 0; i < countof(inner); i++)
        if (json_find(type, inner[i]) != NULL) {
            buf_printf(out, ",\"%s\":", inner[i]);
            write_type(json_find(type, inner[i]), space, out);
        }
    if (json_find(type, "size") != NULL)
        buf_printf(out, ",\"size\":%lld", (long long)json_find_integer(type, "size", 0));
    buf_append_char(out, '}');
}

static void write_type(const struct json *type, struct str space, struct buf *out)
{
    if (json_kind(type) == JSON_KIND_STRING) {
        write_name(json_text(type), space, out);
        return;
    }
    if (json_kind(type) == JSON_KIND_ARRAY) {
        for (size_t i = 0; i < json_count(type); i++) {
            buf_append_char(out, i == 0 ? '[' : ',');
            write_type(json_item(type, i), space, out);
        }
        buf_append_char(out, ']');
        return;
    }
    struct str kind = json_find_text(type, "type", STR(""));
    if (is_primitive(kind))
        write_name(kind, STR(""), out);
    else
        write_complex(type, kind, space, out);
}

void fingerprint_canonical(const struct json *schema, struct buf *out)
{
    write_type(schema, STR(""), out);
}

uint64_t fingerprint_schema(const struct json *schema)
{
    struct buf canonical = {0};
    fingerprint_canonical(schema, &canonical);
    uint64_t print = fingerprint_bytes(buf_str(&canonical));
    buf_free(&canonical);
    return print;
}

void fingerprint_format(uint64_t fingerprint, char out[FINGERPRINT_TEXT_SIZE])
{
    for (size_t i = FINGERPRINT_TEXT_SIZE - 1; i > 0; i--, fingerprint >>= 4)
        out[i - 1] = "0123456789abcdef"[fingerprint & 0x0f];
    out[FINGERPRINT_TEXT_SIZE - 1] = '\0';
}
