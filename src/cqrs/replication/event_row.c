#include "cqrs/replication/event_row.h"

#include <endian.h>

#include "io/pg/pg_array.h"

/* Looked for from behind the one before: they are asked for in the order of the table. */
static struct str find(const struct pg_log_row *row, struct str name, int *at)
{
    for (int left = row->column_count; left > 0; left--) {
        int i = *at < row->column_count ? *at : 0;
        *at = i + 1;
        if (str_equal(row->columns[i].name, name))
            return row->columns[i].value;
    }
    return (struct str){NULL, 0};
}

static bool read_uuid(struct str bytes, char text[UUID_TEXT_SIZE], struct str *out)
{
    struct uuid id;
    if (bytes.len != sizeof(id))
        return false;
    memcpy(&id, bytes.ptr, sizeof(id));
    uuid_format(&id, text);
    *out = (struct str){text, UUID_TEXT_SIZE - 1};
    return true;
}

/* RFC 3339, with as many digits of the second as it has. */
static size_t write_time(int64_t wall_us, char *text)
{
    size_t len = sizeof("2026-11-21T08:15:30.123456") - 1;
    int us = (int)(wall_us % 1000);
    clock_format(wall_us / 1000, text);
    text[len - 3] = (char)('0' + us / 100);
    text[len - 2] = (char)('0' + us / 10 % 10);
    text[len - 1] = (char)('0' + us % 10);
    while (text[len - 1] == '0') /* the point ends it */
        len--;
    len -= text[len - 1] == '.';
    text[len] = 'Z';
    return len + 1;
}

static bool read_time(struct str bytes, char *text, struct str *out)
{
    const int64_t wall_us_max = INT64_C(253402300800000000); /* the year 10000 */
    uint64_t instant;
    int64_t wall_us;
    if (bytes.len != sizeof(instant))
        return false;
    memcpy(&instant, bytes.ptr, sizeof(instant));
    if (__builtin_sub_overflow((int64_t)be64toh(instant), pg_array_instant(0), &wall_us) ||
        wall_us < 0 || wall_us >= wall_us_max)
        return false;
    *out = (struct str){text, write_time(wall_us, text)};
    return true;
}

bool event_row_read(const struct pg_log_row *row, struct event_row_texts *texts, struct event *out)
{
    int at = 0;
    *out = (struct event){0};
    struct str id = find(row, STR("id"), &at);
    struct str time = find(row, STR("time"), &at);
    out->service = find(row, STR("service"), &at);
    out->collection = find(row, STR("collection"), &at);
    out->type = find(row, STR("type"), &at);
    struct str subject = find(row, STR("subject"), &at);
    out->fingerprint = find(row, STR("fingerprint"), &at);
    out->actor = find(row, STR("actor"), &at);
    out->traceparent = find(row, STR("traceparent"), &at);
    out->correlation_id = find(row, STR("correlation_id"), &at);
    out->causation_id = find(row, STR("causation_id"), &at);
    out->data = find(row, STR("data"), &at);
    return read_uuid(id, texts->id, &out->id) && read_time(time, texts->time, &out->time) &&
           read_uuid(subject, texts->subject, &out->subject) && out->service.len > 0 &&
           out->fingerprint.len > 0 && out->data.len > 0;
}
