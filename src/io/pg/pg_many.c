#include "io/pg/pg_many.h"

/* Beyond that PostgreSQL would put its rows on a disk, and what a statement costs counts little. */
enum { TOGETHER_BYTES = 1 << 20 };

static struct pg_query *of(struct list *link)
{
    return container_of(link, struct pg_query, link);
}

void pg_many_free(struct pg_many *many)
{
    for (size_t i = 0; i < countof(many->columns); i++)
        buf_free(&many->columns[i]);
}

static struct list *find_end(struct list *first, const struct list *end)
{
    const struct pg_statement *statement = of(first)->statement;
    size_t bytes = of(first)->values.bytes.len;
    struct list *next = first->next;
    for (; next != end && of(next)->statement == statement; next = next->next) {
        bytes += of(next)->values.bytes.len;
        if (bytes > TOGETHER_BYTES)
            break;
    }
    return next;
}

static void add_row(struct pg_many *many, const struct pg_values *values)
{
    for (int i = 0; i < values->count; i++) {
        struct str item = {values->bytes.ptr + values->at[i].offset, (size_t)values->at[i].length};
        pg_array_add(&many->columns[i], values->at[i].type,
                     values->at[i].is_null ? (struct str){NULL, 0} : item);
    }
}

static void bind(const struct pg_many *many, int count, struct pg_arrays *out)
{
    for (int i = 0; i < count; i++) {
        out->values[i] = many->columns[i].ptr;
        out->lengths[i] = (int)many->columns[i].len;
        out->formats[i] = 1;
    }
}

const struct pg_statement *pg_many_take(struct pg_many *many, struct list **next,
                                        const struct list *end, struct pg_arrays *out)
{
    struct list *first = *next;
    const struct pg_statement *statement = of(first)->statement;
    *next = statement->many == NULL ? first->next : find_end(first, end);
    if (*next == first->next) {
        pg_raw_arrays(&of(first)->values, out);
        return statement;
    }
    for (int i = 0; i < statement->parameter_count; i++)
        buf_reset(&many->columns[i]);
    for (struct list *link = first; link != *next; link = link->next) {
        add_row(many, &of(link)->values);
        of(link)->follows = link != first;
    }
    bind(many, statement->parameter_count, out);
    return statement->many;
}
