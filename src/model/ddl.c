#include "model/ddl.h"

#include "model/avro/fingerprint.h"

/* Any number will do, as long as every version of this program takes the same. */
#define MIGRATION_LOCK "7237412386095721"

static const char both_sides[] =
    "create schema if not exists mamparo;\n"
    "create table if not exists mamparo.fields (\n"
    "  service text, collection text, field text, primary key (service, collection, field));\n"
    "create table if not exists mamparo.schemas (\n"
    "  fingerprint text primary key, service text not null, collection text not null,\n"
    "  schema text not null, since timestamptz not null default now());\n";

/* A table is made first and attached then: so the parent is never locked for more than a moment.
 * Months are those of UTC. */
static const char months[] =
    "create or replace function mamparo.open_month(parent text, moment timestamptz) returns void\n"
    "language plpgsql as $$ declare\n"
    "  first timestamp := date_trunc('month', moment at time zone 'UTC');\n"
    "  month text := parent || to_char(first, '_YYYY_MM');\n"
    "begin\n"
    "  if to_regclass('mamparo.' || month) is not null then return; end if;\n"
    "  execute format('lock table mamparo.%I in share update exclusive mode', parent);\n"
    "  if to_regclass('mamparo.' || month) is not null then return; end if;\n"
    "  execute format('create table if not exists mamparo.%I (like mamparo.%I including all)',\n"
    "    month, parent);\n"
    "  execute format('alter table mamparo.%I attach partition mamparo.%I for values from (%L) to "
    "(%L)',\n"
    "    parent, month, first at time zone 'UTC',\n"
    "    (first + interval '1 month') at time zone 'UTC');\n"
    "end $$;\n"
    "create or replace function mamparo.drop_months(parent text, before timestamptz)\n"
    "returns void language plpgsql as $$ declare month text; begin\n"
    "  for month in select relname from pg_inherits join pg_class on oid = inhrelid\n"
    "    where inhparent = ('mamparo.' || parent)::regclass and relname <\n"
    "      parent || to_char(date_trunc('month', least(before, now()) at time zone 'UTC'),\n"
    "        '_YYYY_MM')\n" /* never this month, whatever the asker's clock says */
    "  loop\n"
    "    perform set_config('lock_timeout', '100ms', true);\n"
    "    execute format('drop table mamparo.%I', month);\n"
    "  end loop;\n"
    "exception when lock_not_available then null;\n" /* somebody reads: another time, then */
    "end $$;\n";

static const char write_side[] =
    "do $$ begin\n"
    "  if (select relkind from pg_class where oid = to_regclass('mamparo.events')) = 'r' then\n"
    "    raise exception 'mamparo.events is from before 0.1.0: begin with an empty database';\n"
    "  end if;\n"
    "end $$;\n"
    "create table if not exists mamparo.events (\n"
    "  id uuid not null, time timestamptz not null, service text not null,\n"
    "  collection text not null, type text not null, subject uuid not null,\n"
    "  version bigint not null, fingerprint text not null, actor text, traceparent text,\n"
    "  correlation_id text, causation_id text, data bytea not null, primary key (id, time))\n"
    "  partition by range (time);\n"
    "select mamparo.open_month('events', now()),\n"
    "  mamparo.open_month('events', now() - interval '1 day'),\n"
    "  mamparo.open_month('events', now() + interval '1 day');\n"
    "create table if not exists mamparo.keys (\n"
    "  key text primary key, request bytea not null, subject uuid not null,\n"
    "  version bigint not null, type text not null, body text not null,\n"
    "  since timestamptz not null);\n"
    "create index if not exists keys_since on mamparo.keys (since);\n"
    "create table if not exists mamparo.epoch (\n"
    "  singleton boolean primary key default true check (singleton), epoch uuid not null);\n"
    "create table if not exists mamparo.streams (\n"
    "  service text primary key, confirmed text not null);\n"
    "do $$ begin\n"
    "  if not exists (select from pg_publication where pubname = 'mamparo') then\n"
    "    create publication mamparo for table mamparo.events\n"
    "      with (publish = 'insert', publish_via_partition_root = true);\n"
    "  end if;\n"
    "end $$;\n";

