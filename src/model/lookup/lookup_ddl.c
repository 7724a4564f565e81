#include "model/lookup/lookup_ddl.h"

#include "model/avro/fingerprint.h"
#include "model/lookup/lookup.h"

/* PostgreSQL takes a megabyte of words and fails beyond it: what stands behind is not searched. */
#define SEARCHED_CHARACTERS "200000"

void lookup_ddl_write_literal(struct str text, struct buf *out)
{
    buf_append_char(out, '\'');
    for (size_t i = 0; i < text.len; i++)
        buf_append(out, text.ptr[i] == '\'' ? "''" : &text.ptr[i], text.ptr[i] == '\'' ? 2 : 1);
    buf_append_char(out, '\'');
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

/* Likewise. `what` is "unique index" or "index", `how` the columns, with their method before
 * them where it is not a B-tree. */
static void write_index(const struct collection *collection, const char *rest, const char *what,
                        const char *how, struct buf *out)
{
    buf_printf(out, "do $$ begin if to_regclass('\"%s\".", collection->service);
    write_index_name(collection, rest, out);
    buf_printf(out, "') is null then\ncreate %s if not exists ", what);
    write_index_name(collection, rest, out);
    buf_printf(out, " on %s %s where not deleted;\nend if; end $$;\n", collection->table, how);
}

/* A rule that was taken out of the model holds no longer. */
static void drop_index(const struct collection *collection, const char *rest, struct buf *out)
{
    buf_printf(out, "drop index if exists \"%s\".", collection->service);
    write_index_name(collection, rest, out);
    buf_append_text(out, ";\n");
}

/* The kinds of index of one field */

static void write_unique(const struct field *field, struct buf *out)
{
    buf_printf(out, "(\"%s\")", field->name);
}

static void write_filter(const struct field *field, struct buf *out)
{
    buf_printf(out, "(\"%s\", created_at desc, id desc)", field->name);
}

static void write_sort(const struct field *field, struct buf *out)
{
    struct buf name = {0};
    buf_printf(&name, "\"%s\"", field->name);
    buf_append_char(out, '(');
    lookup_write_order(field, name.ptr, out);
    buf_append_text(out, ", id)");
    buf_free(&name);
}

static void write_like(const struct field *field, struct buf *out)
{
    buf_printf(out, "using gin (\"%s\" gin_trgm_ops)", field->name);
}

static bool is_unique(const struct field *field)
{
    return field->is_unique;
}

static bool is_filter(const struct field *field)
{
    return field->is_filter;
}

static bool is_sort(const struct field *field)
{
    return field->is_sort;
}

static const struct kind {
    const char *name, *what;
    enum ddl_side side;
    bool (*is_declared)(const struct field *field);
    void (*write)(const struct field *field, struct buf *out);
} kinds[] = {
    {"unique", "unique index", DDL_SIDE_WRITE, is_unique, write_unique},
    {"filter", "index", DDL_SIDE_READ, is_filter, write_filter},
    {"sort", "index", DDL_SIDE_READ, is_sort, write_sort},
    {"like", "index", DDL_SIDE_READ, lookup_has_like, write_like},
};

static void write_kind(const struct collection *collection, const struct field *field,
                       const struct kind *kind, struct buf *out)
{
    struct buf rest = {0}, how = {0};
    buf_printf(&rest, "%s.%s", field->name, kind->name);
    if (kind->is_declared(field)) {
        kind->write(field, &how);
        write_index(collection, rest.ptr, kind->what, how.ptr, out);
    } else {
        drop_index(collection, rest.ptr, out);
    }
    buf_free(&rest);
    buf_free(&how);
}

static void write_field(const struct collection *collection, const struct field *field,
                        enum ddl_side side, struct buf *out)
{
    if (side == DDL_SIDE_WRITE ? field->is_unique : field->is_filter || field->is_sort)
        write_column(collection, field, out);
    for (size_t i = 0; i < countof(kinds); i++)
        if (kinds[i].side == side)
            write_kind(collection, field, &kinds[i], out);
}

/* Text search */

static bool any_has(const struct model *model, bool (*has)(const struct collection *collection))
{
    for (size_t s = 0; s < model->service_count; s++)
        for (size_t c = 0; c < model->services[s].collection_count; c++)
            if (has(model->services[s].collections[c]))
                return true;
    return false;
}

static bool has_like(const struct collection *collection)
{
    for (size_t i = 0; i < collection->field_count; i++)
        if (lookup_has_like(&collection->fields[i]))
            return true;
    return false;
}

static const char *language_of(const struct model *model)
{
    return model->services[0].collections[0]->search_language;
}

/* The accents are taken off before the stem is found, of what is stored and of what is asked. A
 * configuration may stand in a generated column, where a call of unaccent() may not. */
static void write_configuration(const char *language, struct buf *out)
{
    buf_append_text(out, "create extension if not exists unaccent with schema mamparo;\n");
    buf_printf(out,
               "do $$ begin if not exists (select from pg_ts_config\n"
               "  where cfgname = '%s' and cfgnamespace = 'mamparo'::regnamespace) then\n"
               "create text search configuration mamparo.%s (copy = pg_catalog.%s);\n"
               "alter text search configuration mamparo.%s\n"
               "  alter mapping for hword, hword_part, word with unaccent, %s%s;\n"
               "end if; end $$;\n",
               language, language, language, language, language,
               strcmp(language, "simple") == 0 ? "" : "_stem");
}

void lookup_ddl_write_search(const struct model *model, struct buf *out)
{
    /* An administrator may have put an extension elsewhere before. */
    buf_append_text(out, "set local search_path = mamparo, public;\n");
    if (any_has(model, has_like))
        buf_append_text(out, "create extension if not exists pg_trgm with schema mamparo;\n");
    if (any_has(model, lookup_has_search))
        write_configuration(language_of(model), out);
}

static void write_words(const struct collection *collection, struct buf *out)
{
    const char *separator = "";
    buf_printf(out, "to_tsvector('mamparo.%s', left(", collection->search_language);
    for (size_t i = 0; i < collection->field_count; i++) {
        if (!collection->fields[i].is_search)
            continue;
        buf_printf(out, "%scoalesce(body::jsonb ->> '%s', '')", separator,
                   collection->fields[i].name);
        separator = " || ' ' || ";
    }
    buf_append_text(out, ", " SEARCHED_CHARACTERS "))");
}

/* The column's comment tells which fields and which language it is made of. One that is made of
 * others goes, and its index with it. */
static void write_search(const struct collection *collection, struct buf *out)
{
    char made_of[FINGERPRINT_TEXT_SIZE];
    struct buf words = {0};
    write_words(collection, &words);
    fingerprint_format(fingerprint_bytes(buf_str(&words)), made_of);
    buf_printf(out,
               "do $$ begin if not exists (select from pg_attribute where not attisdropped\n"
               "  and attrelid = '%s'::regclass and attname = 'words.'\n"
               "  and col_description(attrelid, attnum) = '%s') then\n"
               "alter table %s drop column if exists " LOOKUP_WORDS ";\n"
               "alter table %s add column if not exists " LOOKUP_WORDS
               " tsvector generated always as\n"
               "  (%s) stored;\n"
               "comment on column %s." LOOKUP_WORDS " is '%s';\n"
               "end if; end $$;\n",
               collection->table, made_of, collection->table, collection->table, words.ptr,
               collection->table, made_of);
    write_index(collection, "words.search", "index", "using gin (" LOOKUP_WORDS ")", out);
    buf_free(&words);
}

void lookup_ddl_write(const struct collection *collection, enum ddl_side side, struct buf *out)
{
    for (size_t i = 0; i < collection->field_count; i++)
        write_field(collection, &collection->fields[i], side, out);
    if (side == DDL_SIDE_WRITE)
        return;
    const struct field *changed = lookup_find(collection, STR("updated_at"));
    write_column(collection, changed, out);
    write_index(collection, "newest", "index", "(created_at desc, id desc)", out);
    write_index(collection, "changed", "index", "(updated_at, id)", out);
    if (lookup_has_search(collection))
        write_search(collection, out);
    else
        drop_index(collection, "words.search", out);
}
