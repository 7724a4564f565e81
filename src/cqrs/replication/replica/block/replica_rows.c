#include "cqrs/replication/replica/block/replica_rows.h"

#include "cqrs/sql_array.h"
#include "model/image.h"

/* One block may hold a record twice: its highest version is the one that counts. A first version
 * that is stored had nothing before it. */
static const char store_sql[] =
    "with incoming as (\n"
    "  select distinct on (id) * from unnest($1::uuid[], $2::bigint[], $3::boolean[],\n"
    "    $4::timestamptz[], $5::text[]) as i(id, version, deleted, created_at, body)\n"
    "  order by id, version desc),\n"
    "old as (select id, deleted from %s where id = any(array(select id from incoming\n"
    "  where version > 1))),\n"
    "stored as (\n"
    "  insert into %s as t (id, version, deleted, created_at, body)\n"
    "  select id, version, deleted, created_at, body from incoming\n"
    "  on conflict (id) do update set version = excluded.version, deleted = excluded.deleted,\n"
    "    created_at = excluded.created_at, body = excluded.body\n"
    "  where t.version < excluded.version\n"
    "  returning id, deleted),\n"
    "difference as (\n"
    "  select count(*) filter (where not stored.deleted)\n"
    "    - count(*) filter (where not old.deleted) as rows\n"
    "  from stored left join old using (id))\n"
    "update mamparo.totals set total = total + difference.rows from difference\n"
    "where service = '%s' and collection = '%s' and difference.rows <> 0";

void replica_rows_add(struct replica_rows *rows, const struct replica_row *row)
{
    sql_array_add_uuid(&rows->ids, &row->id);
    sql_array_add_number(&rows->versions, row->version);
    sql_array_add_truth(&rows->deleted, row->is_deleted);
    sql_array_add_time(&rows->created, row->created_at);
    sql_array_add(&rows->bodies, row->body);
    rows->count++;
}

/* What another version of the model wrote is completed with the defaults of this one. */
bool replica_rows_complete(const struct collection *collection, struct str image, struct buf *out)
{
    char mistake[JSON_MISTAKE_SIZE];
    struct json *whole = NULL, *json = json_parse(image, mistake);
    if (json != NULL && json_kind(json) == JSON_KIND_OBJECT)
        whole = image_complete(collection, json);
    if (json != NULL)
        json_free(&json);
    if (whole == NULL)
        return false;
    json_write(whole, out);
    json_free(&whole);
    return true;
}

static bool add_image(struct replica_rows *rows, struct str image, struct replica_row *row)
{
    struct image_head head;
    if (!image_read_text(image, &head) || memcmp(&row->id, &head.id, sizeof(head.id)) != 0)
        return false;
    row->created_at = head.created_at;
    row->body = row->is_deleted ? STR("{}") : image;
    replica_rows_add(rows, row);
    return true;
}

/* A record that is gone leaves a tombstone, so that no older event brings it back. */
bool replica_rows_add_event(struct replica_rows *rows, const struct collection *collection,
                            const struct event *event, const struct replica_images *images)
{
    struct replica_row row = {.version = images->version, .is_deleted = images->after.len == 0};
    struct str image = row.is_deleted ? images->before : images->after;
    struct buf whole = {0};
    if (!uuid_parse(event->subject, &row.id))
        return false;
    if (images->codec == collection->event_codec)
        return add_image(rows, image, &row);
    bool is_added =
        replica_rows_complete(collection, image, &whole) && add_image(rows, buf_str(&whole), &row);
    buf_free(&whole);
    return is_added;
}

static void clear(struct replica_rows *rows)
{
    struct buf *all[] = {&rows->ids, &rows->versions, &rows->deleted, &rows->created,
                         &rows->bodies};
    for (size_t i = 0; i < countof(all); i++)
        buf_reset(all[i]);
    rows->count = 0;
}

void replica_rows_store(struct replica_rows *rows, const struct collection *collection,
                        struct pg_session *session)
{
    struct pg_values values = {0};
    struct buf sql = {0};
    if (rows->count == 0)
        return;
    buf_printf(&sql, store_sql, collection->table, collection->table, collection->service,
               collection->name);
    sql_array_bind(&values, &rows->ids);
    sql_array_bind(&values, &rows->versions);
    sql_array_bind(&values, &rows->deleted);
    sql_array_bind(&values, &rows->created);
    sql_array_bind(&values, &rows->bodies);
    pg_session_queue(session, sql.ptr, &values);
    pg_values_free(&values);
    buf_free(&sql);
    clear(rows);
}

static const char clear_sql[] =
    "with gone as (\n"
    "  delete from %s as t where ($1 = '' or id > nullif($1, '')::uuid)\n"
    "    and ($2 = '' or id <= nullif($2, '')::uuid) and not exists (\n"
    "    select from unnest($3::uuid[], $4::bigint[], $5::text[]) as p(id, version, body)\n"
    "    where p.id = t.id and p.version = t.version and p.body = t.body)\n"
    "  returning deleted)\n"
    "update mamparo.totals set total = total - (select count(*) from gone where not deleted)\n"
    "where service = '%s' and collection = '%s'";

void replica_rows_clear(const struct replica_rows *rows, const struct collection *collection,
                        struct pg_session *session, const char *after, const char *upto)
{
    struct pg_values values = {0};
    struct buf sql = {0};
    buf_printf(&sql, clear_sql, collection->table, collection->service, collection->name);
    pg_values_add_text(&values, str_from(after));
    pg_values_add_text(&values, str_from(upto));
    sql_array_bind(&values, &rows->ids);
    sql_array_bind(&values, &rows->versions);
    sql_array_bind(&values, &rows->bodies);
    pg_session_queue(session, sql.ptr, &values);
    pg_values_free(&values);
    buf_free(&sql);
}

void replica_rows_free(struct replica_rows *rows)
{
    buf_free(&rows->ids);
    buf_free(&rows->versions);
    buf_free(&rows->deleted);
    buf_free(&rows->created);
    buf_free(&rows->bodies);
}