static const char read_side[] =
    "create table if not exists mamparo.replica (\n"
    "  singleton boolean primary key default true check (singleton),\n"
    "  id uuid not null default gen_random_uuid());\n"
    "insert into mamparo.replica default values on conflict do nothing;\n"
    "create table if not exists mamparo.appliers (\n"
    "  service text primary key, since timestamptz not null, process text);\n"
    "alter table mamparo.appliers add column if not exists process text;\n"
    "create table if not exists mamparo.cursors (\n"
    "  service text primary key, epoch text not null, position text not null);\n"
    "create table if not exists mamparo.freshness (\n"
    "  service text primary key, known_at timestamptz not null);\n"
    "create table if not exists mamparo.fills (\n"
    "  service text primary key, noted text not null, epoch text not null,\n"
    "  stage text not null, after text not null);\n"
    "create table if not exists mamparo.dead_letters (\n"
    "  service text not null, commit bigint not null, index bigint not null,\n"
    "  record text not null, type text not null, since timestamptz not null default now(),\n"
    "  tries int not null, why text not null, entry bytea not null, primary key (service, commit, "
    "index));\n"
    "create table if not exists mamparo.totals (\n"
    "  service text, collection text, total bigint not null, primary key (service, collection));\n"
    "create table if not exists mamparo.history (\n"
    "  collection text not null, subject uuid not null, version bigint not null,\n"
    "  time timestamptz not null, kind text not null, actor text, before text, after text,\n"
    "  constraint history_pkey primary key (subject, version, collection, time)) partition by "
    "range (time);\n";

const char *ddl_column_type(const struct field *field)
{
    switch (field->shape.type) {
    case FIELD_TYPE_BOOLEAN:
        return "boolean";
    case FIELD_TYPE_INT:
    case FIELD_TYPE_LONG:
        return "bigint";
    case FIELD_TYPE_DOUBLE:
        return "double precision";
    default:
        return "text";
    }
}

/* PostgreSQL cuts names at 63 bytes, where two could become one: long ones end in their hash. */
static void write_index_name(const struct collection *collection, const char *rest, struct buf *out)
{
    struct buf name = {0};
    /* A dot is in no name of ours: no two indexes, nor an index and a table, can be called the
     * same. */
    buf_printf(&name, "%s.%s", collection->name, rest);
    if (name.len > 63) {
        char hash[FINGERPRINT_TEXT_SIZE];
        fingerprint_format(fingerprint_bytes(buf_str(&name)), hash);
        name.len = 40;
        buf_printf(&name, "_%s", hash);
    }
    buf_printf(out, "\"%s\"", name.ptr);
    buf_free(&name);
}

/* Where it is there already nothing is asked of the table: even the question would take its lock,
 * and everybody behind it would wait. */
static void write_column(const struct collection *collection, const struct field *field,
                         struct buf *out)
{
    const char *type = ddl_column_type(field);
    buf_printf(out,
               "do $$ begin if not exists (select from pg_attribute where not attisdropped\n"
               "  and attrelid = '%s'::regclass and attname = '%s') then\n"
               "alter table %s add column if not exists \"%s\" %s",
               collection->table, field->name, collection->table, field->name, type);
    if (field->shape.type == FIELD_TYPE_DATE || field->shape.type == FIELD_TYPE_TIMESTAMP)
        buf_append_text(out, " collate \"C\"");
    buf_printf(out,
               " generated always as ((body::jsonb ->> '%s')::%s) stored;\n"
               "end if; end $$;\n",
               field->name, type);
}

/* Likewise. `kind` is "unique " or empty, `columns` what stands in the parentheses. */
static void write_index(const struct collection *collection, const char *rest, const char *kind,
                        const char *columns, struct buf *out)
{
    buf_printf(out, "do $$ begin if to_regclass('\"%s\".", collection->service);
    write_index_name(collection, rest, out);
    buf_printf(out, "') is null then\ncreate %sindex if not exists ", kind);
    write_index_name(collection, rest, out);
    buf_printf(out, " on %s (%s) where not deleted;\nend if; end $$;\n", collection->table,
               columns);
}

static void write_field_index(const struct collection *collection, const struct field *field,
                              enum ddl_side side, struct buf *out)
{
    bool is_unique = side == DDL_SIDE_WRITE;
    struct buf rest = {0}, columns = {0};
    buf_printf(&rest, "%s.%s", field->name, is_unique ? "unique" : "filter");
    buf_printf(&columns, "\"%s\"%s", field->name, is_unique ? "" : ", created_at desc, id desc");
    write_index(collection, rest.ptr, is_unique ? "unique " : "", columns.ptr, out);
    buf_free(&rest);
    buf_free(&columns);
}

/* A rule that was taken out of the model holds no longer. */
static void drop_index(const struct collection *collection, const struct field *field,
                       enum ddl_side side, struct buf *out)
{
    struct buf rest = {0};
    buf_printf(&rest, "%s.%s", field->name, side == DDL_SIDE_WRITE ? "unique" : "filter");
    buf_printf(out, "drop index if exists \"%s\".", collection->service);
    write_index_name(collection, rest.ptr, out);
    buf_append_text(out, ";\n");
    buf_free(&rest);
}

