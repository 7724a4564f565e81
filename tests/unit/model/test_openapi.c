#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "base/status.h"
#include "given.h"
#include "model/openapi/openapi.h"

/* One service, as the tests need it; `own` is its only service. */
struct shop {
    struct service own;
    struct collection *collections[4];
    struct model model;
};

static struct collection *load(const char *service, const char *name, const char *text)
{
    struct buf quoted = {0}, mistakes = {0};
    given_text(text, &quoted);
    struct collection *collection =
        schema_load("f", str_from(service), str_from(name), buf_str(&quoted), &mistakes);
    if (collection == NULL)
        fail_msg("%s: %s", text, mistakes.ptr);
    buf_free(&quoted);
    return collection;
}

static void open_shop(struct shop *shop, const char *fields)
{
    static char name[] = "shop";
    *shop = (struct shop){.own = {.name = name, .collection_count = 1}};
    shop->own.collections = shop->collections;
    shop->collections[0] = given_collection(fields);
    shop->model = (struct model){&shop->own, 1};
}

static void add_aliases(struct shop *shop, const char *text)
{
    struct buf quoted = {0}, mistakes = {0};
    given_text(text, &quoted);
    aliases_load(&shop->own.aliases, "f", buf_str(&quoted), shop->collections, &mistakes);
    if (mistakes.len > 0)
        fail_msg("%s", mistakes.ptr);
    buf_free(&quoted);
}

static void close_shop(struct shop *shop)
{
    for (size_t i = 0; i < shop->own.collection_count; i++)
        schema_free(&shop->collections[i]);
    aliases_free(&shop->own.aliases);
}

static struct json *document_of(const struct model *model)
{
    struct buf text = {0};
    char mistake[JSON_MISTAKE_SIZE] = "";
    openapi_write(model, "1.2.3", &text);
    struct json *document = json_parse(buf_str(&text), mistake);
    if (document == NULL)
        fail_msg("%s", mistake);
    buf_free(&text);
    return document;
}

/* Of a model with this one collection, which is gone afterwards. */
static struct json *document_of_fields(const char *fields)
{
    struct shop shop;
    open_shop(&shop, fields);
    struct json *document = document_of(&shop.model);
    close_shop(&shop);
    return document;
}

/* What stands at "components|schemas|shop.Item"; there must be something. */
static const struct json *at(const struct json *json, const char *place)
{
    struct str rest = str_from(place);
    while (rest.ptr != NULL) {
        struct str part = str_cut(&rest, '|');
        char *key = mem_copy(part.ptr, part.len);
        int64_t index;
        if (json_kind(json) == JSON_KIND_ARRAY)
            json = str_to_int64(part, &index) ? json_item(json, (size_t)index) : NULL;
        else
            json = json_find(json, key);
        if (json == NULL)
            fail_msg("%s is not at %s", key, place);
        free(key);
    }
    return json;
}

static void assert_at(const struct json *json, const char *place, const char *expected)
{
    assert_json(at(json, place), expected);
}

static bool has(const struct json *object, const char *place, const char *key)
{
    return json_find(at(object, place), key) != NULL;
}

/* The parameter of that name, wherever it is defined; NULL: there is none. */
static const struct json *find_parameter(const struct json *document, const char *operation,
                                         const char *name)
{
    static const struct str section = {"#/components/parameters/", 24};
    const struct json *parameters = json_find(at(document, operation), "parameters");
    for (size_t i = 0; i < json_count(parameters); i++) {
        const struct json *parameter = json_item(parameters, i);
        struct str reference = json_find_text(parameter, "$ref", STR(""));
        if (str_starts_with(reference, section))
            parameter =
                json_find(at(document, "components|parameters"), reference.ptr + section.len);
        if (str_equal(json_find_text(parameter, "name", STR("")), str_from(name)))
            return parameter;
    }
    return NULL;
}

