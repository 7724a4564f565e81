#include "io/pg/pg_query.h"

#include <endian.h>
#include <libpq-fe.h>

static const PGresult *of(const struct pg_rows *rows)
{
    return (const PGresult *)rows;
}

size_t pg_rows_count(const struct pg_rows *rows)
{
    return (size_t)PQntuples(of(rows));
}

struct str pg_rows_text(const struct pg_rows *rows, size_t row, int column)
{
    if (PQgetisnull(of(rows), (int)row, column))
        return (struct str){NULL, 0};
    return (struct str){PQgetvalue(of(rows), (int)row, column),
                        (size_t)PQgetlength(of(rows), (int)row, column)};
}

int64_t pg_rows_number(const struct pg_rows *rows, size_t row, int column)
{
    int64_t number;
    return str_to_int64(pg_rows_text(rows, row, column), &number) ? number : 0;
}

size_t pg_rows_affected(const struct pg_rows *rows)
{
    int64_t count;
    /* libpq takes its argument as not const and changes nothing. */
    struct str text = str_from(PQcmdTuples((PGresult *)(uintptr_t)rows));
    return str_to_int64(text, &count) ? (size_t)count : 0;
}

/* Texts go as texts: PostgreSQL makes of them what it wants. */
static void add(struct pg_values *values, enum pg_type type, struct str bytes, bool is_null)
{
    assert(values->count < PG_PARAMETERS_MAX);
    int at = values->count++;
    values->at[at].offset = values->bytes.len;
    values->at[at].length = (int)bytes.len;
    values->at[at].type = type;
    values->at[at].is_null = is_null;
    values->at[at].is_binary = type != PG_TYPE_TEXT;
    buf_append_str(&values->bytes, bytes);
    buf_append_char(&values->bytes, '\0');
}

void pg_values_add_text(struct pg_values *values, struct str text)
{
    add(values, PG_TYPE_TEXT, text, false);
}

void pg_values_add_text_or_null(struct pg_values *values, struct str text)
{
    add(values, PG_TYPE_TEXT, text, text.len == 0);
}

static void add_integer(struct pg_values *values, enum pg_type type, int64_t number)
{
    uint64_t bytes = htobe64((uint64_t)number);
    add(values, type, (struct str){(const char *)&bytes, sizeof(bytes)}, false);
}

void pg_values_add_number(struct pg_values *values, int64_t number)
{
    add_integer(values, PG_TYPE_BIGINT, number);
}

void pg_values_add_truth(struct pg_values *values, bool truth)
{
    add(values, PG_TYPE_BOOLEAN, (struct str){truth ? "\1" : "\0", 1}, false);
}

void pg_values_add_uuid(struct pg_values *values, const struct uuid *id)
{
    add(values, PG_TYPE_UUID, (struct str){(const char *)id, sizeof(*id)}, false);
}

void pg_values_add_time(struct pg_values *values, int64_t wall_ms)
{
    add_integer(values, PG_TYPE_TIMESTAMPTZ, pg_array_instant(wall_ms));
}

void pg_values_add_bytes(struct pg_values *values, struct str bytes)
{
    add(values, PG_TYPE_BYTEA, bytes, false);
}

void pg_values_lock(struct pg_values *values, const struct uuid *row)
{
    values->lock_order = *row;
}

void pg_values_free(struct pg_values *values)
{
    buf_free(&values->bytes);
    values->count = 0;
}
