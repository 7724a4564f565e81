#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "given.h"
#include "model/avro/avro.h"

#define ID   "018f3e7c-0000-7000-8000-000000000001"
#define DATE "{'type':'int','logicalType':'date'}"
#define TIME "{'type':'long','logicalType':'timestamp-millis'}"

/* A field of every type, a type named again, and lists in lists. */
static const char every_type[] =
    "{'type':'record','name':'All','namespace':'shop','fields':["
    "{'name':'s','type':'string'},{'name':'o','type':['null','string'],'default':null},"
    "{'name':'b','type':'boolean'},{'name':'i','type':'int'},{'name':'l','type':'long'},"
    "{'name':'d','type':'double'},"
    "{'name':'e','type':{'type':'enum','name':'E','symbols':['x','y']}},"
    "{'name':'day','type':[" DATE ",'null']},{'name':'t','type':" TIME "},"
    "{'name':'u','type':{'type':'string','logicalType':'uuid'}},"
    "{'name':'list','type':{'type':'array','items':{'type':'record','name':'P','fields':["
    "{'name':'e','type':'E'},{'name':'n','type':{'type':'array','items':'int'}}]}}}]}";

static const char every_value[] =
    "{'s':'Gr\xc3\xbc\xc3\x9f"
    "e','o':null,'b':true,'i':-2147483648,'l':9007199254740993,'d':-0.25,'e':'y',"
    "'day':'1969-12-31','t':'1969-12-31T23:59:59.999Z','u':'" ID "',"
    "'list':[{'e':'x','n':[]},{'e':'y','n':[1,-1]}]}";

/* By Debian's python3-avro 1.11.1, behind the header that the specification describes. */
static const unsigned char every_byte[] =
    "\xc3\x01\x8c\xcc\xc5\x9f\xd4\xa4\x5f\x9e\x0e\x47\x72\xc3\xbc\xc3\x9f\x65\x00\x01\xff\xff\xff"
    "\xff\x0f\x82\x80\x80\x80\x80\x80\x80\x20\x00\x00\x00\x00\x00\x00\xd0\xbf\x02\x00\x01\x01\x48"
    "\x30\x31\x38\x66\x33\x65\x37\x63\x2d\x30\x30\x30\x30\x2d\x37\x30\x30\x30\x2d\x38\x30\x30\x30"
    "\x2d\x30\x30\x30\x30\x30\x30\x30\x30\x30\x30\x30\x31\x04\x00\x00\x02\x04\x02\x01\x00\x00";

static const struct str every_text = {(const char *)every_byte, sizeof(every_byte) - 1};

static struct avro_codec *codec_of(const char *text)
{
    struct json *schema = given_json(text);
    struct avro_codec *codec = avro_codec_new(schema);
    json_free(&schema);
    assert_non_null(codec);
    return codec;
}

/* A record R with one field a. */
static struct avro_codec *codec_of_field(const char *type)
{
    struct buf text = {0};
    buf_printf(&text, "{'type':'record','name':'R','fields':[{'name':'a','type':%s}]}", type);
    struct avro_codec *codec = codec_of(text.ptr);
    buf_free(&text);
    return codec;
}

static void the_bytes_are_those_of_another_implementation(void **state)
{
    (void)state;
    struct buf out = {0};
    struct json *value = given_json(every_value);
    struct avro_codec *codec = codec_of(every_type);
    assert_true(avro_codec_fingerprint(codec) == UINT64_C(0x9e5fa4d49fc5cc8c));
    assert_true(avro_encode(codec, value, &out));
    assert_int_equal(out.len, every_text.len);
    assert_memory_equal(out.ptr, every_text.ptr, out.len);
    struct json *decoded = given_decoded(codec, every_text);
    assert_json(decoded, every_value);
    json_free(&decoded);
    json_free(&value);
    avro_codec_free(&codec);
    assert_null(codec);
    avro_codec_free(&codec);
    buf_free(&out);
}