static void a_collection_has_all_its_paths_and_methods(void **state)
{
    static const struct {
        const char *path, *methods;
    } rows[] = {
        {"/v1/shop/items", "get post "},
        {"/v1/shop/items/stats", "get "},
        {"/v1/shop/items/batch", "post "},
        {"/v1/shop/items/{id}", "get put patch delete "},
        {"/v1/shop/items/{id}/history", "get "},
        {"/v1/shop/events", "get "},
        {"/bulkhead/services/", "get "},
        {"/bulkhead/services/{service}/{side}", "get put "},
        {"/bulkhead/toggles/log", "get "},
        {"/v1/openapi.json", "get "},
        {"/v1/schemas/{fingerprint}", "get "},
    };
    (void)state;
    struct json *document = document_of_fields("{'name':'a','type':'int'}");
    assert_int_equal(json_count(at(document, "paths")), countof(rows));
    for (size_t i = 0; i < countof(rows); i++) {
        struct buf methods = {0};
        const struct json *path = json_find(at(document, "paths"), rows[i].path);
        assert_non_null(path);
        for (struct json_member m = json_first(path); m.key != NULL; m = json_next(path, m))
            buf_printf(&methods, "%s ", m.key);
        assert_string_equal(methods.ptr, rows[i].methods);
        buf_free(&methods);
    }
    assert_at(document, "openapi", "'3.1.0'");
    assert_at(document, "info", "{'title':'Mamparo','version':'1.2.3'}");
    assert_at(document, "tags", "[{'name':'shop'}]");
    json_free(&document);
}

