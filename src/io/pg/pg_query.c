#include "io/pg/pg_query.h"

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

/* What was appended to the bytes since `offset`. */
static void end_value(struct pg_values *values, size_t offset, bool is_null, bool is_binary)
{
    assert(values->count < PG_PARAMETERS_MAX);
    int at = values->count++;
    values->at[at].offset = offset;
    values->at[at].length = (int)(values->bytes.len - offset);
    values->at[at].is_null = is_null;
    values->at[at].is_binary = is_binary;
    buf_append_char(&values->bytes, '\0');
}

static void add(struct pg_values *values, struct str bytes, bool is_null, bool is_binary)
{
    size_t offset = values->bytes.len;
    buf_append_str(&values->bytes, bytes);
    end_value(values, offset, is_null, is_binary);
}

void pg_values_add_text(struct pg_values *values, struct str text)
{
    add(values, text, false, false);
}

void pg_values_add_text_or_null(struct pg_values *values, struct str text)
{
    add(values, text, text.len == 0, false);
}

void pg_values_add_number(struct pg_values *values, int64_t number)
{
    size_t offset = values->bytes.len;
    buf_append_number(&values->bytes, number);
    end_value(values, offset, false, false);
}

void pg_values_add_bytes(struct pg_values *values, struct str bytes)
{
    add(values, bytes, false, true);
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
