/* Any text as a schema file: mistakes, or a collection that the rest of src/model can work with. */
#include "model/ddl.h"
#include "model/validate.h"

/* libavro loses some memory whenever it refuses a schema, after which the program ends. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libavro";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf out = {0};
    struct str text = {(const char *)data, size};
    struct collection *collection = schema_load("s", STR("medical"), STR("entries"), text, &out);
    assert((collection == NULL) == (out.len > 0));
    if (collection != NULL) {
        struct service service = {
            .name = collection->service, .collections = &collection, .collection_count = 1};
        struct model model = {&service, 1};
        struct problem problem = {0};
        struct json *body = json_make_object();
        struct json *taken = json_make_object();
        assert(validate_document(collection, NULL, body, taken, &problem) ==
               !problem_is_set(&problem));
        ddl_write(&model, DDL_SIDE_WRITE, &out);
        ddl_write(&model, DDL_SIDE_READ, &out);
        json_free(&taken);
        json_free(&body);
        problem_free(&problem);
    }
    schema_free(&collection);
    buf_free(&out);
    return 0;
}
