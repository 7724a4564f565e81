#include "fake/pg_pool.h"

#include "base/clock.h"

struct pg_pool *pg_pool_open(struct loop *loop, const struct pg_pool_options *options)
{
    struct pg_pool *pool = mem_new(1, sizeof(*pool));
    (void)options;
    pool->loop = loop;
    return pool;
}

const struct pg_statement *pg_pool_statement(struct pg_pool *pool, enum pg_kind kind,
                                             const char *sql, int parameter_count)
{
    for (unsigned i = 0; i < pool->statement_count; i++)
        if (strcmp(pool->statements[i]->sql, sql) == 0)
            return pool->statements[i];
    assert(pool->statement_count < FAKE_STATEMENTS_MAX);
    struct pg_statement *statement = mem_new(1, sizeof(*statement));
    *statement = (struct pg_statement){.number = pool->statement_count,
                                       .sql = mem_copy(sql, strlen(sql)),
                                       .kind = kind,
                                       .parameter_count = parameter_count};
    pool->statements[pool->statement_count++] = statement;
    return statement;
}

const struct pg_statement *pg_pool_statement_many(struct pg_pool *pool, const char *sql,
                                                  const char *many_sql, int parameter_count)
{
    (void)many_sql;
    return pg_pool_statement(pool, PG_KIND_WRITE, sql, parameter_count);
}

const struct pg_statement *pg_pool_statement_once(enum pg_kind kind, const char *sql,
                                                  int parameter_count)
{
    struct pg_statement *statement = mem_new(1, sizeof(*statement));
    *statement = (struct pg_statement){.number = PG_STATEMENTS_MAX,
                                       .sql = mem_copy(sql, strlen(sql)),
                                       .kind = kind,
                                       .parameter_count = parameter_count};
    return statement;
}

void pg_pool_submit(struct pg_pool *pool, const struct pg_statement *statement,
                    struct pg_values *values, pg_done_fn *done, void *arg)
{
    assert(pool->count < FAKE_QUERIES_MAX && values->count == statement->parameter_count);
    pool->queries[pool->count++] = (struct fake_query){statement, *values, done, arg};
    *values = (struct pg_values){0};
}

struct loop *pg_pool_loop(const struct pg_pool *pool)
{
    return pool->loop;
}

struct str fake_query_value(const struct fake_query *query, int number)
{
    assert(number < query->values.count);
    if (query->values.at[number].is_null)
        return (struct str){NULL, 0};
    return (struct str){query->values.bytes.ptr + query->values.at[number].offset,
                        (size_t)query->values.at[number].length};
}

void fake_pg_pool_answer(struct pg_pool *pool, const struct pg_outcome *outcome)
{
    assert(pool->count > 0);
    struct fake_query query = pool->queries[0];
    memmove(pool->queries, pool->queries + 1, --pool->count * sizeof(query));
    pg_values_free(&query.values);
    query.done(query.arg, outcome);
}

/* io/pg_query.h, whose rows are ours */

size_t pg_rows_count(const struct pg_rows *rows)
{
    return rows->count;
}

struct str pg_rows_text(const struct pg_rows *rows, size_t row, int column)
{
    assert(row < rows->count && column < rows->columns);
    return str_from(rows->cells[row * (size_t)rows->columns + (size_t)column]);
}

int64_t pg_rows_number(const struct pg_rows *rows, size_t row, int column)
{
    int64_t number;
    return str_to_int64(pg_rows_text(rows, row, column), &number) ? number : 0;
}

size_t pg_rows_affected(const struct pg_rows *rows)
{
    return rows->affected;
}

static void add(struct pg_values *values, struct str bytes, bool is_null, bool is_binary)
{
    int at = values->count++;
    assert(at < PG_PARAMETERS_MAX);
    values->at[at].offset = values->bytes.len;
    values->at[at].length = (int)bytes.len;
    values->at[at].is_null = is_null;
    values->at[at].is_binary = is_binary;
    buf_append_str(&values->bytes, bytes);
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
    struct buf text = {0};
    buf_printf(&text, "%lld", (long long)number);
    add(values, buf_str(&text), false, false);
    buf_free(&text);
}

void pg_values_add_truth(struct pg_values *values, bool truth)
{
    add(values, truth ? STR("t") : STR("f"), false, false);
}

void pg_values_add_uuid(struct pg_values *values, const struct uuid *id)
{
    char text[UUID_TEXT_SIZE];
    uuid_format(id, text);
    add(values, str_from(text), false, false);
}

void pg_values_add_time(struct pg_values *values, int64_t wall_ms)
{
    char text[CLOCK_TEXT_SIZE];
    clock_format(wall_ms, text);
    add(values, str_from(text), false, false);
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
