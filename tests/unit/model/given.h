/* What the tests of src/model are given: JSON with ' in the place of ", so that C leaves it
 * readable. Include it behind <cmocka.h>. */
#ifndef TESTS_MODEL_GIVEN_H
#define TESTS_MODEL_GIVEN_H

#include "model/avro/avro.h"
#include "model/schema.h"

/* Appends `text` with every ' as " and every ` as '. */
static inline void given_text(const char *text, struct buf *out)
{
    for (; *text != '\0'; text++)
        buf_append_char(out, *text == '\'' ? '"' : *text == '`' ? '\'' : *text);
}

static inline struct json *given_json(const char *text)
{
    char mistake[JSON_MISTAKE_SIZE] = "";
    struct buf quoted = {0};
    given_text(text, &quoted);
    struct json *json = json_parse(buf_str(&quoted), mistake);
    buf_free(&quoted);
    if (json == NULL)
        fail_msg("%s: %s", text, mistake);
    return json;
}

/* shop/items.avsc with these fields, whatever comes of it. */
static inline struct collection *given_fields(const char *fields, struct buf *mistakes)
{
    struct buf text = {0};
    given_text("{'type':'record','name':'Item','fields':[", &text);
    given_text(fields, &text);
    given_text("]}", &text);
    struct collection *collection =
        schema_load("f", STR("shop"), STR("items"), buf_str(&text), mistakes);
    buf_free(&text);
    return collection;
}

/* The same, where there must be no mistake. */
static inline struct collection *given_collection(const char *fields)
{
    struct buf mistakes = {0};
    struct collection *collection = given_fields(fields, &mistakes);
    if (collection == NULL)
        fail_msg("%s: %s", fields, mistakes.ptr);
    assert_int_equal(mistakes.len, 0);
    return collection;
}

/* What the bytes say, or NULL where they are none of the codec's. */
static inline struct json *given_decoded(const struct avro_codec *codec, struct str bytes)
{
    char mistake[JSON_MISTAKE_SIZE] = "";
    struct buf text = {0};
    struct json *json = NULL;
    if (avro_decode(codec, bytes, &text)) {
        json = json_parse(buf_str(&text), mistake);
        if (json == NULL)
            fail_msg("%s: %s", text.ptr, mistake);
    }
    buf_free(&text);
    return json;
}

static inline void assert_json(const struct json *json, const char *expected)
{
    struct buf written = {0}, quoted = {0};
    json_write(json, &written);
    given_text(expected, &quoted);
    assert_string_equal(written.ptr, quoted.ptr);
    buf_free(&written);
    buf_free(&quoted);
}

#endif
