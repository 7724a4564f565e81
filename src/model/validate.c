#include "model/validate.h"

#include <errno.h>
#include <math.h>

#include "base/clock.h"
#include "base/ident.h"
#include "model/privacy.h"

/* One step of a walk through a document: where it is, and where mistakes go. The document itself
 * is the step that has none above it. */
struct walk {
    const struct walk *above;
    const char *name; /* of a member; NULL: an item, at `index` */
    size_t index;
    struct problem *problem;
};

static struct json *take_value(const struct json *avro, const struct json *value,
                               const struct walk *walk);

static struct walk step_to(const struct walk *above, const char *name)
{
    return (struct walk){above, name, 0, above->problem};
}

/* RFC 6901: '~' and '/' inside a name are written ~0 and ~1. */
static void write_pointer(const struct walk *walk, struct buf *out)
{
    if (walk->above == NULL)
        return;
    write_pointer(walk->above, out);
    buf_append_char(out, '/');
    if (walk->name == NULL)
        buf_append_number(out, (int64_t)walk->index);
    for (const char *c = walk->name; c != NULL && *c != '\0'; c++)
        if (*c == '~' || *c == '/')
            buf_append_text(out, *c == '~' ? "~0" : "~1");
        else
            buf_append_char(out, *c);
}

static struct json *refuse(const struct walk *walk, const char *what)
{
    struct buf pointer = {0};
    write_pointer(walk, &pointer);
    problem_at_pointer(walk->problem, buf_str(&pointer), "%s", what);
    buf_free(&pointer);
    return NULL;
}

static const char *const wanted_of[] = {
    [FIELD_TYPE_STRING] = "must be a string",
    [FIELD_TYPE_BOOLEAN] = "must be true or false",
    [FIELD_TYPE_INT] = "must be a whole number of 32 bits",
    [FIELD_TYPE_LONG] = "must be a whole number",
    [FIELD_TYPE_DOUBLE] = "must be a number",
    [FIELD_TYPE_ENUM] = "must be one of the listed symbols",
    [FIELD_TYPE_DATE] = "must be a date like 2026-11-21",
    [FIELD_TYPE_TIMESTAMP] = "must be an instant like 2026-11-21T08:15:30Z (RFC 3339)",
    [FIELD_TYPE_UUID] = "must be a UUID",
    [FIELD_TYPE_ARRAY] = "must be an array",
    [FIELD_TYPE_RECORD] = "must be an object",
};

static bool is_symbol(const struct json *avro, struct str text)
{
    const struct json *symbols = json_find(avro, "symbols");
    for (size_t i = 0; i < json_count(symbols); i++)
        if (str_equal(json_text(json_item(symbols, i)), text))
            return true;
    return false;
}

static struct json *refuse_symbol(const struct walk *walk, const struct json *avro)
{
    struct buf what = {0};
    const struct json *symbols = json_find(avro, "symbols");
    for (size_t i = 0; i < json_count(symbols); i++)
        buf_printf(&what, "%s" STR_FMT, i == 0 ? "must be one of " : ", ",
                   STR_ARG(json_text(json_item(symbols, i))));
    refuse(walk, what.ptr);
    buf_free(&what);
    return NULL;
}

/* Whether text is of the type. Where its canonical writing is another one, that is in `canonical`,
 * which has room for the longer of the two that are written into it, and was empty. */
static bool read_text(const struct field_shape *shape, struct str text,
                      char canonical[UUID_TEXT_SIZE])
{
    struct uuid uuid;
    int64_t ms;
    int32_t days;
    bool fits = true;
    switch (shape->type) {
    case FIELD_TYPE_ENUM:
        return is_symbol(shape->avro, text);
    case FIELD_TYPE_DATE:
        return clock_parse_date(text, &days);
    case FIELD_TYPE_TIMESTAMP:
        fits = clock_parse(text, &ms);
        if (fits)
            clock_format(ms, canonical);
        return fits;
    case FIELD_TYPE_UUID:
        fits = uuid_parse(text, &uuid);
        if (fits)
            uuid_format(&uuid, canonical);
        return fits;
    default:
        return true;
    }
}

static struct json *read_string(const struct field_shape *shape, const struct json *value)
{
    char canonical[UUID_TEXT_SIZE] = "";
    if (!read_text(shape, json_text(value), canonical))
        return NULL;
    return canonical[0] == '\0' ? json_share(value) : json_make_string(str_from(canonical));
}

static bool is_number_type(enum field_type type)
{
    return type == FIELD_TYPE_INT || type == FIELD_TYPE_LONG || type == FIELD_TYPE_DOUBLE;
}

static struct json *read_integer(enum field_type type, const struct json *value)
{
    bool is_small = json_integer_of(value) == (int32_t)json_integer_of(value);
    if (type == FIELD_TYPE_DOUBLE)
        return json_make_real(json_number(value));
    return type == FIELD_TYPE_LONG || (type == FIELD_TYPE_INT && is_small) ? json_share(value)
                                                                           : NULL;
}