static void a_type_of_avro_is_one_of_json_schema(void **state)
{
    static const struct {
        const char *avro, *schema;
    } rows[] = {
        {"'string'", "{'type':'string'}"},
        {"'boolean'", "{'type':'boolean'}"},
        {"'int'", "{'type':'integer','format':'int32'}"},
        {"'long'", "{'type':'integer','format':'int64'}"},
        {"'double'", "{'type':'number','format':'double'}"},
        {"{'type':'int','logicalType':'date'}", "{'type':'string','format':'date'}"},
        {"{'type':'long','logicalType':'timestamp-millis'}",
         "{'type':'string','format':'date-time'}"},
        {"{'type':'string','logicalType':'uuid'}", "{'type':'string','format':'uuid'}"},
        {"{'type':'enum','name':'E','symbols':['x','y']}", "{'type':'string','enum':['x','y']}"},
        {"['null','string']", "{'type':['string','null']}"},
        {"[{'type':'enum','name':'E','symbols':['x']},'null']",
         "{'type':['string','null'],'enum':['x',null]}"},
        {"{'type':'array','items':['null','int']}",
         "{'type':'array','items':{'type':['integer','null'],'format':'int32'}}"},
        {"['null',{'type':'record','name':'R','fields':[{'name':'b','type':'string'}]}]",
         "{'type':['object','null'],'properties':{'b':{'type':'string'}},'required':['b']}"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct buf field = {0};
        buf_printf(&field, "{'name':'a','type':%s}", rows[i].avro);
        struct json *document = document_of_fields(field.ptr);
        assert_at(document, "components|schemas|shop.Item|properties|a", rows[i].schema);
        json_free(&document);
        buf_free(&field);
    }
}

static void what_is_served_has_the_head_and_every_field(void **state)
{
    (void)state;
    struct json *document =
        document_of_fields("{'name':'a','type':'int'},{'name':'b','type':'int','default':1}");
    assert_at(document, "components|schemas|shop.Item|required",
              "['id','version','a','b','created_at','updated_at','created_by','updated_by']");
    assert_at(document, "components|schemas|shop.Item|properties|id",
              "{'type':'string','format':'uuid'}");
    assert_at(document, "components|schemas|shop.Item|properties|created_by",
              "{'type':['string','null']}");
    assert_false(has(document, "components|schemas|shop.Item", "additionalProperties"));
    assert_false(has(document, "components|schemas|shop.Item|properties|b", "default"));
    json_free(&document);
}

static void what_is_taken_requires_what_has_no_default(void **state)
{
    (void)state;
    struct json *document = document_of_fields(
        "{'name':'a','type':'int','doc':'How many.'},{'name':'b','type':'string','default':'x'},"
        "{'name':'c','type':['null','int'],'default':null},{'name':'d','type':['null','int']}");
    assert_at(document, "components|schemas|shop.Item.input",
              "{'type':'object','properties':{"
              "'a':{'type':'integer','format':'int32','description':'How many.'},"
              "'b':{'type':'string','default':'x'},"
              "'c':{'type':['integer','null'],'format':'int32','default':null},"
              "'d':{'type':['integer','null'],'format':'int32'}},"
              "'required':['a','d'],'additionalProperties':false}");
    json_free(&document);
}

/* RFC 7396: null takes a field away, so that it gets its default or is missing. */
static void a_patch_takes_null_where_there_is_a_default(void **state)
{
    (void)state;
    struct json *document = document_of_fields(
        "{'name':'a','type':'int'},{'name':'b','type':'string','default':'x'},"
        "{'name':'c','type':['null','int'],'default':null},{'name':'d','type':['null','int']}");
    assert_at(document, "components|schemas|shop.Item.patch",
              "{'type':'object','properties':{"
              "'a':{'type':'integer','format':'int32'},"
              "'b':{'type':['string','null'],'description':'null: back to the default.'},"
              "'c':{'type':['integer','null'],'format':'int32',"
              "'description':'null: back to the default.'},"
              "'d':{'type':'integer','format':'int32'}},"
              "'required':[],'additionalProperties':false}");
    json_free(&document);
}

static void a_patch_goes_into_a_record_and_replaces_an_array(void **state)
{
    (void)state;
    struct json *document =
        document_of_fields("{'name':'r','type':{'type':'record','name':'R','fields':["
                           "{'name':'x','type':'int'},{'name':'y','type':'int','default':0}]}},"
                           "{'name':'l','type':{'type':'array','items':'R'}}");
    assert_at(document, "components|schemas|shop.Item.patch|properties|r|required", "[]");
    assert_at(document, "components|schemas|shop.Item.patch|properties|r|properties|y|type",
              "['integer','null']");
    assert_at(document, "components|schemas|shop.Item.patch|properties|l|items",
              "{'type':'object','properties':{'x':{'type':'integer','format':'int32'},"
              "'y':{'type':'integer','format':'int32','default':0}},'required':['x'],"
              "'additionalProperties':false}");
    assert_at(document, "components|schemas|shop.Item|properties|r|required", "['x','y']");
    json_free(&document);
}

/* A rule may be younger than a record that is served. */
static void a_rule_holds_for_what_is_taken_alone(void **state)
{
    static const struct {
        const char *rules, *schema;
    } rows[] = {
        {"'type':'string','minLength':1,'maxLength':9",
         "{'type':'string','minLength':1,'maxLength':9}"},
        {"'type':'string','pattern':'^[0-9]+$'", "{'type':'string','pattern':'^[0-9]+$'}"},
        {"'type':'string','pattern':'^[[:digit:]]+$'",
         "{'type':'string','description':"
         "'Matches the POSIX extended regular expression ^[[:digit:]]+$'}"},
        {"'type':'string','format':'email'", "{'type':'string','format':'email'}"},
        {"'type':'int','minimum':-1,'maximum':5",
         "{'type':'integer','format':'int32','minimum':-1,'maximum':5}"},
        {"'type':'double','minimum':0.5", "{'type':'number','format':'double','minimum':0.5}"},
        {"'type':'int','unique':true,'immutable':true",
         "{'type':'integer','format':'int32',"
         "'description':'No two records have the same. Set once, at the creation.'}"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct buf field = {0};
        buf_printf(&field, "{'name':'a',%s}", rows[i].rules);
        struct json *document = document_of_fields(field.ptr);
        assert_at(document, "components|schemas|shop.Item.input|properties|a", rows[i].schema);
        assert_at(document, "components|schemas|shop.Item.patch|properties|a", rows[i].schema);
        assert_in_range(json_count(at(document, "components|schemas|shop.Item|properties|a")), 1,
                        2);
        json_free(&document);
        buf_free(&field);
    }
}

static void what_is_private_says_what_is_kept_of_it(void **state)
{
    static const struct {
        const char *field, *word;
    } rows[] = {
        {"'type':'string','privacy':'pseudonym','doc':'Who.'", "Who. Personal: only a pseudonym"},
        {"'type':'string','privacy':'mask'", "\"***\""},
        {"'type':'string','privacy':'year'", "only the year of the date"},
        {"'type':{'type':'int','logicalType':'date'},'privacy':'year'", "as its first day"},
    };
    static const char *const uses[] = {"", ".input", ".patch", ".change"};
    (void)state;
    for (size_t i = 0; i < countof(rows) * countof(uses); i++) {
        struct buf field = {0}, place = {0};
        buf_printf(&field, "{'name':'a',%s}", rows[i / countof(uses)].field);
        buf_printf(&place, "components|schemas|shop.Item%s|properties|a|description",
                   uses[i % countof(uses)]);
        struct json *document = document_of_fields(field.ptr);
        struct str description = json_text(at(document, place.ptr));
        if (strstr(description.ptr, rows[i / countof(uses)].word) == NULL)
            fail_msg("%s: %s", place.ptr, description.ptr);
        json_free(&document);
        buf_free(&field);
        buf_free(&place);
    }
}

static const char list[] = "paths|/v1/shop/items|get";

static void a_list_has_a_parameter_for_every_way_to_ask(void **state)
{
    (void)state;
    struct json *document = document_of_fields(
        "{'name':'a','type':['null','int'],'filter':true,'sort':true,'minimum':3},"
        "{'name':'b','type':'string','search':true},"
        "{'name':'page','type':'boolean','filter':true}");
    static const char *const there[] = {
        "a",       "a.ne",      "a.lt", "a.lte",          "a.gt", "a.gte",  "a.in", "a.null",
        "page.ne", "page.null", "id",   "created_at.gte", "sort", "fields", "q",    "cursor"};
    static const char *const not_there[] = {"b", "a.like", "b.like", "page.lt", "version", "by"};
    for (size_t i = 0; i < countof(there); i++)
        assert_non_null(find_parameter(document, list, there[i]));
    for (size_t i = 0; i < countof(not_there); i++)
        assert_null(find_parameter(document, list, not_there[i]));
    assert_json(json_find(find_parameter(document, list, "a"), "schema"),
                "{'type':'integer','format':'int32'}");
    assert_json(json_find(find_parameter(document, list, "a.in"), "schema"),
                "{'type':'array','maxItems':50,'items':{'type':'integer','format':'int32'}}");
    assert_json(json_find(find_parameter(document, list, "page"), "schema"),
                "{'type':'integer','minimum':1,'maximum':2147483647,'default':1}");
    assert_json(json_find(find_parameter(document, list, "page_size"), "schema"),
                "{'type':'integer','minimum':1,'maximum':100,'default':10}");
    assert_non_null(find_parameter(document, list, "Read-After"));
    assert_json(json_find(find_parameter(document, list, "sort"), "schema"),
                "{'type':'array','maxItems':3,'items':{'type':'string','enum':['created_at',"
                "'-created_at','updated_at','-updated_at','a','-a']}}");
    json_free(&document);
}

static void counts_are_asked_by_a_field_that_filters(void **state)
{
    static const char stats[] = "paths|/v1/shop/items/stats|get";
    (void)state;
    struct json *document = document_of_fields(
        "{'name':'a','type':'int','filter':true},{'name':'b','type':'int','sort':true}");
    const struct json *by = find_parameter(document, stats, "by");
    assert_true(json_find_truth(by, "required", false));
    assert_json(json_find(by, "schema"), "{'type':'string','enum':['a']}");
    assert_non_null(find_parameter(document, stats, "a.gte"));
    assert_null(find_parameter(document, stats, "sort"));
    assert_null(find_parameter(document, stats, "q"));
    json_free(&document);
}

static void a_change_needs_if_match_where_the_model_wants_the_version(void **state)
{
    static const char *const methods[] = {"put", "patch", "delete"};
    struct shop shop;
    (void)state;
    open_shop(&shop, "{'name':'a','type':'int'}");
    for (int requires_version = 0; requires_version < 2; requires_version++) {
        shop.collections[0]->requires_version = requires_version != 0;
        struct json *document = document_of(&shop.model);
        for (size_t i = 0; i < countof(methods); i++) {
            struct buf place = {0};
            buf_printf(&place, "paths|/v1/shop/items/{id}|%s", methods[i]);
            const struct json *if_match = find_parameter(document, place.ptr, "If-Match");
            bool is_put = strcmp(methods[i], "put") == 0;
            assert_int_equal(json_find_truth(if_match, "required", false),
                             requires_version && !is_put);
            assert_int_equal(json_find(json_find(at(document, place.ptr), "responses"), "428") !=
                                 NULL,
                             requires_version);
            buf_free(&place);
        }
        assert_at(document, "components|schemas|shop.Item.change|required",
                  requires_version ? "['id','version']" : "['id']");
        json_free(&document);
    }
    close_shop(&shop);
}

static void an_older_path_speaks_with_its_own_names(void **state)
{
    struct shop shop;
    (void)state;
    open_shop(&shop, "{'name':'name','type':'string'},{'name':'size','type':'int','default':1}");
    add_aliases(
        &shop, "{'aliases':[{'method':'POST','path':'/api/cosas/','collection':'items',"
               "'status':202,'names':{'nombre':'name'}},"
               "{'method':'GET','path':'/api/cosas/','collection':'items'},"
               "{'method':'DELETE','path':'/api/cosas/{id}/','collection':'items','status':200}]}");
    struct json *document = document_of(&shop.model);
    assert_at(document, "paths|/api/cosas/|post|requestBody|content|application/json|schema",
              "{'type':'object','properties':{'nombre':{'type':'string'},"
              "'size':{'type':'integer','format':'int32','default':1}},"
              "'required':['nombre'],'additionalProperties':false}");
    assert_at(document,
              "paths|/api/cosas/|post|responses|202|content|application/json|schema|required",
              "['id','version','nombre','size','created_at','updated_at','created_by',"
              "'updated_by']");
    assert_false(has(document, "paths|/api/cosas/|post|responses", "201"));
    assert_false(has(document, "paths|/api/cosas/|post|responses", "415"));
    assert_true(has(document, "paths|/api/cosas/|post|responses", "422"));
    assert_at(document,
              "paths|/api/cosas/|get|responses|200|content|application/json|schema|properties|data|"
              "items",
              "{'$ref':'#/components/schemas/shop.Item'}");
    assert_non_null(find_parameter(document, "paths|/api/cosas/{id}/|delete", "id"));
    assert_false(has(document, "paths|/api/cosas/{id}/|delete|responses|200", "content"));
    json_free(&document);
    close_shop(&shop);
}

static void a_problem_has_every_reason_of_the_table(void **state)
{
    (void)state;
    struct json *document = document_of_fields("{'name':'a','type':'int'}");
    const struct json *reasons = at(document, "components|schemas|Problem|properties|reason|enum");
    assert_int_equal(json_count(reasons), STATUS_TIMEOUT);
    for (size_t i = 0; i < json_count(reasons); i++)
        assert_true(str_equal(json_text(json_item(reasons, i)),
                              str_from(status_info((enum status)(STATUS_OK + 1 + i))->reason)));
    assert_non_null(strstr(json_text(at(document, "components|responses|409|description")).ptr,
                           "in_progress: "));
    json_free(&document);
}

/* Calls `see` with every object of a tree. */
static void walk(const struct json *json, const struct json *document,
                 void (*see)(const struct json *object, const struct json *document))
{
    if (json_kind(json) == JSON_KIND_ARRAY)
        for (size_t i = 0; i < json_count(json); i++)
            walk(json_item(json, i), document, see);
    if (json_kind(json) != JSON_KIND_OBJECT)
        return;
    see(json, document);
    for (struct json_member m = json_first(json); m.key != NULL; m = json_next(json, m))
        walk(m.value, document, see);
}

static void assert_leads_somewhere(const struct json *object, const struct json *document)
{
    static const struct str root = {"#/", 2};
    struct str reference = json_find_text(object, "$ref", STR(""));
    if (reference.len == 0)
        return;
    assert_true(str_starts_with(reference, root));
    struct str rest = {reference.ptr + root.len, reference.len - root.len};
    while (rest.ptr != NULL) {
        struct str part = str_cut(&rest, '/');
        char *key = mem_copy(part.ptr, part.len);
        document = json_find(document, key);
        if (document == NULL)
            fail_msg("%s leads nowhere", reference.ptr);
        free(key);
    }
}

/* Names of services and collections that come to the same when they are put together. */
static struct json *document_of_neighbours(void)
{
    static const char *const names[][2] = {{"a", "b_c"}, {"a_b", "c"}, {"a_b", "d"}};
    static const char text[] = "{'type':'record','name':'E','fields':[{'name':'a','type':'int'}]}";
    char a[] = "a", a_b[] = "a_b";
    struct collection *collections[countof(names)];
    for (size_t i = 0; i < countof(names); i++)
        collections[i] = load(names[i][0], names[i][1], text);
    struct service services[] = {
        {.name = a, .collections = &collections[0], .collection_count = 1},
        {.name = a_b, .collections = &collections[1], .collection_count = 2},
    };
    struct json *document = document_of(&(struct model){services, countof(services)});
    for (size_t i = 0; i < countof(names); i++)
        schema_free(&collections[i]);
    return document;
}

static void every_reference_leads_somewhere(void **state)
{
    (void)state;
    struct json *document = document_of_neighbours();
    walk(document, document, assert_leads_somewhere);
    json_free(&document);
}

static void collections_with_records_of_one_name_keep_their_schemas(void **state)
{
    (void)state;
    struct json *document = document_of_neighbours();
    assert_true(has(document, "components|schemas", "a.E"));
    assert_true(has(document, "components|schemas", "a_b.E-c.input"));
    assert_true(has(document, "components|schemas", "a_b.E-d.input"));
    assert_false(has(document, "components|schemas", "a_b.E"));
    json_free(&document);
}

static struct json *identifiers; /* of all operations seen by the walk, as keys */

static void note_identifier(const struct json *object, const struct json *document)
{
    struct str identifier = json_find_text(object, "operationId", STR(""));
    (void)document;
    if (identifier.len == 0)
        return;
    if (json_find(identifiers, identifier.ptr) != NULL)
        fail_msg("%s is there twice", identifier.ptr);
    json_put(identifiers, identifier.ptr, json_make_null());
}

static void no_two_operations_have_one_identifier(void **state)
{
    enum { OF_A_COLLECTION = 9, OF_A_SERVICE = 1, OF_THE_SWITCHES = 4, OF_THE_CONTRACT = 2 };
    (void)state;
    struct json *document = document_of_neighbours();
    identifiers = json_make_object();
    walk(document, document, note_identifier);
    assert_int_equal(json_count(identifiers),
                     3 * OF_A_COLLECTION + 2 * OF_A_SERVICE + OF_THE_SWITCHES + OF_THE_CONTRACT);
    json_free(&identifiers);
    json_free(&document);
}

static void the_same_model_gives_the_same_bytes(void **state)
{
    struct buf texts[2] = {{0}, {0}};
    (void)state;
    for (size_t i = 0; i < countof(texts); i++) {
        struct shop shop;
        open_shop(&shop, "{'name':'b','type':'int'},{'name':'a','type':'int','default':1}");
        openapi_write(&shop.model, "1.2.3", &texts[i]);
        close_shop(&shop);
    }
    assert_string_equal(texts[0].ptr, texts[1].ptr);
    buf_free(&texts[0]);
    buf_free(&texts[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_collection_has_all_its_paths_and_methods),
        cmocka_unit_test(a_type_of_avro_is_one_of_json_schema),
        cmocka_unit_test(what_is_served_has_the_head_and_every_field),
        cmocka_unit_test(what_is_taken_requires_what_has_no_default),
        cmocka_unit_test(a_patch_takes_null_where_there_is_a_default),
        cmocka_unit_test(a_patch_goes_into_a_record_and_replaces_an_array),
        cmocka_unit_test(a_rule_holds_for_what_is_taken_alone),
        cmocka_unit_test(what_is_private_says_what_is_kept_of_it),
        cmocka_unit_test(a_list_has_a_parameter_for_every_way_to_ask),
        cmocka_unit_test(counts_are_asked_by_a_field_that_filters),
        cmocka_unit_test(a_change_needs_if_match_where_the_model_wants_the_version),
        cmocka_unit_test(an_older_path_speaks_with_its_own_names),
        cmocka_unit_test(a_problem_has_every_reason_of_the_table),
        cmocka_unit_test(every_reference_leads_somewhere),
        cmocka_unit_test(collections_with_records_of_one_name_keep_their_schemas),
        cmocka_unit_test(no_two_operations_have_one_identifier),
        cmocka_unit_test(the_same_model_gives_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
