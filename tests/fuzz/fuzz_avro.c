/* Any bytes behind the right header: NULL, or a value that goes out and comes in again unchanged.
 * The first byte chooses the collection: medical's entries, or one with a field of every type. */
#include "model/avro/avro.h"
#include "model/schema.h"

static const char *const schemas[] = {
    "{'type':'record','name':'Entry','fields':[{'name':'title','type':'string'},"
    "{'name':'content','type':'string'}]}",
    "{'type':'record','name':'All','fields':[{'name':'b','type':'boolean'},"
    "{'name':'i','type':'int'},{'name':'l','type':'long'},{'name':'d','type':['null','double']},"
    "{'name':'e','type':{'type':'enum','name':'E','symbols':['x','y']}},"
    "{'name':'day','type':[{'type':'int','logicalType':'date'},'null']},"
    "{'name':'list','type':{'type':'array','items':{'type':'record','name':'P','fields':["
    "{'name':'t','type':{'type':'long','logicalType':'timestamp-millis'}}]}}}]}",
};

static struct collection *collection_at(size_t which)
{
    struct buf text = {0}, mistakes = {0};
    for (const char *c = schemas[which]; *c != '\0'; c++)
        buf_append_char(&text, *c == '\'' ? '"' : *c);
    struct collection *collection =
        schema_load("s", STR("medical"), STR("entries"), buf_str(&text), &mistakes);
    assert(collection != NULL);
    buf_free(&text);
    return collection;
}

static void check(const struct avro_codec *codec, struct str bytes)
{
    char mistake[JSON_MISTAKE_SIZE];
    struct buf text = {0}, encoded = {0}, again = {0};
    if (avro_decode(codec, bytes, &text)) {
        struct json *value = json_parse(buf_str(&text), mistake);
        assert(value != NULL && avro_encode(codec, value, &encoded));
        bool is_read = avro_decode(codec, buf_str(&encoded), &again);
        assert(is_read && str_equal(buf_str(&text), buf_str(&again)));
        json_free(&value);
    }
    buf_free(&text);
    buf_free(&encoded);
    buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct collection *collections[countof(schemas)];
    struct buf bytes = {0};
    if (size == 0)
        return 0;
    size_t which = data[0] % countof(schemas);
    if (collections[which] == NULL)
        collections[which] = collection_at(which);
    uint64_t fingerprint = avro_codec_fingerprint(collections[which]->event_codec);
    buf_append(&bytes, "\xc3\x01", 2);
    buf_append(&bytes, &fingerprint, sizeof(fingerprint)); /* little-endian, as we are */
    buf_append(&bytes, data + 1, size - 1);
    check(collections[which]->event_codec, buf_str(&bytes));
    buf_free(&bytes);
    return 0;
}
