#include "cqrs/replication/replica/replica_history.h"

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
    struct buf collection = {0};
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
    sql_array_add(&history->collections, buf_str(&collection));
    sql_array_add_uuid(&history->subjects, &subject);
    sql_array_add_number(&history->versions, images->version);
    sql_array_add_time(&history->times, time);
    sql_array_add(&history->kinds, kind_of(event->type));
    sql_array_add(&history->actors, text_or_null(event->actor));
    sql_array_add(&history->befores, text_or_null(images->before));
    sql_array_add(&history->afters, text_or_null(images->after));
    history->count++;
    buf_free(&collection);
    return true;
}

enum { COLUMNS = 8 };

static void list_columns(struct replica_history *history, struct buf *out[COLUMNS])
{
    struct buf *all[COLUMNS] = {&history->collections, &history->subjects, &history->versions,
                                &history->times,       &history->kinds,    &history->actors,
                                &history->befores,     &history->afters};
    memcpy(out, all, sizeof(all));
}

void replica_history_store(struct replica_history *history, struct pg_session *session)
{
    struct pg_values values = {0};
    struct buf *columns[COLUMNS];
    if (history->count == 0)
        return;
    list_columns(history, columns);
    for (size_t i = 0; i < COLUMNS; i++) {
        sql_array_bind(&values, columns[i]);
        buf_reset(columns[i]);
    }
    history->count = 0;
    pg_session_queue(session, store_sql, &values);
    pg_values_free(&values);
}

void replica_history_free(struct replica_history *history)
{
    struct buf *columns[COLUMNS];
    list_columns(history, columns);
    for (size_t i = 0; i < COLUMNS; i++)
        buf_free(columns[i]);
}
