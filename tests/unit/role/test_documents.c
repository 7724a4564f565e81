#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "model/avro/fingerprint.h"
#include "role/http/documents.h"
#include "unit/model/given.h"

/* The last answer, in the place of a server's. */
static struct {
    int status;
    struct buf headers, body;
} answer;

void http_reply(struct http_request *request, const struct http_response *response)
{
    (void)request;
    answer.status = response->status;
    for (const struct http_header *header = response->headers; header->name != NULL; header++)
        buf_printf(&answer.headers, "%s: " STR_FMT "\n", header->name, STR_ARG(header->value));
    buf_append_str(&answer.body, response->body);
}

struct str http_request_header(const struct http_request *request, struct str name)
{
    (void)request, (void)name;
    return (struct str){NULL, 0};
}

static struct collection *collection;
static struct documents *documents;

static int make_documents(void **state)
{
    static char shop[] = "shop";
    (void)state;
    collection = given_collection("{'name':'a','type':'int'}");
    struct service service = {.name = shop, .collections = &collection, .collection_count = 1};
    documents = documents_make(&(struct model){&service, 1});
    return 0;
}

static int free_documents(void **state)
{
    (void)state;
    schema_free(&collection);
    documents_free(&documents);
    assert_null(documents);
    buf_free(&answer.headers);
    buf_free(&answer.body);
    return 0;
}

/* True when it was answered; `answer` has what. */
static bool ask(const char *method, const char *path)
{
    struct http_request request = {.method = str_from(method), .path = str_from(path)};
    answer.status = 0;
    buf_reset(&answer.headers);
    buf_reset(&answer.body);
    return documents_handle(&request, documents);
}

static void own_schema_path(char path[64])
{
    char fingerprint[FINGERPRINT_TEXT_SIZE];
    fingerprint_format(fingerprint_schema(collection->event_schema), fingerprint);
    snprintf(path, 64, "/v1/schemas/%s", fingerprint);
}

static void the_contract_is_json(void **state)
{
    static const char *const methods[] = {"GET", "HEAD"};
    (void)state;
    for (size_t i = 0; i < countof(methods); i++) {
        char mistake[JSON_MISTAKE_SIZE];
        assert_true(ask(methods[i], "/v1/openapi.json"));
        assert_int_equal(answer.status, 200);
        assert_string_equal(answer.headers.ptr, "content-type: application/json\n");
        struct json *json = json_parse(buf_str(&answer.body), mistake);
        assert_non_null(json);
        assert_true(str_equal(json_find_text(json, "openapi", STR("")), STR("3.1.0")));
        json_free(&json);
    }
}

static void an_event_schema_of_ours_is_found_and_may_be_kept_for_ever(void **state)
{
    char path[64];
    struct buf expected = {0};
    (void)state;
    own_schema_path(path);
    json_write(collection->event_schema, &expected);
    assert_true(ask("GET", path));
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.headers.ptr, "content-type: application/json\n"
                                            "cache-control: public, max-age=31536000, immutable\n");
    assert_string_equal(answer.body.ptr, expected.ptr);
    buf_free(&expected);
}

static void any_other_path_is_left_to_the_role(void **state)
{
    static const char *const paths[] = {
        "/",
        "/v1/openapi",
        "/v1/openapi.json/",
        "/v1/shop/items",
        "/v1/schemas/",
        "/v1/schemas/0000000000000000",
        "/v1/schemas/entries",
    };
    char path[64];
    (void)state;
    for (size_t i = 0; i < countof(paths); i++) {
        assert_false(ask("GET", paths[i]));
        assert_false(ask("POST", paths[i]));
        assert_int_equal(answer.status, 0);
    }
    own_schema_path(path);
    for (char *c = path + strlen("/v1/schemas/"); *c != '\0'; c++)
        *c = str_upper(*c);
    assert_false(ask("GET", path));
}

static void a_document_is_only_read(void **state)
{
    char path[64];
    (void)state;
    own_schema_path(path);
    const char *const paths[] = {"/v1/openapi.json", path};
    for (size_t i = 0; i < countof(paths); i++) {
        assert_true(ask("DELETE", paths[i]));
        assert_int_equal(answer.status, 405);
        assert_non_null(strstr(answer.headers.ptr, "allow: GET, HEAD\n"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_contract_is_json),
        cmocka_unit_test(an_event_schema_of_ours_is_found_and_may_be_kept_for_ever),
        cmocka_unit_test(any_other_path_is_left_to_the_role),
        cmocka_unit_test(a_document_is_only_read),
    };
    return cmocka_run_group_tests(tests, make_documents, free_documents);
}