static void write_literal(struct str text, struct buf *out)
{
    buf_append_char(out, '\'');
    for (size_t i = 0; i < text.len; i++)
        buf_append(out, text.ptr[i] == '\'' ? "''" : &text.ptr[i], text.ptr[i] == '\'' ? 2 : 1);
    buf_append_char(out, '\'');
}

/* Records from before a field was there get its default, once: behind the other fields, where what
 * every record has begins. It is the last "created_at" of the text, and inside a string its quotes
 * would be escaped. */
static void write_default(const struct collection *collection, const struct field *field,
                          struct buf *out)
{
    struct buf member = {0};
    buf_printf(&member, ",\"%s\":", field->name);
    json_write(field->otherwise, &member);
    buf_printf(out,
               "with added as (insert into mamparo.fields values ('%s', '%s', '%s')\n"
               "  on conflict do nothing returning 1)\n"
               "update %s set body = (select parts[1] || ",
               collection->service, collection->name, field->name, collection->table);
    write_literal(buf_str(&member), out);
    buf_printf(out,
               " || parts[2]\n"
               "  from regexp_match(body, '^(.*)(,\"created_at\":.*)$') as parts)\n"
               "where exists (select from added) and not deleted and not body::jsonb ? '%s';\n",
               field->name);
    buf_free(&member);
}

static void write_table(const struct collection *collection, enum ddl_side side, struct buf *out)
{
    buf_printf(out,
               "create table if not exists %s (\n"
               "  id uuid primary key, version bigint not null, deleted boolean not null,\n"
               "  created_at timestamptz not null, body text not null);\n",
               collection->table);
    for (size_t i = 0; i < collection->field_count; i++) {
        const struct field *field = &collection->fields[i];
        if (side == DDL_SIDE_WRITE ? field->is_unique : field->is_filter) {
            write_column(collection, field, out);
            write_field_index(collection, field, side, out);
        } else {
            drop_index(collection, field, side, out);
        }
    }
    if (side == DDL_SIDE_WRITE)
        return;
    write_index(collection, "newest", "", "created_at desc, id desc", out);
    buf_printf(out, "insert into mamparo.totals values ('%s', '%s', 0) on conflict do nothing;\n",
               collection->service, collection->name);
}

void ddl_write_defaults(const struct service *service, struct buf *out)
{
    for (size_t c = 0; c < service->collection_count; c++) {
        const struct collection *collection = service->collections[c];
        for (size_t i = 0; i < collection->field_count; i++)
            if (collection->fields[i].otherwise != NULL)
                write_default(collection, &collection->fields[i], out);
    }
}

/* The event schema of this program's model, kept so that whoever reads an old event finds it. */
static void write_schema(const struct collection *collection, struct buf *out)
{
    char fingerprint[FINGERPRINT_TEXT_SIZE];
    struct buf text = {0};
    fingerprint_format(fingerprint_schema(collection->event_schema), fingerprint);
    json_write(collection->event_schema, &text);
    buf_printf(out,
               "insert into mamparo.schemas (fingerprint, service, collection, schema)\n"
               "  values ('%s', '%s', '%s', ",
               fingerprint, collection->service, collection->name);
    write_literal(buf_str(&text), out);
    /* A fingerprint says nothing of defaults: the newest text tells most. */
    buf_append_text(out, ") on conflict (fingerprint) do update set schema = excluded.schema\n"
                         "  where schemas.schema <> excluded.schema;\n");
    buf_free(&text);
}

static const char begin[] = "begin;\nselect pg_advisory_xact_lock(" MIGRATION_LOCK ");\n";

void ddl_write(const struct model *model, enum ddl_side side, struct buf *out)
{
    buf_append_text(out, "set client_min_messages = warning;\n"
                         "set standard_conforming_strings = on;\n");
    buf_append_text(out, begin);
    /* Whoever waits for a table makes everybody behind him wait: not for long, then. */
    buf_append_text(out, "set local lock_timeout = '300ms';\n");
    buf_append_text(out, both_sides);
    buf_append_text(out, months);
    buf_append_text(out, side == DDL_SIDE_WRITE ? write_side : read_side);
    for (size_t s = 0; s < model->service_count; s++) {
        const struct service *service = &model->services[s];
        buf_printf(out, "create schema if not exists \"%s\";\n", service->name);
        for (size_t c = 0; c < service->collection_count; c++) {
            write_table(service->collections[c], side, out);
            write_schema(service->collections[c], out);
        }
    }
    buf_append_text(out, "commit;\n");
    buf_append_text(out, begin);
    for (size_t s = 0; s < model->service_count; s++)
        ddl_write_defaults(&model->services[s], out);
    buf_append_text(out, "commit;\n");
}
