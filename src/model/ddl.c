#include "model/ddl.h"

#include "model/avro/fingerprint.h"
#include "model/lookup/lookup_ddl.h"

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
    lookup_ddl_write_literal(buf_str(&member), out);
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
    lookup_ddl_write(collection, side, out);
    if (side == DDL_SIDE_WRITE)
        return;
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
    lookup_ddl_write_literal(buf_str(&text), out);
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
    if (side == DDL_SIDE_READ)
        lookup_ddl_write_search(model, out);
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
