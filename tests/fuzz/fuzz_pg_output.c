/* Any bytes as messages of pgoutput, each behind two bytes with its length: what comes out as a row
 * lies within its message. */
#include "io/pg/pg_output.h"

static bool is_within(struct str part, struct str whole)
{
    return part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len;
}

static void check(const struct pg_output *output, const struct pg_log_row *row, struct str message)
{
    assert(row->commit == output->commit && row->index + 1 == output->index);
    assert(row->column_count >= 0 && row->column_count <= PG_LOG_COLUMNS_MAX);
    for (int c = 0; c < row->column_count; c++) {
        assert(is_within(row->columns[c].name, buf_str(&output->described)));
        assert(row->columns[c].value.ptr == NULL || is_within(row->columns[c].value, message));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pg_output output = {0};
    struct pg_log_row row;
    while (size >= 2) {
        size_t len = (size_t)data[0] << 8 | data[1];
        data += 2;
        size -= 2;
        len = len < size ? len : size;
        /* On the heap, so that ASan sees the first byte read beyond it. */
        char *copy = mem_copy((const char *)data, len);
        copy = realloc(copy, len > 0 ? len : 1);
        struct str message = {copy, len};
        if (pg_output_read(&output, message, &row) == PG_OUTPUT_ROW)
            check(&output, &row, message);
        free(copy);
        data += len;
        size -= len;
    }
    pg_output_free(&output);
    return 0;
}
