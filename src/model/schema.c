#include "model/schema.h"

#include <ctype.h>

#include "model/avro/avro.h"
#include "model/avro/expand.h"
#include "model/image.h"
#include "model/rules.h"
#include "model/validate.h"

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

static void check_default(const struct field *field, const struct json *type,
                          struct rules_reading *reading)
{
    struct problem problem = {0};
    struct json *value = validate_value(type, field->otherwise, &problem);
    if (value == NULL)
        rules_say(reading, field->name, "default is not of its type");
    else if (field->privacy == PRIVACY_NONE && !validate_rules(field, value, &problem))
        rules_say(reading, field->name, "default breaks the field's own rules");
    json_free(&value);
    problem_free(&problem);
}

bool schema_is_reserved(const char *name)
{
    static const char *const reserved[] = {"id", "version", "created_at", "updated_at",
                                           "created_by", "updated_by", "deleted", "body",
                                           /* and these PostgreSQL's tables */
                                           "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"};
    return rules_is_among(name, reserved, countof(reserved));
}

static void check_name(const struct field *field, struct rules_reading *reading)
{
    if (!schema_is_name(str_from(field->name)))
        rules_say(reading, field->name,
                  "name must be a letter, then letters, digits or underscores");
    if (schema_is_reserved(field->name))
        rules_say(reading, field->name, "is a name that every record has already");
}

static void read_field(struct field *field, const struct json *json, struct rules_reading *reading)
{
    const struct json *type = json_find(json, "type");
    struct str name = json_find_text(json, "name", STR(""));
    field->name = name.len > 0 ? name.ptr : "?";
    check_name(field, reading);
    if (!is_taken(type) || !schema_shape(type, &field->shape))
        rules_say(reading, field->name,
                  "type must be string, boolean, int, long, double, enum, array, "
                  "record, date, timestamp-millis, uuid, or one of them with null");
    rules_read(field, json, reading);
    if (field->otherwise != NULL && is_taken(type))
        check_default(field, type, reading);
}

static void read_fields(struct collection *collection, struct rules_reading *reading)
{
    const struct json *fields = json_find(collection->expanded, "fields");
    if (fields == NULL || json_kind(fields) != JSON_KIND_ARRAY || json_count(fields) == 0) {
        rules_say(reading, NULL, "\"fields\" must be an array with at least one field");
        return;
    }
    collection->field_count = json_count(fields);
    collection->fields = mem_new(collection->field_count, sizeof(struct field));
    for (size_t i = 0; i < collection->field_count; i++) {
        const struct json *json = json_item(fields, i);
        collection->fields[i].name = "?";
        if (json_kind(json) != JSON_KIND_OBJECT)
            rules_say(reading, NULL, "every item of \"fields\" must be an object");
        else
            read_field(&collection->fields[i], json, reading);
        for (size_t before = 0; before < i; before++)
            if (strcmp(collection->fields[before].name, collection->fields[i].name) == 0)
                rules_say(reading, collection->fields[i].name, "stands there twice");
    }
}

static void read_names(struct collection *collection, struct str service, struct str name,
                       struct rules_reading *reading)
{
    struct str record = json_find_text(collection->schema, "name", STR(""));
    struct buf table = {0};
    if (!str_equal(json_find_text(collection->schema, "type", STR("")), STR("record")))
        rules_say(reading, NULL, "\"type\" must be \"record\"");
    if (!schema_is_name(record))
        rules_say(reading, NULL, "\"name\" must be a letter, then letters, digits or underscores");
    if (!str_equal(json_find_text(collection->schema, "namespace", service), service))
        rules_say(reading, NULL, "\"namespace\" must be the folder's name");
    if (!str_equal(json_find_text(collection->schema, "collection", name), name))
        rules_say(reading, NULL, "\"collection\" must be the file's name");
    collection->service = mem_copy(service.ptr, service.len);
    collection->name = mem_copy(name.ptr, name.len);
    collection->entity = mem_copy(record.ptr, record.len);
    for (char *c = collection->entity; *c != '\0'; c++)
        *c = str_lower(*c);
    buf_printf(&table, "\"%s\".\"%s\"", collection->service, collection->name);
    collection->table = table.ptr;
    collection->search_language = "spanish";
    collection->page_size = json_find_integer(collection->schema, "pageSize", 10);
    collection->requires_version = json_find_truth(collection->schema, "requireVersion", false);
    if (collection->page_size < 1 || collection->page_size > 100)
        rules_say(reading, NULL, "\"pageSize\" must be from 1 to 100");
}

struct collection *schema_load(const char *file, struct str service, struct str name,
                               struct str text, struct buf *mistakes)
{
    struct rules_reading reading = {file, mistakes};
    size_t before = mistakes->len;
    char mistake[JSON_MISTAKE_SIZE];
    struct collection *collection = mem_new(1, sizeof(*collection));
    collection->schema = json_parse(text, mistake);
    if (collection->schema == NULL || json_kind(collection->schema) != JSON_KIND_OBJECT) {
        rules_say(&reading, NULL, collection->schema == NULL ? mistake : "must be a JSON object");
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
            rules_say(&reading, NULL,
                      "libavro refuses the schema: a name defined twice or not at all?");
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

const struct field *schema_find_private(const struct collection *collection, enum privacy privacy)
{
    for (size_t i = 0; i < collection->field_count; i++)
        if (collection->fields[i].privacy == privacy)
            return &collection->fields[i];
    return NULL;
}
