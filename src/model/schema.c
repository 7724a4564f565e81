#include "model/schema.h"

#include <ctype.h>

#include "model/avro/avro.h"
#include "model/avro/expand.h"
#include "model/image.h"
#include "model/validate.h"

enum { INDEXED_LENGTH_MAX = 500 };

/* What a mistake is said about: a file, and where to say it. */
struct reading {
    const char *file;
    struct buf *mistakes;
};

static void say(struct reading *reading, const char *field, const char *what)
{
    buf_printf(reading->mistakes, "%s: %s%s%s%s\n", reading->file, field != NULL ? "field " : "",
               field != NULL ? field : "", field != NULL ? ": " : "", what);
}

bool schema_is_name(struct str name)
{
    if (name.len == 0 || name.len > 63 || isdigit((unsigned char)name.ptr[0]))
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!isalnum((unsigned char)name.ptr[i]) && name.ptr[i] != '_')
            return false;
    return true;
}

static bool shape_of_name(struct str type, struct str logical, enum field_type *out)
{
    static const struct {
        const char *type;
        const char *logical;
        enum field_type field_type;
    } names[] = {
        {"string", "", FIELD_TYPE_STRING},   {"string", "uuid", FIELD_TYPE_UUID},
        {"boolean", "", FIELD_TYPE_BOOLEAN}, {"int", "", FIELD_TYPE_INT},
        {"int", "date", FIELD_TYPE_DATE},    {"long", "", FIELD_TYPE_LONG},
        {"double", "", FIELD_TYPE_DOUBLE},   {"long", "timestamp-millis", FIELD_TYPE_TIMESTAMP},
        {"enum", "", FIELD_TYPE_ENUM},       {"array", "", FIELD_TYPE_ARRAY},
        {"record", "", FIELD_TYPE_RECORD},
    };
    for (size_t i = 0; i < countof(names); i++)
        if (str_equal(type, str_from(names[i].type)) &&
            str_equal(logical, str_from(names[i].logical))) {
            *out = names[i].field_type;
            return true;
        }
    return false;
}

/* The other branch of ["null", T] or [T, "null"]; NULL for any other union. */
static const struct json *not_null_branch(const struct json *both)
{
    if (json_count(both) != 2)
        return NULL;
    for (size_t i = 0; i < 2; i++) {
        const struct json *branch = json_item(both, i);
        if (json_kind(branch) == JSON_KIND_STRING && str_equal(json_text(branch), STR("null")))
            return json_item(both, 1 - i);
    }
    return NULL;
}

bool schema_shape(const struct json *avro, struct field_shape *out)
{
    *out = (struct field_shape){.avro = avro};
    if (json_kind(avro) == JSON_KIND_ARRAY) {
        out->is_nullable = true;
        out->avro = avro = not_null_branch(avro);
    }
    if (avro == NULL || json_kind(avro) == JSON_KIND_ARRAY)
        return false;
    if (json_kind(avro) == JSON_KIND_STRING)
        return shape_of_name(json_text(avro), STR(""), &out->type);
    return json_kind(avro) == JSON_KIND_OBJECT &&
           shape_of_name(json_find_text(avro, "type", STR("")),
                         json_find_text(avro, "logicalType", STR("")), &out->type);
}

/* Whether we take a type with everything inside it. */
static bool is_taken(const struct json *avro)
{
    struct field_shape shape;
    if (avro == NULL || !schema_shape(avro, &shape))
        return false;
    if (shape.type == FIELD_TYPE_ARRAY)
        return is_taken(json_find(shape.avro, "items"));
    const struct json *fields = json_find(shape.avro, "fields");
    for (size_t i = 0; shape.type == FIELD_TYPE_RECORD && i < json_count(fields); i++)
        if (!is_taken(json_find(json_item(fields, i), "type")))
            return false;
    return true;
}

static double find_number(const struct json *object, const char *key, double otherwise)
{
    const struct json *found = json_find(object, key);
    bool is_number = found != NULL &&
                     (json_kind(found) == JSON_KIND_INTEGER || json_kind(found) == JSON_KIND_REAL);
    return is_number ? json_number(found) : otherwise;
}

static regex_t *compile_pattern(const struct json *json, const char *name, struct reading *reading)
{
    struct str text = json_find_text(json, "pattern", STR(""));
    if (text.len == 0)
        return NULL;
    char *pattern = mem_copy(text.ptr, text.len);
    regex_t *compiled = mem_new(1, sizeof(*compiled));
    if (regcomp(compiled, pattern, REG_EXTENDED | REG_NOSUB) != 0) {
        say(reading, name, "pattern is no POSIX extended regular expression");
        free(compiled);
        compiled = NULL;
    }
    free(pattern);
    return compiled;
}

