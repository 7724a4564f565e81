#include "model/avro/avro.h"

#include <avro.h>

#include "model/avro/avro_bytes.h"
#include "model/avro/avro_text.h"
#include "model/avro/expand.h"
#include "model/avro/fingerprint.h"

enum { HEADER_SIZE = 10 };

struct avro_codec {
    struct json *json; /* names expanded */
    struct avro_type *type;
    uint64_t fingerprint;
};

/* libavro has rules of its own for names and unions. */
static bool is_taken(const struct json *schema)
{
    avro_schema_t read = NULL;
    struct buf text = {0};
    json_write(schema, &text);
    bool is_taken = avro_schema_from_json_length(text.ptr, text.len, &read) == 0;
    if (is_taken)
        avro_schema_decref(read);
    buf_free(&text);
    return is_taken;
}

struct avro_codec *avro_codec_new(const struct json *schema)
{
    struct avro_codec *codec = mem_new(1, sizeof(*codec));
    codec->json = expand_names(schema);
    codec->type = avro_type_make(codec->json);
    if (codec->type == NULL || !is_taken(schema))
        avro_codec_free(&codec);
    else
        codec->fingerprint = fingerprint_schema(schema);
    return codec;
}

void avro_codec_free(struct avro_codec **codec)
{
    struct avro_codec *gone = *codec;
    if (gone == NULL)
        return;
    avro_type_free(&gone->type);
    json_free(&gone->json);
    free(gone);
    *codec = NULL;
}

uint64_t avro_codec_fingerprint(const struct avro_codec *codec)
{
    return codec->fingerprint;
}

bool avro_read_fingerprint(struct str bytes, uint64_t *out)
{
    if (bytes.len < HEADER_SIZE || memcmp(bytes.ptr, "\xc3\x01", 2) != 0)
        return false;
    *out = 0;
    for (int i = 0; i < 8; i++)
        *out |= (uint64_t)(unsigned char)bytes.ptr[2 + i] << (8 * i);
    return true;
}

/* From JSON to Avro. */

static void write_header(uint64_t fingerprint, struct buf *out)
{
    buf_append(out, "\xc3\x01", 2);
    for (int i = 0; i < 8; i++)
        buf_append_char(out, (char)(fingerprint >> (8 * i)));
}

bool avro_encode(const struct avro_codec *codec, const struct json *value, struct buf *out)
{
    size_t before = out->len;
    write_header(codec->fingerprint, out);
    bool is_done = avro_bytes_put(codec->type, value, out);
    if (!is_done)
        out->len = before;
    return is_done;
}

bool avro_encode_members(const struct avro_codec *codec, const char *const *names,
                         const struct json *const *values, struct buf *out)
{
    const struct avro_type *type = codec->type;
    size_t before = out->len, i = 0;
    write_header(codec->fingerprint, out);
    while (names[i] != NULL && i < type->part_count && strcmp(type->names[i], names[i]) == 0 &&
           avro_bytes_put(&type->parts[i], values[i], out))
        i++;
    bool is_done = names[i] == NULL && i == type->part_count;
    if (!is_done)
        out->len = before;
    return is_done;
}

/* From Avro to JSON. */

/* What stands behind the header; false where that is another schema's. */
static bool take_header(const struct avro_codec *codec, struct str *bytes)
{
    uint64_t fingerprint;
    if (!avro_read_fingerprint(*bytes, &fingerprint) || fingerprint != codec->fingerprint)
        return false;
    bytes->ptr += HEADER_SIZE;
    bytes->len -= HEADER_SIZE;
    return true;
}

bool avro_decode(const struct avro_codec *codec, struct str bytes, struct buf *out)
{
    size_t before = out->len;
    bool is_whole =
        take_header(codec, &bytes) && avro_text_take(codec->type, &bytes, out) && bytes.len == 0;
    if (!is_whole)
        out->len = before;
    return is_whole;
}

bool avro_decode_members(const struct avro_codec *codec, struct str bytes, const char *const *names,
                         struct buf *out, size_t *ends)
{
    const struct json *fields = json_find(codec->json, "fields");
    size_t i = 0;
    bool is_fine = take_header(codec, &bytes);
    for (; is_fine && names[i] != NULL; i++) {
        is_fine =
            i < codec->type->part_count &&
            str_equal(json_text(json_find(json_item(fields, i), "name")), str_from(names[i])) &&
            avro_text_take(&codec->type->parts[i], &bytes, out);
        ends[i] = out->len;
    }
    return is_fine && i == codec->type->part_count && bytes.len == 0;
}
