#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "given.h"
#include "model/alias.h"

/* A service with shop/items alone; what is loaded is freed by the next test's teardown. */
static struct collection *collections[2];
static struct aliases aliases;

static int make_service(void **state)
{
    (void)state;
    collections[0] = given_collection("{'name':'title','type':'string'},{'name':'n','type':'int'}");
    return 0;
}

static int free_service(void **state)
{
    (void)state;
    aliases_free(&aliases);
    assert_true(aliases.json == NULL && aliases.items == NULL && aliases.count == 0);
    aliases_free(&aliases); /* what is empty is freed too */
    schema_free(&collections[0]);
    return 0;
}

static void load(const char *text, struct buf *mistakes)
{
    struct buf quoted = {0};
    given_text(text, &quoted);
    aliases_free(&aliases);
    aliases_load(&aliases, "m/shop/service.json", buf_str(&quoted), collections, mistakes);
    buf_append_text(mistakes, ""); /* so that there is a pointer */
    buf_free(&quoted);
}

static void assert_says(const char *text, const char *wanted)
{
    struct buf mistakes = {0}, quoted = {0};
    load(text, &mistakes);
    given_text(wanted, &quoted);
    if (strstr(mistakes.ptr, quoted.ptr) == NULL)
        fail_msg("%s: \"%s\" is not in \"%s\"", text, quoted.ptr, mistakes.ptr);
    assert_true(str_starts_with(buf_str(&mistakes), STR("m/shop/service.json: ")));
    buf_free(&mistakes);
    buf_free(&quoted);
}

static void assert_loaded(const char *text)
{
    struct buf mistakes = {0};
    load(text, &mistakes);
    assert_string_equal(mistakes.ptr, "");
    buf_free(&mistakes);
}

static void everything_that_an_alias_says_is_read(void **state)
{
    (void)state;
    assert_loaded("{'aliases':["
                  "{'method':'POST','path':'/api/items/','collection':'items','status':202,"
                  "'names':{'titulo':'title','cuenta':'n'}},"
                  "{'path':'/api/items/{id}','collection':'items','method':'GET'}]}");
    assert_int_equal(aliases.count, 2);
    const struct alias *first = &aliases.items[0], *second = &aliases.items[1];
    assert_string_equal(first->method, "POST");
    assert_string_equal(first->path, "/api/items/");
    assert_ptr_equal(first->collection, collections[0]);
    assert_int_equal(first->status, 202);
    assert_int_equal(first->name_count, 2);
    assert_string_equal(first->names[0].older, "titulo");
    assert_string_equal(first->names[0].field, "title");
    assert_string_equal(first->names[1].older, "cuenta");
    assert_string_equal(first->names[1].field, "n");
    assert_string_equal(second->method, "GET");
    assert_true(second->status == 0 && second->name_count == 0);
    assert_true(!alias_has_id(first) && alias_has_id(second));
}

static void a_service_may_have_no_alias(void **state)
{
    (void)state;
    assert_loaded("{}");
    assert_int_equal(aliases.count, 0);
    assert_loaded("{'aliases':[]}");
    assert_int_equal(aliases.count, 0);
}