/* Attributes that would do nothing if misspelt, or of another kind, are the ones worth a list. */
static void refuse_odd_attributes(const struct json *json, const char *name,
                                  struct reading *reading)
{
    enum {
        ANY = ~0,
        TEXT = 1 << JSON_KIND_STRING,
        TRUTH = 1 << JSON_KIND_BOOLEAN,
        WHOLE = 1 << JSON_KIND_INTEGER,
        NUMBER = WHOLE | 1 << JSON_KIND_REAL,
    };
    static const struct {
        const char *name;
        int kinds;
    } known[] = {
        {"name", ANY},     {"type", ANY},     {"default", ANY},     {"doc", ANY},
        {"aliases", ANY},  {"order", ANY},    {"minLength", WHOLE}, {"maxLength", WHOLE},
        {"pattern", TEXT}, {"format", ANY},   {"minimum", NUMBER},  {"maximum", NUMBER},
        {"unique", TRUTH}, {"filter", TRUTH}, {"sort", ANY},        {"search", ANY},
        {"words", ANY},    {"privacy", ANY},  {"immutable", TRUTH},
    };
    for (struct json_member m = json_first(json); m.key != NULL; m = json_next(json, m)) {
        size_t i = 0;
        while (i < countof(known) && strcmp(known[i].name, m.key) != 0)
            i++;
        if (i < countof(known) && (known[i].kinds & 1 << json_kind(m.value)) != 0)
            continue;
        struct buf what = {0};
        buf_printf(&what,
                   i == countof(known) ? "has the unknown attribute \"%s\""
                                       : "has no such value for \"%s\"",
                   m.key);
        say(reading, name, what.ptr);
        buf_free(&what);
    }
}

static void read_rules(struct field *field, const struct json *json, struct reading *reading)
{
    const struct json *words = json_find(json, "words");
    field->otherwise = json_find(json, "default");
    field->min_length = json_find_integer(json, "minLength", 0);
    field->max_length = json_find_integer(json, "maxLength", INT64_MAX);
    field->minimum = find_number(json, "minimum", -__builtin_inf());
    field->maximum = find_number(json, "maximum", __builtin_inf());
    field->pattern = compile_pattern(json, field->name, reading);
    field->is_email = str_equal(json_find_text(json, "format", STR("")), STR("email"));
    field->is_unique = json_find_truth(json, "unique", false);
    field->is_filter = json_find_truth(json, "filter", false);
    field->is_immutable = json_find_truth(json, "immutable", false);
    if (words != NULL && json_kind(words) == JSON_KIND_ARRAY && json_count(words) == 2) {
        field->words_least = json_integer_of(json_item(words, 0));
        field->words_most = json_integer_of(json_item(words, 1));
    }
    if (json_find(json, "format") != NULL && !field->is_email)
        say(reading, field->name, "format must be \"email\"");
    if (words != NULL && (field->words_least < 1 || field->words_most < field->words_least))
        say(reading, field->name, "words must be [least, most], from 1 up");
}

static void check_default(const struct field *field, const struct json *type,
                          struct reading *reading)
{
    struct problem problem = {0};
    struct json *value = validate_value(type, field->otherwise, &problem);
    if (value == NULL)
        say(reading, field->name, "default is not of its type");
    json_free(&value);
    problem_free(&problem);
}

static void check_name(const struct field *field, struct reading *reading)
{
    static const char *const reserved[] = {"id", "version", "created_at", "updated_at",
                                           "created_by", "updated_by", "deleted", "body",
                                           /* and these PostgreSQL's tables */
                                           "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"};
    if (!schema_is_name(str_from(field->name)))
        say(reading, field->name, "name must be a letter, then letters, digits or underscores");
    for (size_t i = 0; i < countof(reserved); i++)
        if (strcmp(field->name, reserved[i]) == 0)
            say(reading, field->name, "is a name that every record has already");
}

static void check_index(const struct field *field, struct reading *reading)
{
    if (!field->is_filter && !field->is_unique)
        return;
    /* A B-tree entry holds 2,704 bytes at most: a longer value could never be stored. */
    if (field->shape.type == FIELD_TYPE_STRING && field->max_length > INDEXED_LENGTH_MAX)
        say(reading, field->name, "filter and unique need a maxLength of 500 or less");
    if (field->shape.type >= FIELD_TYPE_ARRAY)
        say(reading, field->name, "an array or a record can be neither filter nor unique");
}

static void read_field(struct field *field, const struct json *json, struct reading *reading)
{
    const struct json *type = json_find(json, "type");
    struct str name = json_find_text(json, "name", STR(""));
    field->name = name.len > 0 ? name.ptr : "?";
    check_name(field, reading);
    if (!is_taken(type) || !schema_shape(type, &field->shape))
        say(reading, field->name,
            "type must be string, boolean, int, long, double, enum, array, "
            "record, date, timestamp-millis, uuid, or one of them with null");
    refuse_odd_attributes(json, field->name, reading);
    read_rules(field, json, reading);
    if (field->otherwise != NULL && is_taken(type))
        check_default(field, type, reading);
    check_index(field, reading);
}

