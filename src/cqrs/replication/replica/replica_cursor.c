#include "cqrs/replication/replica/replica_cursor.h"

#include "base/clock.h"

void replica_save_cursor(struct pg_session *session, const struct replica_cursor *cursor)
{
    static const char sql[] =
        "insert into mamparo.cursors (service, epoch, position)\n"
        "  values ($1, $2, $3) on conflict (service) do update\n"
        "  set epoch = excluded.epoch, position = excluded.position\n"
        "  returning pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint,\n"
        "    pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint";
    char text[POSITION_TEXT_SIZE];
    struct pg_values values = {0};
    position_format(cursor->position, text);
    pg_values_add_text(&values, str_from(cursor->service->name));
    pg_values_add_text(&values, str_from(cursor->epoch));
    pg_values_add_text(&values, str_from(text));
    pg_session_queue(session, sql, &values);
    pg_values_free(&values);
}

struct replica_log replica_read_log(const struct pg_rows *cursor)
{
    return (struct replica_log){(uint64_t)pg_rows_number(cursor, 0, 0),
                                (uint64_t)pg_rows_number(cursor, 0, 1)};
}

void replica_queue_report(struct redis_conn *redis, const char *replica_id,
                          const struct replica_cursor *cursor)
{
    struct buf key = {0}, report = {0};
    char text[POSITION_TEXT_SIZE];
    position_format(cursor->position, text);
    event_key(cursor->service->name, "replicas", &key);
    buf_printf(&report, "%s %s %lld", text, cursor->epoch, (long long)clock_wall_ms());
    struct str words[] = {STR("HSET"), buf_str(&key), str_from(replica_id), buf_str(&report)};
    redis_conn_queue(redis, words, countof(words));
    buf_free(&key);
    buf_free(&report);
}

/* An error is Redis's trouble with writing: reading goes on. */
bool replica_is_heard(struct redis_conn *redis)
{
    struct redis_reply *reply = redis_conn_next(redis, 0);
    bool is_alive = reply != NULL;
    redis_reply_free(&reply);
    return is_alive;
}

bool replica_report(struct redis_conn *redis, const char *replica_id,
                    const struct replica_cursor *cursor)
{
    replica_queue_report(redis, replica_id, cursor);
    return replica_is_heard(redis);
}