static void every_mistake_of_a_file_has_its_sentence(void **state)
{
    static const char *const rows[][2] = {
        {"", "line 1"},
        {"{'aliases':", "line 1"},
        {"[]", "must be a JSON object"},
        {"'aliases'", "must be a JSON object"},
        {"null", "must be a JSON object"},
        {"{'aliases':[],'aliases':[]}", "duplicate"},
        {"{'alias':[]}", "has the unknown member 'alias'"},
        {"{'aliases':{}}", "'aliases' must be an array"},
        {"{'aliases':null}", "'aliases' must be an array"},
        {"{'aliases':[5]}", "alias 1: must be an object"},
        {"{'aliases':[[]]}", "alias 1: must be an object"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_says(rows[i][0], rows[i][1]);
}

#define POST(path) "'method':'POST','path':'" path "','collection':'items'"
#define PUT(path)  "'method':'PUT','path':'" path "','collection':'items'"
#define NAMES(all) POST("/a") ",'names':" all

/* Of one alias; each row has one mistake. */
static const char *const mistakes_of_one[][2] = {
    {"'path':'/a','collection':'items'", "method must be GET, POST, PUT, PATCH or DELETE"},
    {"'method':'post','path':'/a','collection':'items'", "method must be"},
    {"'method':'HEAD','path':'/a','collection':'items'", "method must be"},
    {"'method':5,'path':'/a','collection':'items'", "method must be"},
    {"'method':'POST','path':'/a'", "there is no such collection: ''"},
    {"'method':'POST','path':'/a','collection':'Items'", "there is no such collection: Items"},
    {"'method':'POST','path':'/a','collection':['items']", "there is no such collection: ''"},
    {"'method':'POST','collection':'items'", "path must begin with /"},
    {POST(""), "path must begin with /"},
    {POST("a"), "path must begin with /"},
    {POST("http://a/b"), "path must begin with /"},
    {POST("/a b"), "path must begin with /"},
    {POST("/a?b"), "path must begin with /"},
    {POST("/a#b"), "path must begin with /"},
    {POST("/%61"), "path must begin with /"},
    {POST("/a\\u00f1o"), "path must begin with /"},
    {PUT("/x{id}"), "path must begin with /"},
    {PUT("/{id}x"), "path must begin with /"},
    {PUT("/{ID}"), "path must begin with /"},
    {PUT("/{id}/{id}"), "path must begin with / and hold {id} at most once"},
    {POST("/"), "path is one of Mamparo`s own: /"},
    {POST("/v1/shop/items"), "path is one of Mamparo`s own: /v1/shop/items"},
    {POST("/bulkhead/toggle"), "path is one of Mamparo`s own:"},
    {POST("/database/x"), "path is one of Mamparo`s own:"},
    {POST("/replication/x"), "path is one of Mamparo`s own:"},
    {POST("/a/{id}"), "path may not hold {id} for POST"},
    {PUT("/a"), "path needs {id} for PUT"},
    {"'method':'PATCH','path':'/a','collection':'items'", "path needs {id} for PATCH"},
    {"'method':'DELETE','path':'/a','collection':'items'", "path needs {id} for DELETE"},
    {POST("/a") ",'state':202", "has the unknown attribute state"},
    {POST("/a") ",'status':199", "status must be 200, 201 or 202"},
    {POST("/a") ",'status':203", "status must be"},
    {POST("/a") ",'status':0", "status must be"},
    {POST("/a") ",'status':'201'", "status must be"},
    {POST("/a") ",'status':201.0", "status must be"},
    {POST("/a") ",'status':null", "status must be"},
    {NAMES("['titulo']"), "'names' must be an object"},
    {NAMES("null"), "'names' must be an object"},
    {NAMES("{'titulo':5}"), "has no field`s name for titulo"},
    {NAMES("{'titulo':'Title'}"), "names something that is no field: Title"},
    {NAMES("{'titulo':'id'}"), "names something that is no field: id"},
    {NAMES("{'n':'title'}"), "gives a name that every record has, or another field: n"},
    {NAMES("{'title':'title'}"), "gives a name that every record has, or another field: title"},
    {NAMES("{'id':'title'}"), "gives a name that every record has, or another field: id"},
    {NAMES("{'updated_by':'title'}"), "gives a name that every record has"},
    {NAMES("{'titulo':'title','nombre':'title'}"), "has two names for the field title"},
};

static void every_mistake_of_an_alias_has_its_sentence(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(mistakes_of_one); i++) {
        struct buf text = {0}, wanted = {0}, mistakes = {0};
        buf_printf(&text, "{'aliases':[{" POST("/fine") "},{%s}]}", mistakes_of_one[i][0]);
        given_text(mistakes_of_one[i][1], &wanted);
        load(text.ptr, &mistakes);
        if (strstr(mistakes.ptr, wanted.ptr) == NULL)
            fail_msg("%s: \"%s\" is not in \"%s\"", text.ptr, wanted.ptr, mistakes.ptr);
        assert_true(str_starts_with(buf_str(&mistakes), STR("m/shop/service.json: alias 2: ")));
        assert_ptr_equal(strchr(mistakes.ptr, '\n'), mistakes.ptr + mistakes.len - 1);
        assert_int_equal(aliases.count, 2);
        buf_free(&text);
        buf_free(&wanted);
        buf_free(&mistakes);
    }
}

static void all_mistakes_are_said_at_once(void **state)
{
    struct buf mistakes = {0};
    (void)state;
    load("{'comment':1,'aliases':[{'method':'GET','path':'a','collection':'x','status':9,'odd':1},"
         "'x',{" NAMES("{'a':'b','id':'n','c':5}") "}]}",
         &mistakes);
    size_t lines = 0;
    for (size_t i = 0; i < mistakes.len; i++)
        lines += mistakes.ptr[i] == '\n';
    assert_int_equal(lines, 9);
    assert_non_null(strstr(mistakes.ptr, "alias 3: "));
    buf_free(&mistakes);
}

/* A list, and one record of it. */
static void a_get_may_hold_an_id_or_not(void **state)
{
    (void)state;
    assert_loaded("{'aliases':[{'method':'GET','path':'/a','collection':'items'},"
                  "{'method':'GET','path':'/a/{id}','collection':'items'},"
                  "{'method':'GET','path':'/{id}','collection':'items'}]}");
}

static void a_path_fits_with_or_without_a_slash_at_its_end(void **state)
{
    static const struct {
        const char *alias, *path, *id; /* id NULL: it does not fit */
    } rows[] = {
        {"/a", "/a", ""},
        {"/a", "/a/", ""},
        {"/a/", "/a", ""},
        {"/a/", "/a/", ""},
        {"/a/b", "/a/b", ""},
        {"/a", "/a//", NULL},
        {"/a", "/", NULL},
        {"/a", "", NULL},
        {"/a", "a", NULL},
        {"/a", "//a", NULL},
        {"/a", "/A", NULL},
        {"/a", "/ab", NULL},
        {"/ab", "/a", NULL},
        {"/a", "/a/b", NULL},
        {"/a/b", "/a", NULL},
        {"/a/b", "/a/", NULL},
        {"/a/b", "/a//b", NULL},
        {"/a/{id}", "/a/5", "5"},
        {"/a/{id}", "/a/5/", "5"},
        {"/a/{id}/", "/a/5", "5"},
        {"/a/{id}/", "/a/5/", "5"},
        {"/a/{id}", "/a/{id}", "{id}"},
        {"/a/{id}", "/a/%20;x", "%20;x"},
        {"/a/{id}", "/a", NULL},
        {"/a/{id}", "/a/", NULL},
        {"/a/{id}", "/a//", NULL},
        {"/a/{id}", "/a/5/6", NULL},
        {"/a/{id}", "/b/5", NULL},
        {"/a/{id}/b", "/a/5/b", "5"},
        {"/a/{id}/b", "/a/5/b/", "5"},
        {"/a/{id}/b", "/a/5/c", NULL},
        {"/a/{id}/b", "/a//b", NULL},
        {"/{id}", "/5", "5"},
        {"/{id}", "/", NULL},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct alias alias = {.path = rows[i].alias};
        struct str id;
        bool fits = alias_fits(&alias, str_from(rows[i].path), &id);
        if (fits != (rows[i].id != NULL) || (fits && !str_equal(id, str_from(rows[i].id))))
            fail_msg("%s and %s", rows[i].alias, rows[i].path);
    }
}

int main(void)
{
#define IN_A_SERVICE(test) cmocka_unit_test_setup_teardown(test, make_service, free_service)
    const struct CMUnitTest tests[] = {
        IN_A_SERVICE(everything_that_an_alias_says_is_read),
        IN_A_SERVICE(a_service_may_have_no_alias),
        IN_A_SERVICE(every_mistake_of_a_file_has_its_sentence),
        IN_A_SERVICE(every_mistake_of_an_alias_has_its_sentence),
        IN_A_SERVICE(all_mistakes_are_said_at_once),
        IN_A_SERVICE(a_get_may_hold_an_id_or_not),
        IN_A_SERVICE(a_path_fits_with_or_without_a_slash_at_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