/* The value itself where it is of the type, in its canonical writing; else NULL. */
static struct json *read_scalar(const struct field_shape *shape, const struct json *value)
{
    enum field_type type = shape->type;
    switch (json_kind(value)) {
    case JSON_KIND_BOOLEAN:
        return type == FIELD_TYPE_BOOLEAN ? json_share(value) : NULL;
    case JSON_KIND_REAL:
        return type == FIELD_TYPE_DOUBLE ? json_share(value) : NULL;
    case JSON_KIND_INTEGER:
        return read_integer(type, value);
    case JSON_KIND_STRING:
        return is_number_type(type) || type == FIELD_TYPE_BOOLEAN ? NULL
                                                                  : read_string(shape, value);
    default:
        return NULL;
    }
}

static struct json *take_scalar(const struct field_shape *shape, const struct json *value,
                                const struct walk *walk)
{
    struct json *taken = read_scalar(shape, value);
    if (taken == NULL && shape->type == FIELD_TYPE_ENUM)
        return refuse_symbol(walk, shape->avro);
    return taken != NULL ? taken : refuse(walk, wanted_of[shape->type]);
}

static struct json *take_array(const struct json *avro, const struct json *value,
                               const struct walk *walk)
{
    if (json_kind(value) != JSON_KIND_ARRAY)
        return refuse(walk, wanted_of[FIELD_TYPE_ARRAY]);
    struct json *taken = json_make_array();
    struct walk step = step_to(walk, NULL);
    for (; step.index < json_count(value); step.index++) {
        struct json *item =
            take_value(json_find(avro, "items"), json_item(value, step.index), &step);
        if (item != NULL)
            json_push(taken, item);
    }
    return taken;
}

static bool is_field_of(const struct json *fields, const char *name)
{
    for (size_t i = 0; i < json_count(fields); i++)
        if (str_equal(json_find_text(json_item(fields, i), "name", STR("")), str_from(name)))
            return true;
    return false;
}

static void refuse_unknown(const struct json *avro, const struct json *object,
                           const struct walk *walk)
{
    const struct json *fields = json_find(avro, "fields");
    for (struct json_member m = json_first(object); m.key != NULL; m = json_next(object, m)) {
        struct walk step = step_to(walk, m.key);
        if (!is_field_of(fields, m.key))
            refuse(&step, "is not a field of this collection");
    }
}

static struct json *take_record(const struct json *avro, const struct json *value,
                                const struct walk *walk)
{
    const struct json *fields = json_find(avro, "fields");
    if (json_kind(value) != JSON_KIND_OBJECT)
        return refuse(walk, wanted_of[FIELD_TYPE_RECORD]);
    struct json *taken = json_make_object();
    for (size_t i = 0; i < json_count(fields); i++) {
        const struct json *field = json_item(fields, i);
        struct walk step = step_to(walk, json_text(json_find(field, "name")).ptr);
        const struct json *member = json_find(value, step.name);
        /* The default goes the same way, so that it comes out in the same writing. */
        if (member == NULL)
            member = json_find(field, "default");
        struct json *one = member == NULL ? refuse(&step, "is required")
                                          : take_value(json_find(field, "type"), member, &step);
        if (one != NULL)
            json_put(taken, step.name, one);
    }
    refuse_unknown(avro, value, walk);
    return taken;
}

static struct json *take_shaped(const struct field_shape *shape, const struct json *value,
                                const struct walk *walk)
{
    if (json_kind(value) == JSON_KIND_NULL && shape->is_nullable)
        return json_share(value);
    if (shape->type == FIELD_TYPE_RECORD)
        return take_record(shape->avro, value, walk);
    if (shape->type == FIELD_TYPE_ARRAY)
        return take_array(shape->avro, value, walk);
    return take_scalar(shape, value, walk);
}

static struct json *take_value(const struct json *avro, const struct json *value,
                               const struct walk *walk)
{
    struct field_shape shape;
    if (!schema_shape(avro, &shape))
        return refuse(walk, "is of a type that the schema does not define");
    return take_shaped(&shape, value, walk);
}

static bool is_email(struct str text)
{
    struct str domain = text;
    struct str local = str_cut(&domain, '@');
    if (local.len == 0 || domain.len < 3 || text.len > 254 || memchr(domain.ptr, '@', domain.len))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] <= ' ' || strchr("\"(),:;<>[\\]", text.ptr[i]) != NULL)
            return false;
    const char *dot = memchr(domain.ptr, '.', domain.len);
    return dot != NULL && dot != domain.ptr && domain.ptr[domain.len - 1] != '.';
}