static void a_value_comes_back_as_it_went(void **state)
{
    static const char *const rows[][2] = {
        {"'string'", "''"},
        {"'string'", "'\xf0\x9f\x98\x80 \xe2\x82\xac \\u0001\\n'"},
        {"'boolean'", "false"},
        {"'boolean'", "true"},
        {"'int'", "0"},
        {"'int'", "2147483647"},
        {"'int'", "-2147483648"},
        {"'long'", "-1"},
        {"'long'", "9223372036854775807"},
        {"'long'", "-9223372036854775808"},
        {"'double'", "0.1"},
        {"'double'", "-0.0"},
        {"'double'", "1.7976931348623157e+308"},
        {"'double'", "5e-324"},
        {"['null','long']", "null"},
        {"['null','long']", "7"},
        {"['string','null']", "null"},
        {"['string','null']", "'null'"},
        {"{'type':'enum','name':'E','symbols':['x','y','z']}", "'x'"},
        {"{'type':'enum','name':'E','symbols':['x','y','z']}", "'z'"},
        {"{'type':'string','logicalType':'uuid'}", "'" ID "'"},
        {DATE, "'1970-01-01'"},
        {DATE, "'0000-01-01'"},
        {DATE, "'9999-12-31'"},
        {"['null'," DATE "]", "'2024-02-29'"},
        {TIME, "'1970-01-01T00:00:00.000Z'"},
        {TIME, "'1582-10-15T12:34:56.789Z'"},
        {TIME, "'0000-01-01T00:00:00.000Z'"},
        {TIME, "'9999-12-31T23:59:59.999Z'"},
        {"{'type':'array','items':'string'}", "[]"},
        {"{'type':'array','items':['null','string']}", "['a',null,'']"},
        {"{'type':'array','items':{'type':'array','items':" DATE "}}", "[[],['2024-01-01'],[]]"},
        {"{'type':'record','name':'S','fields':[{'name':'x','type':'int'},"
         "{'name':'y','type':['null','string']}]}",
         "{'x':1,'y':null}"},
        {"['null',{'type':'record','name':'S','fields':[{'name':'x','type':'int'}]}]", "{'x':1}"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct buf text = {0}, bytes = {0};
        struct avro_codec *codec = codec_of_field(rows[i][0]);
        buf_printf(&text, "{'a':%s}", rows[i][1]);
        struct json *value = given_json(text.ptr);
        assert_true(avro_encode(codec, value, &bytes));
        struct json *again = given_decoded(codec, buf_str(&bytes));
        if (again == NULL || !json_same(value, again))
            fail_msg("%s as %s", rows[i][1], rows[i][0]);
        json_free(&value);
        json_free(&again);
        avro_codec_free(&codec);
        buf_free(&text);
        buf_free(&bytes);
    }
}

static void a_whole_number_may_stand_for_a_double(void **state)
{
    (void)state;
    struct buf bytes = {0};
    struct avro_codec *codec = codec_of_field("'double'");
    struct json *value = given_json("{'a':3}");
    assert_true(avro_encode(codec, value, &bytes));
    struct json *again = given_decoded(codec, buf_str(&bytes));
    assert_json(again, "{'a':3.0}");
    json_free(&again);
    json_free(&value);
    avro_codec_free(&codec);
    buf_free(&bytes);
}

static void what_does_not_fit_is_not_encoded_and_leaves_no_trace(void **state)
{
    static const char *const rows[][2] = {
        {"'string'", "5"},
        {"'string'", "null"},
        {"'boolean'", "0"},
        {"'int'", "'1'"},
        {"'int'", "1.0"},
        {"'int'", "2147483648"},
        {"'int'", "-2147483649"},
        {"'int'", "4294967297"},
        {"'long'", "0.5"},
        {"'double'", "'1'"},
        {"['null','int']", "'1'"},
        {"{'type':'enum','name':'E','symbols':['x']}", "'y'"},
        {"{'type':'enum','name':'E','symbols':['x']}", "0"},
        {DATE, "'2023-02-29'"},
        {DATE, "0"},
        {TIME, "'2024-01-01'"},
        {TIME, "0"},
        {"{'type':'array','items':'int'}", "{}"},
        {"{'type':'array','items':'int'}", "[1,'2']"},
        {"{'type':'record','name':'S','fields':[{'name':'x','type':'int'}]}", "{}"},
        {"{'type':'record','name':'S','fields':[{'name':'x','type':'int'}]}", "[1]"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct buf text = {0}, bytes = {0};
        struct avro_codec *codec = codec_of_field(rows[i][0]);
        buf_append_text(&bytes, "kept");
        buf_printf(&text, "{'a':%s}", rows[i][1]);
        struct json *value = given_json(text.ptr);
        if (avro_encode(codec, value, &bytes))
            fail_msg("%s was taken as %s", rows[i][1], rows[i][0]);
        assert_int_equal(bytes.len, 4);
        json_free(&value);
        avro_codec_free(&codec);
        buf_free(&text);
        buf_free(&bytes);
    }
}

static void the_bytes_of_another_schema_are_refused(void **state)
{
    (void)state;
    struct buf bytes = {0};
    struct avro_codec *here = codec_of_field("'int'"), *there = codec_of_field("'long'");
    struct json *value = given_json("{'a':1}");
    assert_true(avro_encode(there, value, &bytes));
    assert_null(given_decoded(here, buf_str(&bytes)));
    json_free(&value);
    avro_codec_free(&here);
    avro_codec_free(&there);
    buf_free(&bytes);
}

static void a_header_is_two_marks_and_eight_bytes_little_endian(void **state)
{
    static const struct str wrong[] = {
        STR(""),
        STR("\xc3"),
        STR("\xc3\x01"),
        STR("\xc3\x01\x01\x02\x03\x04\x05\x06\x07"),
        STR("\xc3\x02\x01\x02\x03\x04\x05\x06\x07\x08"),
        STR("\xc4\x01\x01\x02\x03\x04\x05\x06\x07\x08"),
    };
    (void)state;
    uint64_t fingerprint;
    assert_true(
        avro_read_fingerprint(STR("\xc3\x01\xf1\x02\x03\x04\x05\x06\x07\x88"), &fingerprint));
    assert_true(fingerprint == UINT64_C(0x88070605040302f1));
    for (size_t i = 0; i < countof(wrong); i++)
        assert_false(avro_read_fingerprint(wrong[i], &fingerprint));
}

/* An exact copy on the heap, so that ASan sees the first byte read beyond it. */
static struct json *decode_copy(const struct avro_codec *codec, const char *bytes, size_t len)
{
    char *copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, len);
    struct json *value = given_decoded(codec, (struct str){copy, len});
    free(copy);
    return value;
}

static void a_cut_or_a_lengthened_encoding_is_refused(void **state)
{
    (void)state;
    struct avro_codec *codec = codec_of(every_type);
    for (size_t len = 0; len < every_text.len; len++)
        assert_null(decode_copy(codec, every_text.ptr, len));
    assert_null(decode_copy(codec, (const char *)every_byte, sizeof(every_byte)));
    avro_codec_free(&codec);
}

/* Whatever still comes out can go in again. */
static void any_flipped_bits_are_survived(void **state)
{
    (void)state;
    struct avro_codec *codec = codec_of(every_type);
    for (size_t bit = 0; bit < every_text.len * 8; bit++) {
        char bytes[sizeof(every_byte)];
        struct buf again = {0};
        memcpy(bytes, every_text.ptr, every_text.len);
        bytes[bit / 8] ^= (char)(1 << bit % 8);
        struct json *value = decode_copy(codec, bytes, every_text.len);
        assert_true(value == NULL || avro_encode(codec, value, &again));
        json_free(&value);
        buf_free(&again);
    }
    avro_codec_free(&codec);
}

/* The bytes after the header of a record R with one field of this type. */
static const struct {
    const char *type;
    struct str body;
} malformed[] = {
    {"'boolean'", STR("\x02")},
    {"'double'", STR("\x00\x00\x00\x00\x00\x00\xf0\x7f")}, /* infinity */
    {"'double'", STR("\x00\x00\x00\x00\x00\x00\xf8\x7f")}, /* not a number */
    {"'int'", STR("\x80\x80\x80\x80\x80\x01")},            /* 33 bits */
    {"'long'", STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")},
    {"'string'", STR("\x01")},                                     /* a length of -1 */
    {"'string'", STR("\x03")},                                     /* of -2 */
    {"'string'", STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")}, /* of INT64_MIN */
    {"'string'", STR("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01")}, /* of INT64_MAX */
    {"'string'", STR("\x80\x80\x80\x80\x80\x40"
                     "abc")},      /* of a tebibyte */
    {"'string'", STR("\x02\xff")}, /* no UTF-8 */
    {"'string'", STR("\x02\x00")}, /* a NUL */
    {"['null','int']", STR("\x04\x00")},
    {"['null','int']", STR("\x01\x00")},
    {"{'type':'enum','name':'E','symbols':['x','y']}", STR("\x04")},
    {"{'type':'enum','name':'E','symbols':['x','y']}", STR("\x01")},
    {DATE, STR("\xfe\xff\xff\xff\x0f")},                     /* year 5881580 */
    {DATE, STR("\xff\xff\xff\xff\x0f")},                     /* long before year 0 */
    {TIME, STR("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01")}, /* INT64_MAX */
    {TIME, STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")}, /* INT64_MIN */
    {"{'type':'array','items':'int'}", STR("\x04\x02\x00")}, /* one item of two */
    {"{'type':'array','items':'int'}", STR("\x02\x02")},     /* no end */
    {"{'type':'array','items':'int'}", STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")},
};

static void what_no_writer_writes_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(malformed); i++) {
        struct buf bytes = {0};
        struct avro_codec *codec = codec_of_field(malformed[i].type);
        uint64_t fingerprint = avro_codec_fingerprint(codec);
        buf_append_text(&bytes, "\xc3\x01");
        for (int shift = 0; shift < 64; shift += 8)
            buf_append_char(&bytes, (char)(fingerprint >> shift));
        buf_append_str(&bytes, malformed[i].body);
        struct json *value = decode_copy(codec, bytes.ptr, bytes.len);
        if (value != NULL)
            fail_msg("row %zu, %s, was taken", i, malformed[i].type);
        avro_codec_free(&codec);
        buf_free(&bytes);
    }
}

static void a_list_in_blocks_with_their_sizes_is_read(void **state)
{
    (void)state;
    struct buf bytes = {0};
    struct avro_codec *codec = codec_of_field("{'type':'array','items':'int'}");
    uint64_t fingerprint = avro_codec_fingerprint(codec);
    buf_append_text(&bytes, "\xc3\x01");
    for (int shift = 0; shift < 64; shift += 8)
        buf_append_char(&bytes, (char)(fingerprint >> shift));
    buf_append(&bytes, "\x02\x02\x03\x04\x04\x06\x00", 7); /* [1], then -2 items in 2 bytes */
    struct json *value = given_decoded(codec, buf_str(&bytes));
    assert_json(value, "{'a':[1,2,3]}");
    json_free(&value);
    avro_codec_free(&codec);
    buf_free(&bytes);
}

static const char *const names[] = {"a", "b", NULL};
static const char *const others[][3] = {{"a", NULL}, {"b", "a", NULL}, {"a", "c", NULL}};

static struct avro_codec *codec_of_members(void)
{
    return codec_of("{'type':'record','name':'R','fields':[{'name':'a','type':'int'},"
                    "{'name':'b','type':['null','string']}]}");
}

static void a_record_is_written_member_by_member(void **state)
{
    (void)state;
    struct avro_codec *codec = codec_of_members();
    struct json *whole = given_json("{'b':'x','a':12}"); /* the schema's order is another */
    const struct json *values[] = {json_find(whole, "a"), json_find(whole, "b")};
    const struct json *swapped[] = {values[1], values[0]};
    struct buf bytes = {0}, same = {0};
    assert_true(avro_encode(codec, whole, &bytes));
    assert_true(avro_encode_members(codec, names, values, &same));
    assert_true(str_equal(buf_str(&bytes), buf_str(&same)));
    assert_false(avro_encode_members(codec, names, swapped, &same));
    for (size_t i = 0; i < countof(others); i++)
        assert_false(avro_encode_members(codec, others[i], values, &same));
    assert_int_equal(same.len, bytes.len);
    buf_free(&bytes);
    buf_free(&same);
    json_free(&whole);
    avro_codec_free(&codec);
}

static void a_record_is_read_member_by_member(void **state)
{
    (void)state;
    struct avro_codec *codec = codec_of_members();
    struct json *value = given_json("{'a':12,'b':'x'}");
    struct buf bytes = {0}, text = {0};
    size_t ends[3];
    assert_true(avro_encode(codec, value, &bytes));
    assert_true(avro_decode_members(codec, buf_str(&bytes), names, &text, ends));
    assert_string_equal(text.ptr, "12\"x\"");
    assert_int_equal(ends[0], 2);
    assert_int_equal(ends[1], 5);
    for (size_t i = 0; i < countof(others); i++)
        assert_false(avro_decode_members(codec, buf_str(&bytes), others[i], &text, ends));
    buf_append_char(&bytes, '\0');
    assert_false(avro_decode_members(codec, buf_str(&bytes), names, &text, ends));
    buf_free(&bytes);
    buf_free(&text);
    json_free(&value);
    avro_codec_free(&codec);
}

/* Each record has the one before it twice: two to the twentieth. */
static void a_schema_that_stands_for_a_million_types_is_refused(void **state)
{
    (void)state;
    struct buf text = {0};
    buf_append_text(&text, "{'type':'record','name':'R','fields':[{'name':'r0','type':"
                           "{'type':'record','name':'R0','fields':[{'name':'a','type':'int'}]}}");
    for (int i = 1; i <= 20; i++)
        buf_printf(&text,
                   ",{'name':'r%d','type':{'type':'record','name':'R%d','fields':["
                   "{'name':'a','type':'R%d'},{'name':'b','type':'R%d'}]}}",
                   i, i, i - 1, i - 1);
    buf_append_text(&text, "]}");
    struct json *schema = given_json(text.ptr);
    assert_null(avro_codec_new(schema));
    json_free(&schema);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bytes_are_those_of_another_implementation),
        cmocka_unit_test(a_value_comes_back_as_it_went),
        cmocka_unit_test(a_whole_number_may_stand_for_a_double),
        cmocka_unit_test(what_does_not_fit_is_not_encoded_and_leaves_no_trace),
        cmocka_unit_test(the_bytes_of_another_schema_are_refused),
        cmocka_unit_test(a_header_is_two_marks_and_eight_bytes_little_endian),
        cmocka_unit_test(a_cut_or_a_lengthened_encoding_is_refused),
        cmocka_unit_test(any_flipped_bits_are_survived),
        cmocka_unit_test(what_no_writer_writes_is_refused),
        cmocka_unit_test(a_list_in_blocks_with_their_sizes_is_read),
        cmocka_unit_test(a_record_is_written_member_by_member),
        cmocka_unit_test(a_record_is_read_member_by_member),
        cmocka_unit_test(a_schema_that_stands_for_a_million_types_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
