#include "io/pg/pg_output.h"

/* Takes an unsigned big-endian integer off the front; false when there are not enough bytes. */
static bool take_integer(struct str *bytes, size_t size, uint64_t *out)
{
    if (bytes->len < size)
        return false;
    *out = 0;
    for (size_t i = 0; i < size; i++)
        *out = *out << 8 | (unsigned char)bytes->ptr[i];
    bytes->ptr += size;
    bytes->len -= size;
    return true;
}

static bool take_text(struct str *bytes, struct str *out)
{
    const char *end = bytes->len == 0 ? NULL : memchr(bytes->ptr, '\0', bytes->len);
    if (end == NULL)
        return false;
    *out = (struct str){bytes->ptr, (size_t)(end - bytes->ptr)};
    bytes->ptr += out->len + 1;
    bytes->len -= out->len + 1;
    return true;
}

static bool read_begin(struct pg_output *output, struct str message)
{
    output->index = 0;
    return take_integer(&message, 8, &output->commit);
}

/* Int8 flags, String name, Int32 type, Int32 modifier. */
static bool read_column_names(struct pg_output *output, struct str message, uint64_t count)
{
    uint64_t unused;
    buf_reset(&output->described);
    buf_append_str(&output->described, message);
    struct str rest = buf_str(&output->described);
    for (uint64_t i = 0; i < count; i++)
        if (!take_integer(&rest, 1, &unused) || !take_text(&rest, &output->names[i]) ||
            !take_integer(&rest, 4, &unused) || !take_integer(&rest, 4, &unused))
            return false;
    output->column_count = (int)count;
    return true;
}

/* Int32 id, String namespace, String name, Int8 identity, Int16 columns, and each column. */
static bool read_relation(struct pg_output *output, struct str message)
{
    uint64_t id, identity, count;
    struct str space, name;
    if (!take_integer(&message, 4, &id) || !take_text(&message, &space) ||
        !take_text(&message, &name) || !take_integer(&message, 1, &identity) ||
        !take_integer(&message, 2, &count) || count > PG_LOG_COLUMNS_MAX)
        return false;
    if (output->table != NULL && !str_equal(name, str_from(output->table)))
        return true;
    output->relation = (uint32_t)id;
    output->column_count = 0;
    return read_column_names(output, message, count);
}

/* Int16 columns, and of each: 'n' (null), 'u' (unchanged) or 'b' with Int32 length and bytes. */
static bool read_columns(const struct pg_output *output, struct str message, struct pg_log_row *row)
{
    uint64_t count, kind, length;
    if (!take_integer(&message, 2, &count) || (int)count != output->column_count)
        return false;
    row->column_count = (int)count;
    for (uint64_t i = 0; i < count; i++) {
        row->columns[i].name = output->names[i];
        row->columns[i].value = (struct str){NULL, 0};
        if (!take_integer(&message, 1, &kind))
            return false;
        if (kind == 'n')
            continue;
        if (kind != 'b' || !take_integer(&message, 4, &length) || length > message.len)
            return false;
        row->columns[i].value = (struct str){message.ptr, length};
        message.ptr += length;
        message.len -= length;
    }
    return true;
}

static bool read_insert(struct pg_output *output, struct str message, struct pg_log_row *row)
{
    uint64_t relation, kind;
    if (!take_integer(&message, 4, &relation) || !take_integer(&message, 1, &kind) ||
        relation != output->relation || kind != 'N' || !read_columns(output, message, row))
        return false;
    row->commit = output->commit;
    row->index = output->index++;
    return true;
}

enum pg_output_kind pg_output_read(struct pg_output *output, struct str message,
                                   struct pg_log_row *row)
{
    uint64_t type;
    if (!take_integer(&message, 1, &type))
        return PG_OUTPUT_INVALID;
    switch (type) {
    case 'B':
        return read_begin(output, message) ? PG_OUTPUT_OTHER : PG_OUTPUT_INVALID;
    case 'R':
        return read_relation(output, message) ? PG_OUTPUT_OTHER : PG_OUTPUT_INVALID;
    case 'I':
        return read_insert(output, message, row) ? PG_OUTPUT_ROW : PG_OUTPUT_INVALID;
    case 'C': /* commit: the row's position came with the begin */
    case 'O': /* origin */
    case 'Y': /* type */
    case 'T': /* truncate: the publication has inserts only */
    case 'U':
    case 'D':
        return PG_OUTPUT_OTHER;
    default:
        return PG_OUTPUT_INVALID;
    }
}

void pg_output_free(struct pg_output *output)
{
    buf_free(&output->described);
}
