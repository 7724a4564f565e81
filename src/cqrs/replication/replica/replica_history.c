#include "cqrs/replication/replica/replica_history.h"

#include "base/clock.h"
#include "cqrs/sql_array.h"

static const char store_sql[] =
    "insert into mamparo.history (collection, subject, version, time, kind, actor, before, after)\n"
    "select * from unnest($1::text[], $2::uuid[], $3::bigint[], $4::timestamptz[], $5::text[],\n"
    "  $6::text[], $7::text[], $8::text[]) on conflict do nothing";

static void add_image(struct buf *items, const struct json *image)
{
    struct buf text = {0};
    if (image == NULL || json_kind(image) == JSON_KIND_NULL) {
        sql_array_add(items, (struct str){NULL, 0});
        return;
    }
    json_write(image, &text);
    sql_array_add(items, buf_str(&text));
    buf_free(&text);
}

/* "medical.entry.created" */
static struct str kind_of(struct str type)
{
    const char *dot = type.len == 0 ? NULL : memrchr(type.ptr, '.', type.len);
    return dot == NULL ? type : (struct str){dot + 1, (size_t)(type.ptr + type.len - dot - 1)};
}

bool replica_history_add(struct replica_history *history, struct pg_session *session,
                         const struct event *event, const struct json *images)
{
    struct buf collection = {0};
    char text[CLOCK_TEXT_SIZE];
    int64_t time;
    if (!clock_parse(event->time, &time))
        time = clock_wall_ms();
    if (time < calendar_first(history->calendar, clock_wall_ms()))
        return true;
    if (!calendar_open(history->calendar, session, time))
        return false;
    buf_printf(&collection, STR_FMT "/" STR_FMT, STR_ARG(event->service),
               STR_ARG(event->collection));
    sql_array_add(&history->collections, buf_str(&collection));
    sql_array_add(&history->subjects, event->subject);
    sql_array_add_number(&history->versions, json_find_integer(images, "version", 0));
    clock_format(time, text);
    sql_array_add(&history->times, str_from(text));
    sql_array_add(&history->kinds, kind_of(event->type));
    sql_array_add(&history->actors, event->actor.len > 0 ? event->actor : (struct str){NULL, 0});
    add_image(&history->befores, json_find(images, "before"));
    add_image(&history->afters, json_find(images, "after"));
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

bool replica_history_store(struct replica_history *history, struct pg_session *session)
{
    struct pg_values values = {0};
    struct buf *columns[COLUMNS];
    if (history->count == 0)
        return true;
    list_columns(history, columns);
    for (size_t i = 0; i < COLUMNS; i++) {
        sql_array_bind(&values, columns[i]);
        buf_reset(columns[i]);
    }
    history->count = 0;
    bool is_stored = pg_session_run(session, store_sql, &values, NULL);
    pg_values_free(&values);
    return is_stored;
}

void replica_history_free(struct replica_history *history)
{
    struct buf *columns[COLUMNS];
    list_columns(history, columns);
    for (size_t i = 0; i < COLUMNS; i++)
        buf_free(columns[i]);
}
