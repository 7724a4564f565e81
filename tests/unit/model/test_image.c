#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "given.h"
#include "model/image.h"

#define ID "018f3e7c-0000-7000-8000-000000000001"

static struct image_head head_of(struct str created_by, struct str updated_by)
{
    struct image_head head = {.version = 3, .created_at = -1, .updated_at = 1795248930250};
    bool is_uuid = uuid_parse(STR(ID), &head.id);
    assert_true(is_uuid);
    head.created_by = created_by;
    head.updated_by = updated_by;
    return head;
}

static struct json *image_with(const struct image_head *head, int64_t value)
{
    struct json *image = image_begin(head);
    json_put(image, "a", json_make_integer(value));
    image_end(image, head);
    return image;
}

static void an_image_is_the_fields_between_what_every_record_has(void **state)
{
    (void)state;
    struct image_head head = head_of(STR("ann"), STR(""));
    struct json *image = image_begin(&head);
    json_put(image, "b", json_make_string(STR("x")));
    json_put(image, "a", json_make_null());
    image_end(image, &head);
    assert_json(image, "{'id':'" ID "','version':3,'b':'x','a':null,"
                       "'created_at':'1969-12-31T23:59:59.999Z',"
                       "'updated_at':'2026-11-21T08:15:30.250Z',"
                       "'created_by':'ann','updated_by':null}");
    json_free(&image);
}

static void the_head_that_goes_into_an_image_comes_out_of_it(void **state)
{
    static const char *const rows[][2] = {{"", ""}, {"ann", ""}, {"", "bob"}, {"\xc3\xa9", "\"'"}};
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct image_head in = head_of(str_from(rows[i][0]), str_from(rows[i][1])), out;
        struct json *image = image_with(&in, 1);
        assert_true(image_read_head(image, &out));
        assert_memory_equal(&in.id, &out.id, sizeof(in.id));
        assert_int_equal(out.version, 3);
        assert_true(out.created_at == -1 && out.updated_at == 1795248930250);
        assert_true(str_equal(in.created_by, out.created_by));
        assert_true(str_equal(in.updated_by, out.updated_by));
        json_free(&image);
    }
}

static void an_image_without_a_whole_head_is_refused(void **state)
{
#define TIMES ",'created_at':'2026-11-21T00:00:00Z','updated_at':'2026-11-21T00:00:00Z'"
    static const char *const rows[] = {
        "null",
        "[]",
        "'" ID "'",
        "{}",
        "{'id':'" ID "','version':0" TIMES "}",
        "{'id':'" ID "','version':-1" TIMES "}",
        "{'id':'" ID "','version':1.0" TIMES "}",
        "{'id':'" ID "','version':'1'" TIMES "}",
        "{'id':'" ID "'" TIMES "}",
        "{'version':1" TIMES "}",
        "{'id':'x','version':1" TIMES "}",
        "{'id':5,'version':1" TIMES "}",
        "{'id':'" ID "','version':1,'created_at':'2026-11-21T00:00:00Z'}",
        "{'id':'" ID "','version':1,'updated_at':'2026-11-21T00:00:00Z'}",
        "{'id':'" ID "','version':1,'created_at':0,'updated_at':0}",
        "{'id':'" ID "','version':1,'created_at':'2026-11-21','updated_at':'2026-11-21'}",
    };
    (void)state;
    struct image_head head;
    assert_false(image_read_head(NULL, &head));
    for (size_t i = 0; i < countof(rows); i++) {
        struct json *image = given_json(rows[i]);
        if (image_read_head(image, &head))
            fail_msg("%s was taken", rows[i]);
        json_free(&image);
    }
    struct json *image = given_json("{'id':'" ID "','version':1" TIMES "}");
    assert_true(image_read_head(image, &head));
    assert_int_equal(head.created_by.len + head.updated_by.len, 0);
    json_free(&image);
#undef TIMES
}

#define HEAD "'id':'" ID "','version':3,"
#define TAIL                                                                                       \
    ",'created_at':'2026-11-21T00:00:00.000Z','updated_at':'2026-11-21T00:00:00.000Z',"            \
    "'created_by':null,'updated_by':'bob'}"

/* Written under other schemas than this one: a is required, b and c have defaults. */
/* Whatever stands in the fields, and in a text that says what the head says. */
static void a_head_is_read_from_an_images_text(void **state)
{
    (void)state;
    struct image_head head;
    struct buf text = {0};
    given_text("{'id':'" ID "','version':12,'a':'\\\\\\','created_at':\\\\','b':{'created_at':1},"
               "'created_at':'2026-11-21T08:15:30.250Z','updated_at':'2026-11-21T08:15:30.250Z',"
               "'created_by':'\\'created_at\\':\\'','updated_by':null}",
               &text);
    assert_true(image_read_text(buf_str(&text), &head));
    assert_int_equal(head.version, 12);
    assert_int_equal(head.created_at, 1795248930250);
    buf_free(&text);
}

static void a_text_that_is_no_image_has_no_head(void **state)
{
    static const char *const texts[] = {
        "",
        "{}",
        "{'id':'" ID "'}",
        "{'id':'x','version':1,'created_at':'2026-11-21T08:15:30Z'}",
        "{'id':'" ID "','version':0,'created_at':'2026-11-21T08:15:30Z'}",
        "{'id':'" ID "','version':1,'created_at':'yesterday'}",
        "{'id':'" ID "','version':1}"};
    (void)state;
    for (size_t i = 0; i < countof(texts); i++) {
        struct image_head head;
        struct buf text = {0};
        given_text(texts[i], &text);
        if (image_read_text((struct str){text.ptr == NULL ? "" : text.ptr, text.len}, &head))
            fail_msg("%s", texts[i]);
        buf_free(&text);
    }
}