static void read_fields(struct collection *collection, struct reading *reading)
{
    const struct json *fields = json_find(collection->expanded, "fields");
    if (fields == NULL || json_kind(fields) != JSON_KIND_ARRAY || json_count(fields) == 0) {
        say(reading, NULL, "\"fields\" must be an array with at least one field");
        return;
    }
    collection->field_count = json_count(fields);
    collection->fields = mem_new(collection->field_count, sizeof(struct field));
    for (size_t i = 0; i < collection->field_count; i++) {
        const struct json *json = json_item(fields, i);
        collection->fields[i].name = "?";
        if (json_kind(json) != JSON_KIND_OBJECT)
            say(reading, NULL, "every item of \"fields\" must be an object");
        else
            read_field(&collection->fields[i], json, reading);
        for (size_t before = 0; before < i; before++)
            if (strcmp(collection->fields[before].name, collection->fields[i].name) == 0)
                say(reading, collection->fields[i].name, "stands there twice");
    }
}

static void read_names(struct collection *collection, struct str service, struct str name,
                       struct reading *reading)
{
    struct str record = json_find_text(collection->schema, "name", STR(""));
    struct buf table = {0};
    if (!str_equal(json_find_text(collection->schema, "type", STR("")), STR("record")))
        say(reading, NULL, "\"type\" must be \"record\"");
    if (!schema_is_name(record))
        say(reading, NULL, "\"name\" must be a letter, then letters, digits or underscores");
    if (!str_equal(json_find_text(collection->schema, "namespace", service), service))
        say(reading, NULL, "\"namespace\" must be the folder's name");
    if (!str_equal(json_find_text(collection->schema, "collection", name), name))
        say(reading, NULL, "\"collection\" must be the file's name");
    collection->service = mem_copy(service.ptr, service.len);
    collection->name = mem_copy(name.ptr, name.len);
    collection->entity = mem_copy(record.ptr, record.len);
    for (char *c = collection->entity; *c != '\0'; c++)
        *c = str_lower(*c);
    buf_printf(&table, "\"%s\".\"%s\"", collection->service, collection->name);
    collection->table = table.ptr;
    collection->page_size = json_find_integer(collection->schema, "pageSize", 10);
    collection->requires_version = json_find_truth(collection->schema, "requireVersion", false);
    if (collection->page_size < 1 || collection->page_size > 100)
        say(reading, NULL, "\"pageSize\" must be from 1 to 100");
}

struct collection *schema_load(const char *file, struct str service, struct str name,
                               struct str text, struct buf *mistakes)
{
    struct reading reading = {file, mistakes};
    size_t before = mistakes->len;
    char mistake[JSON_MISTAKE_SIZE];
    struct collection *collection = mem_new(1, sizeof(*collection));
    collection->schema = json_parse(text, mistake);
    if (collection->schema == NULL || json_kind(collection->schema) != JSON_KIND_OBJECT) {
        say(&reading, NULL, collection->schema == NULL ? mistake : "must be a JSON object");
        schema_free(&collection);
        return NULL;
    }
    collection->expanded = expand_names(collection->schema);
    read_names(collection, service, name, &reading);
    read_fields(collection, &reading);
    if (mistakes->len == before) {
        collection->event_schema = image_event_schema(collection);
        collection->event_codec = avro_codec_new(collection->event_schema);
        if (collection->event_codec == NULL)
            say(&reading, NULL, "libavro refuses the schema: a name defined twice or not at all?");
    }
    if (mistakes->len > before)
        schema_free(&collection);
    return collection;
}

void schema_free(struct collection **collection)
{
    struct collection *gone = *collection;
    if (gone == NULL)
        return;
    for (size_t i = 0; i < gone->field_count; i++)
        if (gone->fields[i].pattern != NULL) {
            regfree(gone->fields[i].pattern);
            free(gone->fields[i].pattern);
        }
    avro_codec_free(&gone->event_codec);
    json_free(&gone->event_schema);
    json_free(&gone->expanded);
    json_free(&gone->schema);
    free(gone->fields);
    free(gone->service);
    free(gone->name);
    free(gone->entity);
    free(gone->table);
    free(gone);
    *collection = NULL;
}

const struct field *schema_find_field(const struct collection *collection, struct str name)
{
    for (size_t i = 0; i < collection->field_count; i++)
        if (str_equal(str_from(collection->fields[i].name), name))
            return &collection->fields[i];
    return NULL;
}
