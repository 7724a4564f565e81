#include "model/lookup/lookup.h"

#include "model/ddl.h"

enum { BASE_ID, BASE_CREATED_AT, BASE_UPDATED_AT };

static const struct field base[LOOKUP_BASE_COUNT] = {
    [BASE_ID] = {.name = "id", .shape = {.type = FIELD_TYPE_UUID}, .is_filter = true},
    [BASE_CREATED_AT] = {.name = "created_at",
                         .shape = {.type = FIELD_TYPE_TIMESTAMP},
                         .is_filter = true,
                         .is_sort = true},
    [BASE_UPDATED_AT] = {.name = "updated_at",
                         .shape = {.type = FIELD_TYPE_TIMESTAMP},
                         .is_filter = true,
                         .is_sort = true},
};

const struct field *lookup_base(size_t index)
{
    assert(index < LOOKUP_BASE_COUNT);
    return &base[index];
}

const struct field *lookup_find(const struct collection *collection, struct str name)
{
    for (size_t i = 0; i < LOOKUP_BASE_COUNT; i++)
        if (str_equal(name, str_from(base[i].name)))
            return &base[i];
    return schema_find_field(collection, name);
}

const char *lookup_type(const struct field *field)
{
    if (field == &base[BASE_ID])
        return "uuid";
    return field == &base[BASE_CREATED_AT] ? "timestamptz" : ddl_column_type(field);
}

bool lookup_has_like(const struct field *field)
{
    return field->is_filter && field->shape.type == FIELD_TYPE_STRING &&
           field->privacy == PRIVACY_NONE;
}

const char *lookup_op_name(enum lookup_op op)
{
    static const char *const names[LOOKUP_OP_COUNT] = {"",    "ne", "lt",   "lte", "gt",
                                                       "gte", "in", "like", "null"};
    return names[op];
}

/* Of what is only a name, more or less says nothing. */
static bool has_order(const struct field *field)
{
    enum field_type type = field->shape.type;
    return type != FIELD_TYPE_BOOLEAN && type != FIELD_TYPE_ENUM && type != FIELD_TYPE_UUID &&
           (field->privacy == PRIVACY_NONE || field->privacy == PRIVACY_YEAR);
}

bool lookup_takes(const struct field *field, enum lookup_op op)
{
    if (op == LOOKUP_LIKE)
        return lookup_has_like(field);
    if (op >= LOOKUP_LT && op <= LOOKUP_GTE)
        return has_order(field);
    return op != LOOKUP_IN || field->shape.type != FIELD_TYPE_BOOLEAN;
}

void lookup_write_order(const struct field *field, const char *value, struct buf *out)
{
    const char *least = "''";
    if (strcmp(lookup_type(field), "bigint") == 0)
        least = "-9223372036854775808";
    if (strcmp(lookup_type(field), "double precision") == 0)
        least = "'-Infinity'";
    if (field->shape.is_nullable)
        buf_printf(out, "coalesce(%s, %s)", value, least);
    else
        buf_append_text(out, value);
}

bool lookup_has_search(const struct collection *collection)
{
    for (size_t i = 0; i < collection->field_count; i++)
        if (collection->fields[i].is_search)
            return true;
    return false;
}
