#include "role/tool/verify_rows.h"

#include <stdlib.h>

static bool read_row(const struct json *record, struct verify_row *out)
{
    if (json_kind(record) != JSON_KIND_ARRAY || json_count(record) != 3)
        return false;
    const struct json *id = json_item(record, 0), *version = json_item(record, 1);
    const struct json *hash = json_item(record, 2);
    if (json_kind(id) != JSON_KIND_STRING || json_kind(version) != JSON_KIND_INTEGER ||
        json_kind(hash) != JSON_KIND_STRING)
        return false;
    *out = (struct verify_row){.version = json_integer_of(version), .hash = json_text(hash)};
    return uuid_parse(json_text(id), &out->id);
}

bool verify_rows_read(const struct json *records, struct verify_rows *out)
{
    *out = (struct verify_rows){0};
    if (records == NULL || json_kind(records) == JSON_KIND_NULL)
        return true;
    if (json_kind(records) != JSON_KIND_ARRAY)
        return false;
    out->items = mem_new(json_count(records), sizeof(*out->items));
    for (; out->count < json_count(records); out->count++)
        if (!read_row(json_item(records, out->count), &out->items[out->count])) {
            verify_rows_free(out);
            return false;
        }
    return true;
}

void verify_rows_free(struct verify_rows *rows)
{
    free(rows->items);
    *rows = (struct verify_rows){0};
}

static int order(const struct verify_row *a, const struct verify_row *b)
{
    if (a == NULL || b == NULL)
        return a == NULL ? 1 : -1;
    return memcmp(&a->id, &b->id, sizeof(a->id));
}

/* One of the two may be NULL. */
static void compare(const struct verify_row *written, const struct verify_row *applied,
                    struct verify_differences *out)
{
    assert(written != NULL || applied != NULL);
    struct verify_difference found = {.id = written != NULL ? written->id : applied->id,
                                      .written = written != NULL ? written->version : 0,
                                      .applied = applied != NULL ? applied->version : 0};
    if (applied == NULL)
        found.kind = VERIFY_MISSING;
    else if (written == NULL)
        found.kind = VERIFY_EXTRA;
    else if (applied->version != written->version)
        found.kind = applied->version < written->version ? VERIFY_OLDER : VERIFY_NEWER;
    else if (!str_equal(applied->hash, written->hash))
        found.kind = VERIFY_SAME_VERSION;
    else
        return;
    out->items[out->count++] = found;
}

struct verify_differences verify_rows_compare(const struct verify_rows *written,
                                              const struct verify_rows *applied)
{
    struct verify_differences found = {
        .items = mem_new(written->count + applied->count, sizeof(*found.items))};
    for (size_t w = 0, a = 0; w < written->count || a < applied->count;) {
        const struct verify_row *one = w < written->count ? &written->items[w] : NULL;
        const struct verify_row *other = a < applied->count ? &applied->items[a] : NULL;
        int at = order(one, other);
        compare(at <= 0 ? one : NULL, at >= 0 ? other : NULL, &found);
        w += at <= 0;
        a += at >= 0;
    }
    return found;
}

void verify_differences_narrow(struct verify_differences *old, const struct verify_differences *now)
{
    size_t kept = 0;
    for (size_t o = 0, n = 0; o < old->count && n < now->count;) {
        int at = memcmp(&old->items[o].id, &now->items[n].id, sizeof(now->items[n].id));
        if (at == 0)
            old->items[kept++] = now->items[n];
        o += at <= 0;
        n += at >= 0;
    }
    old->count = kept;
}

bool verify_differences_may_pass(const struct verify_differences *differences)
{
    for (size_t i = 0; i < differences->count; i++)
        if (differences->items[i].kind != VERIFY_SAME_VERSION)
            return true;
    return false;
}

void verify_differences_free(struct verify_differences *differences)
{
    free(differences->items);
    *differences = (struct verify_differences){0};
}

void verify_difference_write(const struct verify_difference *difference, struct buf *out)
{
    char id[UUID_TEXT_SIZE];
    long long written = difference->written, applied = difference->applied;
    uuid_format(&difference->id, id);
    buf_printf(out, "record %s: ", id);
    switch (difference->kind) {
    case VERIFY_MISSING:
        buf_printf(out, "is missing; the write side has version %lld", written);
        break;
    case VERIFY_EXTRA:
        buf_printf(out, "has version %lld, but the write side does not know it", applied);
        break;
    case VERIFY_OLDER:
    case VERIFY_NEWER:
        buf_printf(out, "has version %lld; the write side has version %lld", applied, written);
        break;
    case VERIFY_SAME_VERSION:
        buf_printf(out, "version %lld has another content than on the write side", written);
        break;
    }
}