static void an_older_image_is_completed_to_what_the_schema_has(void **state)
{
    static const struct {
        const char *image, *whole;
    } rows[] = {
        {"{" HEAD "'a':'x','b':7,'c':'y'" TAIL, "{" HEAD "'a':'x','b':7,'c':'y'" TAIL},
        {"{" HEAD "'a':'x'" TAIL, "{" HEAD "'a':'x','b':5,'c':null" TAIL},
        {"{" HEAD "'a':'x','c':'y'" TAIL, "{" HEAD "'a':'x','b':5,'c':'y'" TAIL},
        {"{" HEAD "'a':'x','c':null" TAIL, "{" HEAD "'a':'x','b':5,'c':null" TAIL},
        {"{" HEAD "'old':1,'a':'x','b':7,'older':{'b':1}" TAIL,
         "{" HEAD "'a':'x','b':7,'c':null,'old':1,'older':{'b':1}" TAIL},
        {"{'c':'y','b':7,'a':'x'," HEAD "'old':[]" TAIL,
         "{" HEAD "'a':'x','b':7,'c':'y','old':[]" TAIL},
    };
    (void)state;
    struct collection *collection =
        given_collection("{'name':'a','type':'string'},{'name':'b','type':'int','default':5},"
                         "{'name':'c','type':['null','string'],'default':null}");
    for (size_t i = 0; i < countof(rows); i++) {
        struct json *image = given_json(rows[i].image);
        struct json *whole = image_complete(collection, image);
        assert_non_null(whole);
        assert_json(image, rows[i].image); /* a new tree: this one stays as it was */
        json_free(&image);
        assert_json(whole, rows[i].whole);
        json_free(&whole);
    }
    schema_free(&collection);
}

static void an_image_without_what_has_no_default_cannot_be_completed(void **state)
{
#define TIMES "'created_at':'2026-11-21T00:00:00.000Z','updated_at':'2026-11-21T00:00:00.000Z'"
    static const char *const rows[] = {
        "{}",
        "{" HEAD "'b':7" TAIL,
        "{'version':3,'a':'x'" TAIL,
        "{'id':'" ID "','a':'x'" TAIL,
        "{" HEAD "'a':'x'}",
        "{" HEAD "'a':'x'," TIMES ",'created_by':null}",
        "{" HEAD "'a':'x'," TIMES ",'updated_by':null}",
    };
    (void)state;
    struct collection *collection =
        given_collection("{'name':'a','type':'string'},{'name':'b','type':'int','default':5}");
    for (size_t i = 0; i < countof(rows); i++) {
        struct json *image = given_json(rows[i]);
        if (image_complete(collection, image) != NULL)
            fail_msg("%s was completed", rows[i]);
        json_free(&image);
    }
    schema_free(&collection);
#undef TIMES
}

/* The model's own attributes stay out: another reader's library need not know them. */
static void an_events_schema_is_plain_avro_of_both_images(void **state)
{
    (void)state;
    struct collection *collection = given_collection(
        "{'name':'e','type':{'type':'enum','name':'E','symbols':['x']},'default':'x','filter':true,"
        "'doc':'d'},{'name':'f','type':['null','E'],'default':null}");
    static const char *const parts[] = {
        "{'type':'record','name':'ItemEvent','namespace':'shop','fields':["
        "{'name':'version','type':'long'},{'name':'before','type':['null',"
        "{'type':'record','name':'ItemImage','namespace':'shop','fields':["
        "{'name':'id','type':{'type':'string','logicalType':'uuid'}},"
        "{'name':'version','type':'long'},",
        "{'name':'e','type':{'type':'enum','name':'E','symbols':['x']},'default':'x'},"
        "{'name':'f','type':['null','E'],'default':null},",
        "{'name':'created_at','type':{'type':'long','logicalType':'timestamp-millis'}},"
        "{'name':'updated_at','type':{'type':'long','logicalType':'timestamp-millis'}},"
        "{'name':'created_by','type':['null','string']},"
        "{'name':'updated_by','type':['null','string']}]}]},"
        "{'name':'after','type':['null','shop.ItemImage']}]}",
    };
    struct buf expected = {0};
    for (size_t i = 0; i < countof(parts); i++)
        buf_append_text(&expected, parts[i]);
    struct json *schema = image_event_schema(collection);
    assert_json(schema, expected.ptr);
    assert_true(json_same(schema, collection->event_schema));
    buf_free(&expected);
    json_free(&schema);
    schema_free(&collection);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_is_the_fields_between_what_every_record_has),
        cmocka_unit_test(the_head_that_goes_into_an_image_comes_out_of_it),
        cmocka_unit_test(an_image_without_a_whole_head_is_refused),
        cmocka_unit_test(a_head_is_read_from_an_images_text),
        cmocka_unit_test(a_text_that_is_no_image_has_no_head),
        cmocka_unit_test(an_older_image_is_completed_to_what_the_schema_has),
        cmocka_unit_test(an_image_without_what_has_no_default_cannot_be_completed),
        cmocka_unit_test(an_events_schema_is_plain_avro_of_both_images),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
