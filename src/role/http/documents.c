#include "role/http/documents.h"

#include "cqrs/schema_store.h"
#include "model/avro/fingerprint.h"
#include "model/openapi/openapi.h"
#include "role/http/answer.h"

struct schema_document {
    char fingerprint[FINGERPRINT_TEXT_SIZE];
    struct buf text;
};

struct documents {
    struct buf openapi;
    struct schema_document *schemas;
    size_t schema_count;
};

static size_t count_collections(const struct model *model)
{
    size_t count = 0;
    for (size_t i = 0; i < model->service_count; i++)
        count += model->services[i].collection_count;
    return count;
}

static void add_schema(struct documents *documents, const struct json *schema)
{
    struct schema_document *document = &documents->schemas[documents->schema_count++];
    fingerprint_format(fingerprint_schema(schema), document->fingerprint);
    json_write(schema, &document->text);
}

struct documents *documents_make(const struct model *model)
{
    struct documents *documents = mem_new(1, sizeof(*documents));
    documents->schemas = mem_new(count_collections(model), sizeof(struct schema_document));
    openapi_write(model, MAMPARO_VERSION, &documents->openapi);
    for (size_t s = 0; s < model->service_count; s++)
        for (size_t c = 0; c < model->services[s].collection_count; c++)
            add_schema(documents, model->services[s].collections[c]->event_schema);
    return documents;
}

void documents_free(struct documents **documents)
{
    struct documents *gone = *documents;
    if (gone == NULL)
        return;
    for (size_t i = 0; i < gone->schema_count; i++)
        buf_free(&gone->schemas[i].text);
    buf_free(&gone->openapi);
    free(gone->schemas);
    free(gone);
    *documents = NULL;
}

static const struct str schemas = {"/v1/schemas/", 12};

static struct str fingerprint_of(struct str path)
{
    return (struct str){path.ptr + schemas.len, path.len - schemas.len};
}

bool documents_has(struct str path)
{
    return str_starts_with(path, schemas);
}

static const struct schema_document *find_schema(const struct documents *documents, struct str path)
{
    for (size_t i = 0; documents_has(path) && i < documents->schema_count; i++)
        if (str_equal(fingerprint_of(path), str_from(documents->schemas[i].fingerprint)))
            return &documents->schemas[i];
    return NULL;
}

/* What a fingerprint stands for never changes. */
static void answer_schema(struct http_request *request, struct str schema)
{
    http_reply(request,
               &(struct http_response){
                   .status = 200,
                   .headers = {{"content-type", STR("application/json")},
                               {"cache-control", STR("public, max-age=31536000, immutable")}},
                   .body = schema});
}

static void on_found(void *arg, enum status status, struct str schema)
{
    struct http_request *request = arg;
    if (status == STATUS_OK)
        answer_schema(request, schema);
    else
        answer_status(request, status,
                      status == STATUS_NOT_FOUND ? "no event was written with that schema" : NULL);
}

void documents_find(struct http_request *request, struct pg_pool *pool)
{
    struct str fingerprint = fingerprint_of(request->path);
    if (!answer_allows(request, "GET, HEAD"))
        return;
    if (fingerprint.len == FINGERPRINT_TEXT_SIZE - 1 && str_is_utf8(fingerprint))
        schema_store_find(pool, fingerprint, on_found, request);
    else
        answer_status(request, STATUS_NOT_FOUND,
                      "a schema's fingerprint has sixteen hexadecimal digits");
}

bool documents_handle(struct http_request *request, const struct documents *documents)
{
    bool is_openapi = str_equal(request->path, STR("/v1/openapi.json"));
    const struct schema_document *schema = find_schema(documents, request->path);
    if (!is_openapi && schema == NULL)
        return false;
    if (!answer_allows(request, "GET, HEAD"))
        return true;
    if (is_openapi)
        answer_json(request, 200, buf_str(&documents->openapi));
    else
        answer_schema(request, buf_str(&schema->text));
    return true;
}
