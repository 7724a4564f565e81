#include "model/avro/expand.h"

/* `known` maps names, full and short, to definitions already expanded. */
static struct json *expand(const struct json *type, struct str space, struct json *known);

static void remember(struct json *known, struct str space, struct str name,
                     const struct json *definition)
{
    struct buf full = {0};
    buf_append_str(&full, space);
    if (space.len > 0)
        buf_append_char(&full, '.');
    buf_append_str(&full, name);
    json_put(known, full.ptr, json_share(definition));
    json_put(known, name.ptr, json_share(definition));
    buf_free(&full);
}

static struct json *expand_field(const struct json *field, struct str space, struct json *known)
{
    if (json_kind(field) != JSON_KIND_OBJECT)
        return json_share(field);
    struct json *expanded = json_make_object();
    for (struct json_member m = json_first(field); m.key != NULL; m = json_next(field, m))
        json_put(expanded, m.key,
                 strcmp(m.key, "type") == 0 ? expand(m.value, space, known) : json_share(m.value));
    return expanded;
}

static struct json *expand_object(const struct json *type, struct str space, struct json *known)
{
    struct str name = json_find_text(type, "name", STR(""));
    struct json *expanded = json_make_object();
    space = json_find_text(type, "namespace", space);
    for (struct json_member m = json_first(type); m.key != NULL; m = json_next(type, m)) {
        struct json *value;
        if (strcmp(m.key, "items") == 0) {
            value = expand(m.value, space, known);
        } else if (strcmp(m.key, "fields") == 0 && json_kind(m.value) == JSON_KIND_ARRAY) {
            value = json_make_array();
            for (size_t i = 0; i < json_count(m.value); i++)
                json_push(value, expand_field(json_item(m.value, i), space, known));
        } else {
            value = json_share(m.value);
        }
        json_put(expanded, m.key, value);
    }
    if (name.len > 0)
        remember(known, space, name, expanded);
    return expanded;
}

static struct json *expand(const struct json *type, struct str space, struct json *known)
{
    if (json_kind(type) == JSON_KIND_OBJECT)
        return expand_object(type, space, known);
    if (json_kind(type) == JSON_KIND_STRING) {
        const struct json *definition = json_find(known, json_text(type).ptr);
        return json_share(definition != NULL ? definition : type);
    }
    if (json_kind(type) != JSON_KIND_ARRAY)
        return json_share(type);
    struct json *branches = json_make_array();
    for (size_t i = 0; i < json_count(type); i++)
        json_push(branches, expand(json_item(type, i), space, known));
    return branches;
}

struct json *expand_names(const struct json *schema)
{
    struct json *known = json_make_object();
    struct json *expanded = expand(schema, STR(""), known);
    json_free(&known);
    return expanded;
}
