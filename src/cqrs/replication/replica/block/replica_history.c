#include "cqrs/replication/replica/block/replica_history.h"

#include "base/clock.h"
#include "cqrs/sql_array.h"

static const char store_sql[] =
    "insert into mamparo.history (collection, subject, version, time, kind, actor, before, after)\n"
    "select * from unnest($1::text[], $2::uuid[], $3::bigint[], $4::timestamptz[], $5::text[],\n"
    "  $6::text[], $7::text[], $8::text[]) on conflict do nothing";

static struct str text_or_null(struct str text)
{
    return text.len > 0 ? text : (struct str){NULL, 0};
}

/* "medical.entry.created" */
static struct str kind_of(struct str type)
{
    const char *dot = type.len == 0 ? NULL : memrchr(type.ptr, '.', type.len);
    return dot == NULL ? type : (struct str){dot + 1, (size_t)(type.ptr + type.len - dot - 1)};
}

bool replica_history_add(struct replica_history *history, struct pg_session *session,
                         const struct event *event, const struct replica_images *images)
{
    struct buf collection = {0}, *column = history->columns;
    struct uuid subject;
    int64_t time;
    if (!clock_parse(event->time, &time))
        time = clock_wall_ms();
    /* A subject that is no id: the row was refused, or there was none. */
    if (time < calendar_first(history->calendar, clock_wall_ms()) ||
        !uuid_parse(event->subject, &subject))
        return true;
    if (!calendar_open(history->calendar, session, time))
        return false;
    buf_append_str(&collection, event->service);
    buf_append_char(&collection, '/');
    buf_append_str(&collection, event->collection);
    sql_array_add(&column[0], buf_str(&collection));
    sql_array_add_uuid(&column[1], &subject);
    sql_array_add_number(&column[2], images->version);
    sql_array_add_time(&column[3], time);
    sql_array_add(&column[4], kind_of(event->type));
    sql_array_add(&column[5], text_or_null(event->actor));
    sql_array_add(&column[6], text_or_null(images->before));
    sql_array_add(&column[7], text_or_null(images->after));
    history->count++;
    buf_free(&collection);
    return true;
}

void replica_history_store(struct replica_history *history, struct pg_session *session)
{
    struct pg_values values = {0};
    if (history->count == 0)
        return;
    sql_array_bind_all(&values, history->columns, REPLICA_HISTORY_COLUMNS);
    history->count = 0;
    pg_session_queue(session, store_sql, &values);
    pg_values_free(&values);
}

void replica_history_free(struct replica_history *history)
{
    for (size_t i = 0; i < REPLICA_HISTORY_COLUMNS; i++)
        buf_free(&history->columns[i]);
}
