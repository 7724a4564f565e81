#include "cqrs/query/members.h"

static bool is_wanted(const struct query *query, const char *name)
{
    if (strcmp(name, "id") == 0)
        return true;
    for (size_t i = 0; i < query->member_count; i++)
        if (str_equal(query->members[i], str_from(name)))
            return true;
    return false;
}

static void write_record(const struct query *query, const struct json *record, struct buf *out)
{
    const char *separator = "{";
    for (struct json_member m = json_first(record); m.key != NULL; m = json_next(record, m)) {
        if (!is_wanted(query, m.key))
            continue;
        buf_printf(out, "%s\"%s\":", separator, m.key);
        json_write(m.value, out);
        separator = ",";
    }
    buf_append_char(out, '}');
}

void members_write(const struct query *query, struct str records, struct buf *out)
{
    char mistake[JSON_MISTAKE_SIZE];
    struct buf all = {0};
    if (query->member_count == 0) {
        buf_append_str(out, records);
        return;
    }
    buf_append_char(&all, '[');
    buf_append_str(&all, records);
    buf_append_char(&all, ']');
    struct json *parsed = json_parse(buf_str(&all), mistake);
    if (parsed == NULL) /* our own writing, but nested so deep that a list of it is too deep */
        buf_append_str(out, records);
    for (size_t i = 0; parsed != NULL && i < json_count(parsed); i++) {
        if (i > 0)
            buf_append_char(out, ',');
        write_record(query, json_item(parsed, i), out);
    }
    if (parsed != NULL)
        json_free(&parsed);
    buf_free(&all);
}
