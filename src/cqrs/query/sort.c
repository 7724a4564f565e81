#include "cqrs/query/sort.h"

static bool is_sort(const struct field *field)
{
    return field != NULL && field->is_sort;
}

static void write_name(const struct field *field, struct buf *out)
{
    if (is_sort(field))
        buf_printf(out, "%s%s", out->len == 0 ? "" : ", ", field->name);
}

void sort_write_allowed(const struct collection *collection, struct buf *out)
{
    for (size_t i = 0; i < LOOKUP_BASE_COUNT; i++)
        write_name(lookup_base(i), out);
    for (size_t i = 0; i < collection->field_count; i++)
        write_name(&collection->fields[i], out);
}

static void refuse_name(const struct collection *collection, struct problem *problem)
{
    struct buf allowed = {0};
    sort_write_allowed(collection, &allowed);
    problem_at_parameter(problem, STR("sort"),
                         "must be names separated by commas, each with - for descending; allowed "
                         "are %s",
                         allowed.ptr);
    buf_free(&allowed);
}

static bool has(const struct sort *sort, const struct field *field)
{
    for (size_t i = 0; i < sort->count; i++)
        if (sort->keys[i].field == field)
            return true;
    return false;
}

/* False with what is wrong. Behind equals as many as those of an enum the whole table may be left
 * to sort: no index gives that order. */
static bool add(struct sort *sort, const struct sort_key *key, struct problem *problem)
{
    const struct str place = STR("sort");
    if (has(sort, key->field))
        problem_at_parameter(problem, place, "has %s twice", key->field->name);
    else if (sort->count == SORT_FIELDS_MAX)
        problem_at_parameter(problem, place, "has too many names: at most %d", SORT_FIELDS_MAX);
    else if (sort->count > 0 && sort->keys[sort->count - 1].field->shape.type == FIELD_TYPE_ENUM)
        problem_at_parameter(problem, place,
                             "can have %s only as the last name: too many records have the same",
                             sort->keys[sort->count - 1].field->name);
    else {
        sort->keys[sort->count++] = *key;
        return true;
    }
    return false;
}

void sort_take(const struct collection *collection, struct str text, struct sort *out,
               struct problem *problem)
{
    do {
        struct str name = str_cut(&text, ',');
        struct sort_key key = {.is_descending = name.len > 0 && name.ptr[0] == '-'};
        name.ptr += key.is_descending;
        name.len -= key.is_descending;
        key.field = lookup_find(collection, name);
        if (!is_sort(key.field)) {
            refuse_name(collection, problem);
            return;
        }
        if (!add(out, &key, problem))
            return;
    } while (text.ptr != NULL);
}

size_t sort_keys(const struct sort *sort, struct sort_key out[SORT_KEYS_MAX])
{
    size_t count = sort->count;
    memcpy(out, sort->keys, sizeof(sort->keys));
    if (count == 0)
        out[count++] = (struct sort_key){lookup_find(NULL, STR("created_at")), true};
    out[count] = (struct sort_key){lookup_find(NULL, STR("id")), out[count - 1].is_descending};
    return count + 1;
}

static void write_value(const struct field *field, struct buf *sql)
{
    struct buf column = {0};
    buf_printf(&column, "\"%s\"", field->name);
    lookup_write_order(field, column.ptr, sql);
    buf_free(&column);
}

void sort_write_order(const struct sort *sort, struct buf *sql)
{
    struct sort_key keys[SORT_KEYS_MAX];
    size_t count = sort_keys(sort, keys);
    for (size_t i = 0; i < count; i++) {
        buf_append_text(sql, i == 0 ? "" : ", ");
        write_value(keys[i].field, sql);
        buf_append_text(sql, keys[i].is_descending ? " desc" : "");
    }
}

static void unescape(struct str string, struct buf *out)
{
    char mistake[JSON_MISTAKE_SIZE];
    struct json *parsed = json_parse(string, mistake);
    if (parsed == NULL)
        return; /* our own writing: that cannot be */
    buf_append_str(out, json_text(parsed));
    json_free(&parsed);
}

/* What it is in a column: a string without quotes and escapes, and anything else as it is. */
static struct str column_of(struct str member, struct buf *texts)
{
    size_t before = texts->len;
    if (member.ptr == NULL || str_equal(member, STR("null")))
        return (struct str){NULL, 0};
    if (member.ptr[0] != '"')
        buf_append_str(texts, member);
    else if (memchr(member.ptr, '\\', member.len) == NULL)
        buf_append(texts, member.ptr + 1, member.len - 2);
    else
        unescape(member, texts);
    return (struct str){texts->ptr + before, texts->len - before};
}

size_t sort_find_keys(const struct sort *sort, struct str record, struct str out[SORT_KEYS_MAX],
                      struct buf *texts)
{
    struct sort_key keys[SORT_KEYS_MAX];
    size_t count = sort_keys(sort, keys);
    buf_reserve(texts, SORT_KEYS_MAX * record.len); /* so that none of it moves */
    for (size_t i = 0; i < count; i++)
        out[i] = column_of(json_peek(record, str_from(keys[i].field->name)), texts);
    return count;
}

static void write_parameter(const struct field *field, int number, struct buf *sql)
{
    struct buf value = {0};
    buf_printf(&value, "$%d::%s", number, lookup_type(field));
    lookup_write_order(field, value.ptr, sql);
    buf_free(&value);
}

static bool is_one_way(const struct sort_key *keys, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (keys[i].is_descending != keys[0].is_descending)
            return false;
    return true;
}

/* (a, b, id) > ($1, $2, $3): an index on a, and on a and id, knows where to begin. */
static void write_rows(const struct sort_key *keys, size_t count, int number, struct buf *sql)
{
    for (size_t i = 0; i < count; i++) {
        buf_append_text(sql, i == 0 ? "(" : ", ");
        write_value(keys[i].field, sql);
    }
    buf_append_text(sql, keys[0].is_descending ? ") < " : ") > ");
    for (size_t i = 0; i < count; i++) {
        buf_append_text(sql, i == 0 ? "(" : ", ");
        write_parameter(keys[i].field, number + (int)i, sql);
    }
    buf_append_char(sql, ')');
}

static void write_comparison(const struct sort_key *key, const char *relation, int number,
                             struct buf *sql)
{
    write_value(key->field, sql);
    buf_append_text(sql, relation);
    write_parameter(key->field, number, sql);
}

static const char *beyond(const struct sort_key *key)
{
    return key->is_descending ? " < " : " > ";
}

/* a >= $1 and (a > $1 or (a = $1 and (b < $2 or (b = $2 and id > $3)))): the first part is for the
 * index. */
static void write_steps(const struct sort_key *keys, size_t count, int number, struct buf *sql)
{
    write_comparison(&keys[0], keys[0].is_descending ? " <= " : " >= ", number, sql);
    buf_append_text(sql, " and (");
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            buf_append_text(sql, " or (");
            write_comparison(&keys[i - 1], " = ", number + (int)i - 1, sql);
            buf_append_text(sql, " and (");
        }
        write_comparison(&keys[i], beyond(&keys[i]), number + (int)i, sql);
    }
    for (size_t i = 1; i < count; i++)
        buf_append_text(sql, "))");
    buf_append_char(sql, ')');
}

void sort_write_behind(const struct sort *sort, int number, struct buf *sql)
{
    struct sort_key keys[SORT_KEYS_MAX];
    size_t count = sort_keys(sort, keys);
    if (is_one_way(keys, count))
        write_rows(keys, count, number, sql);
    else
        write_steps(keys, count, number, sql);
}
