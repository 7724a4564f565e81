#include "role/http/older_names.h"

static bool has_names(const struct alias *alias)
{
    return alias != NULL && alias->name_count > 0;
}

static const char *field_of(const struct alias *alias, const char *older)
{
    for (size_t i = 0; i < alias->name_count; i++)
        if (strcmp(alias->names[i].older, older) == 0)
            return alias->names[i].field;
    return older;
}

static const char *older_of(const struct alias *alias, const char *field)
{
    for (size_t i = 0; i < alias->name_count; i++)
        if (strcmp(alias->names[i].field, field) == 0)
            return alias->names[i].older;
    return field;
}

void older_names_read(const struct alias *alias, struct json **body)
{
    if (!has_names(alias) || json_kind(*body) != JSON_KIND_OBJECT)
        return;
    struct json *renamed = json_make_object();
    for (struct json_member m = json_first(*body); m.key != NULL; m = json_next(*body, m)) {
        /* A field that is there under both names keeps the one that is wrong here, and is refused
         * for it. */
        const char *field = field_of(alias, m.key);
        bool is_twice = field != m.key && json_find(*body, field) != NULL;
        json_put(renamed, is_twice ? m.key : field, json_share(m.value));
    }
    json_free(body);
    *body = renamed;
}

static void write_record(const struct alias *alias, const struct json *record, struct buf *out)
{
    struct json *renamed = json_make_object();
    for (struct json_member m = json_first(record); m.key != NULL; m = json_next(record, m))
        json_put(renamed, older_of(alias, m.key), json_share(m.value));
    json_write(renamed, out);
    json_free(&renamed);
}

void older_names_write(const struct alias *alias, struct str records, struct buf *out)
{
    char mistake[JSON_MISTAKE_SIZE];
    struct buf array = {0};
    if (!has_names(alias)) {
        buf_append_str(out, records);
        return;
    }
    buf_printf(&array, "[" STR_FMT "]", STR_ARG(records));
    struct json *all = json_parse(buf_str(&array), mistake);
    if (all == NULL) /* our own writing, but nested so deep that a list of it is too deep */
        buf_append_str(out, records);
    for (size_t i = 0; all != NULL && i < json_count(all); i++) {
        if (i > 0)
            buf_append_char(out, ',');
        write_record(alias, json_item(all, i), out);
    }
    if (all != NULL)
        json_free(&all);
    buf_free(&array);
}

struct str older_names_of(const struct alias *alias, struct str records, struct buf *renamed)
{
    if (!has_names(alias))
        return records;
    older_names_write(alias, records, renamed);
    return buf_str(renamed);
}

/* The name that a pointer begins with, {"pointer":"/<name>…, or an empty one. */
static struct str name_at(struct str rest)
{
    static const struct str head = {"{\"pointer\":\"/", 13};
    size_t len = 0;
    if (!str_starts_with(rest, head))
        return (struct str){NULL, 0};
    const char *name = rest.ptr + head.len;
    while (head.len + len < rest.len && name[len] != '/' && name[len] != '"')
        len++;
    return (struct str){name, len};
}

void older_names_point(const struct alias *alias, struct problem *problem)
{
    struct buf renamed = {0};
    struct str rest = buf_str(&problem->mistakes);
    while (alias != NULL && rest.len > 0) {
        struct str name = name_at(rest);
        size_t taken = name.len > 0 ? (size_t)(name.ptr - rest.ptr) : 1;
        buf_append(&renamed, rest.ptr, taken);
        if (name.len > 0) {
            char *field = mem_copy(name.ptr, name.len);
            buf_append_text(&renamed, older_of(alias, field));
            free(field);
            taken += name.len;
        }
        rest = (struct str){rest.ptr + taken, rest.len - taken};
    }
    if (alias == NULL)
        return;
    buf_free(&problem->mistakes);
    problem->mistakes = renamed;
}