static void check_string(const struct field *field, struct str text, const struct walk *walk)
{
    struct buf what = {0};
    int64_t length = (int64_t)str_utf8_length(text);
    if (length < field->min_length)
        buf_printf(&what, "must have at least %lld character%s", (long long)field->min_length,
                   field->min_length == 1 ? "" : "s");
    else if (length > field->max_length)
        buf_printf(&what, "must have at most %lld characters", (long long)field->max_length);
    else if (field->pattern != NULL && regexec(field->pattern, text.ptr, 0, NULL, 0) != 0)
        buf_append_text(&what, "does not match the field's pattern");
    else if (field->is_email && !is_email(text))
        buf_append_text(&what, "must be an e-mail address");
    else if (field->privacy == PRIVACY_YEAR && !privacy_has_year(text))
        buf_append_text(&what, "must begin with a date like 2026-11-21");
    if (what.len > 0)
        refuse(walk, what.ptr);
    buf_free(&what);
}

static void refuse_number(const struct field *field, const struct walk *walk)
{
    struct buf what = {0};
    if (isinf(field->maximum))
        buf_printf(&what, "must be at least %.15g", field->minimum);
    else if (isinf(field->minimum))
        buf_printf(&what, "must be at most %.15g", field->maximum);
    else
        buf_printf(&what, "must be from %.15g to %.15g", field->minimum, field->maximum);
    refuse(walk, what.ptr);
    buf_free(&what);
}

static void check_rules(const struct field *field, const struct json *value,
                        const struct walk *walk)
{
    struct walk step = step_to(walk, field->name);
    enum json_kind kind = json_kind(value);
    if (kind == JSON_KIND_STRING)
        check_string(field, json_text(value), &step);
    if ((kind == JSON_KIND_INTEGER || kind == JSON_KIND_REAL) &&
        (json_number(value) < field->minimum || json_number(value) > field->maximum))
        refuse_number(field, &step);
}

struct json *validate_value(const struct json *avro, const struct json *value,
                            struct problem *problem)
{
    struct walk walk = {.problem = problem};
    unsigned before = problem->mistake_count;
    struct json *taken = take_value(avro, value, &walk);
    if (problem->mistake_count > before && taken != NULL)
        json_free(&taken);
    return taken;
}

bool validate_rules(const struct field *field, const struct json *value, struct problem *problem)
{
    struct walk walk = {.problem = problem};
    unsigned before = problem->mistake_count;
    check_rules(field, value, &walk);
    return problem->mistake_count == before;
}

/* How many of its members the body has: where that is all of them, none is unknown. */
static size_t take_fields(const struct collection *collection, const struct json *body,
                          struct json *to, const struct walk *walk)
{
    size_t given = 0;
    for (size_t i = 0; i < collection->field_count; i++) {
        const struct field *field = &collection->fields[i];
        const struct json *value = json_find(body, field->name);
        struct walk step = step_to(walk, field->name);
        given += value != NULL;
        if (value == NULL)
            value = field->otherwise;
        struct json *taken =
            value == NULL ? refuse(&step, "is required") : take_shaped(&field->shape, value, &step);
        if (taken != NULL)
            json_put(to, field->name, taken);
    }
    return given;
}

bool validate_document(const struct collection *collection, const struct json *stored,
                       const struct json *body, struct json *to, struct problem *problem)
{
    struct walk walk = {.problem = problem};
    unsigned before = problem->mistake_count;
    if (json_kind(body) != JSON_KIND_OBJECT) {
        refuse(&walk, wanted_of[FIELD_TYPE_RECORD]);
        return false;
    }
    if (take_fields(collection, body, to, &walk) < json_count(body))
        refuse_unknown(collection->expanded, body, &walk);
    for (size_t i = 0; i < collection->field_count; i++) {
        const struct field *field = &collection->fields[i];
        const struct json *value = json_find(to, field->name);
        if (value != NULL && !privacy_is_reduced(field, stored, value))
            check_rules(field, value, &walk);
    }
    return problem->mistake_count == before;
}

static bool is_number(struct str text, double least, double most)
{
    char copy[64], *end;
    static const char allowed[] = "+-.eE0123456789";
    if (text.len == 0 || text.len >= sizeof(copy))
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    errno = 0;
    double value = strtod(copy, &end);
    /* Below the least number there is, PostgreSQL refuses what C rounds to 0. */
    return strspn(copy, allowed) == text.len && errno == 0 && *end == '\0' && isfinite(value) &&
           value >= least && value <= most;
}

bool validate_text(const struct field *field, struct str text, struct buf *out, const char **wanted)
{
    enum field_type type = field->shape.type;
    char canonical[UUID_TEXT_SIZE] = "";
    int64_t whole;
    bool fits = true;
    *wanted = wanted_of[type];
    if (type == FIELD_TYPE_BOOLEAN)
        fits = str_equal(text, STR("true")) || str_equal(text, STR("false"));
    if (type == FIELD_TYPE_INT || type == FIELD_TYPE_LONG)
        fits = str_to_int64(text, &whole) && (type == FIELD_TYPE_LONG || whole == (int32_t)whole);
    if (type == FIELD_TYPE_DOUBLE)
        fits = is_number(text, -__DBL_MAX__, __DBL_MAX__);
    if (!fits || !read_text(&field->shape, text, canonical))
        return false;
    buf_append_str(out, canonical[0] == '\0' ? text : str_from(canonical));
    return true;
}
