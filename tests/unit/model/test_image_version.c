#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "given.h"
#include "model/avro/expand.h"
#include "model/image_version.h"

/* What a newer version has: a field more, one more inside, a symbol more; and one field less. */
#define ADDRESS                                                                                    \
    "{'type':'record','name':'A','fields':[{'name':'street','type':'string'},"                     \
    "{'name':'city','type':'string','default':'Quito'}]}"
#define NEWER                                                                                      \
    "{'type':'record','name':'N','fields':["                                                       \
    "{'name':'title','type':'string'},"                                                            \
    "{'name':'ward','type':'string','default':'norte'},"                                           \
    "{'name':'at','type':" ADDRESS "},"                                                            \
    "{'name':'all','type':{'type':'array','items':'A'},'default':[]},"                             \
    "{'name':'kind','type':{'type':'enum','name':'K','symbols':['a','new'],'default':'a'}}]}"

static struct json *given_type(void)
{
    struct json *schema = given_json(NEWER);
    struct json *expanded = expand_names(schema);
    json_free(&schema);
    return expanded;
}

static void only_what_the_type_has_is_known_at_any_depth(void **state)
{
    static const struct {
        const char *value;
        bool is_known;
    } rows[] = {
        {"{'title':'t'}", true},
        {"{'title':'t','ward':'w','at':{'street':'s','city':'c'}}", true},
        {"{'title':'t','note':'n'}", false},
        {"{'at':{'street':'s','zip':'z'}}", false},
        {"{'all':[{'street':'s'},{'zip':'z'}]}", false},
        {"{'kind':'new'}", true},
        {"{'kind':'gone'}", false},
    };
    (void)state;
    struct json *type = given_type();
    for (size_t i = 0; i < countof(rows); i++) {
        struct json *value = given_json(rows[i].value);
        assert_int_equal(image_version_knows(type, value), rows[i].is_known);
        json_free(&value);
    }
    json_free(&type);
}

/* Made by an older version, whose view of what is stored is the second. */
static void what_only_the_newer_version_knows_is_carried_over(void **state)
{
    static const struct {
        const char *stored, *seen, *made, *carried;
    } rows[] = {
        {"{'title':'t','ward':'sur','at':{'street':'s','city':'Lima'},'all':[],'kind':'new'}",
         "{'title':'t','note':'n','at':{'street':'s'},'all':[],'kind':'a'}",
         "{'title':'u','note':'n','at':{'street':'s'},'all':[],'kind':'a'}",
         "{'title':'u','ward':'sur','at':{'street':'s','city':'Lima'},'all':[],'kind':'new'}"},
        {"{'title':'t','ward':'sur','at':{'street':'s','city':'Lima'},'all':[],'kind':'new'}",
         "{'title':'t','at':{'street':'s'},'all':[],'kind':'a'}",
         "{'title':'t','at':{'street':'x'},'all':[{'street':'y'}],'kind':'b'}",
         "{'title':'t','ward':'sur','at':{'street':'x','city':'Lima'},"
         "'all':[{'street':'y','city':'Quito'}],'kind':'a'}"},
    };
    (void)state;
    struct json *type = given_type();
    for (size_t i = 0; i < countof(rows); i++) {
        struct json *stored = given_json(rows[i].stored), *seen = given_json(rows[i].seen);
        struct json *made = given_json(rows[i].made), *wanted = given_json(rows[i].carried);
        struct json *carried = image_version_carry(type, made, (struct image_both){stored, seen});
        assert_non_null(carried);
        assert_true(json_same(carried, wanted));
        json_free(&stored);
        json_free(&seen);
        json_free(&made);
        json_free(&wanted);
        json_free(&carried);
    }
    json_free(&type);
}

static void a_field_without_a_default_that_is_nowhere_cannot_be_carried(void **state)
{
    (void)state;
    struct json *type = given_type(), *made = given_json("{'title':'t'}");
    assert_null(image_version_carry(type, made, (struct image_both){NULL, NULL}));
    json_free(&made);
    json_free(&type);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_the_type_has_is_known_at_any_depth),
        cmocka_unit_test(what_only_the_newer_version_knows_is_carried_over),
        cmocka_unit_test(a_field_without_a_default_that_is_nowhere_cannot_be_carried),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
