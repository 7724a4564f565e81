#include "model/privacy.h"

#include "base/clock.h"
#include "base/digest.h"

enum { YEAR_LENGTH = 4, DATE_LENGTH = 10 };

static bool is_year(struct str text)
{
    int64_t year;
    return text.len == YEAR_LENGTH && str_to_int64(text, &year) && year >= 0;
}

bool privacy_has_year(struct str text)
{
    int32_t days;
    if (is_year(text))
        return true;
    return text.len >= DATE_LENGTH &&
           clock_parse_date((struct str){text.ptr, DATE_LENGTH}, &days) &&
           (text.len == DATE_LENGTH || text.ptr[DATE_LENGTH] == 'T' ||
            text.ptr[DATE_LENGTH] == ' ');
}

static struct json *pseudonym_of(struct str key, struct str text)
{
    uint8_t digest[DIGEST_SIZE];
    char pseudonym[DIGEST_TEXT_SIZE];
    assert(key.len > 0); /* the program does not start without one */
    digest_hmac(key, text, digest);
    digest_format(digest, pseudonym);
    return json_make_string(str_from(pseudonym));
}

static struct json *year_of(enum field_type type, struct str text)
{
    struct buf year = {0};
    buf_append(&year, text.ptr, YEAR_LENGTH);
    if (type == FIELD_TYPE_DATE)
        buf_append_text(&year, "-01-01");
    if (type == FIELD_TYPE_TIMESTAMP)
        buf_append_text(&year, "-01-01T00:00:00.000Z");
    struct json *json = json_make_string(buf_str(&year));
    buf_free(&year);
    return json;
}

static struct json *reduce(const struct collection *collection, const struct field *field,
                           struct str text)
{
    switch (field->privacy) {
    case PRIVACY_PSEUDONYM:
        return pseudonym_of(collection->pseudonym_key, text);
    case PRIVACY_YEAR:
        return year_of(field->shape.type, text);
    default:
        return json_make_string(STR("***"));
    }
}

/* A field may have become private when there were records already: their values are raw. */
static bool has_reduced_form(const struct field *field, struct str text)
{
    static const char digits[] = "0123456789abcdef";
    size_t i = 0;
    switch (field->privacy) {
    case PRIVACY_PSEUDONYM:
        while (i < text.len && strchr(digits, text.ptr[i]) != NULL)
            i++;
        return i == text.len && text.len == DIGEST_TEXT_SIZE - 1;
    case PRIVACY_YEAR:
        return is_year(text) || str_ends_with(text, STR("-01-01")) ||
               str_ends_with(text, STR("-01-01T00:00:00.000Z"));
    default:
        return str_equal(text, STR("***"));
    }
}

bool privacy_is_reduced(const struct field *field, const struct json *stored,
                        const struct json *value)
{
    const struct json *old = stored != NULL ? json_find(stored, field->name) : NULL;
    if (field->privacy == PRIVACY_NONE)
        return false;
    bool is_text = json_kind(value) == JSON_KIND_STRING;
    return (old != NULL && json_same(old, value) &&
            (!is_text || has_reduced_form(field, json_text(value)))) ||
           (field->otherwise != NULL && json_same(field->otherwise, value));
}

void privacy_reduce(const struct collection *collection, const struct json *stored,
                    struct json *fields)
{
    for (size_t i = 0; i < collection->field_count; i++) {
        const struct field *field = &collection->fields[i];
        const struct json *value = json_find(fields, field->name);
        if (field->privacy != PRIVACY_NONE && json_kind(value) == JSON_KIND_STRING &&
            !privacy_is_reduced(field, stored, value))
            json_put(fields, field->name, reduce(collection, field, json_text(value)));
    }
}
