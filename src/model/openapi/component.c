#include "model/openapi/component.h"

#include "base/status.h"
#include "model/openapi/literal.h"
#include "model/openapi/record_schema.h"

struct json *component_refer(const char *section, struct str name)
{
    return literal_json("{'$ref':'#/components/%s/" STR_FMT "'}", section, STR_ARG(name));
}

/* Refusals, out of the table of all endings */

#define STATUS_VALUE(name, http, repeat, reason, sentence) STATUS_##name,
static const enum status statuses[] = {STATUS_TABLE(STATUS_VALUE)};
#undef STATUS_VALUE

static bool is_refusal(enum status status)
{
    return status_info(status)->http >= 400;
}

static struct json *problem_schema(void)
{
    struct json *schema = literal_json(
        "{'type':'object','description':'RFC 9457',"
        "'required':['type','title','status','reason','detail'],'properties':{"
        "'type':{'type':'string','format':'uri-reference'},"
        "'title':{'type':'string'},"
        "'status':{'type':'integer','minimum':400,'maximum':599},"
        "'reason':{'type':'string','description':'What happened, out of a closed list.'},"
        "'detail':{'type':'string'},"
        "'errors':{'type':'array','description':'Every mistake, each with its place.','items':{"
        "'type':'object','required':['detail'],'properties':{"
        "'pointer':{'type':'string','format':'json-pointer'},"
        "'parameter':{'type':'string'},'detail':{'type':'string'}},"
        "'oneOf':[{'required':['pointer']},{'required':['parameter']}]}},"
        "'errors_total':{'type':'integer',"
        "'description':'How many there are, where not all are listed.'}}}");
    struct json *reasons = json_make_array();
    for (size_t i = 0; i < countof(statuses); i++)
        if (is_refusal(statuses[i]))
            json_push(reasons, json_make_string(str_from(status_info(statuses[i])->reason)));
    json_put(json_find(json_find(schema, "properties"), "reason"), "enum", reasons);
    return schema;
}

/* "Conflict. conflict: another record holds this value; in_progress: ..." */
static void write_reasons(int http, struct buf *out)
{
    const char *separator = ". ";
    buf_append_text(out, status_http_phrase(http));
    for (size_t i = 0; i < countof(statuses); i++) {
        const struct status_info *info = status_info(statuses[i]);
        if (info->http != http)
            continue;
        buf_printf(out, "%s%s: %s", separator, info->reason, info->sentence);
        separator = "; ";
    }
}

static struct json *refusal(struct str description, bool may_help_to_wait)
{
    struct json *response = json_make_object();
    json_put(response, "description", json_make_string(description));
    if (may_help_to_wait)
        json_put(response, "headers",
                 literal_json("{'Retry-After':{'$ref':'#/components/headers/Retry-After'}}"));
    json_put(response, "content",
             literal_json("{'application/problem+json':"
                          "{'schema':{'$ref':'#/components/schemas/Problem'}}}"));
    return response;
}

/* Those that operations name; what any of them may also answer, a request to the wrong role or a
 * failure of the server, is the default. */
static struct json *make_responses(void)
{
    static const int named[] = {400, 401, 404, 409, 412, 413, 415, 422, 428, 503, 504};
    struct json *responses = json_make_object();
    for (size_t i = 0; i < countof(named); i++) {
        struct buf key = {0}, text = {0};
        buf_printf(&key, "%d", named[i]);
        write_reasons(named[i], &text);
        json_put(responses, key.ptr, refusal(buf_str(&text), named[i] == 409 || named[i] >= 503));
        buf_free(&key);
        buf_free(&text);
    }
    json_put(responses, "default", refusal(STR("Any other refusal"), true));
    return responses;
}

/* Schemas */

static void put_records(struct json *schemas, const struct model *model,
                        const struct collection *collection)
{
    for (enum record_use use = 0; use < RECORD_USE_COUNT; use++) {
        struct buf name = {0};
        record_schema_write_name(model, collection, use, &name);
        json_put(schemas, name.ptr, record_schema_make(collection, use, NULL));
        buf_free(&name);
    }
}

static struct json *make_schemas(const struct model *model)
{
    struct json *schemas = json_make_object();
    for (size_t s = 0; s < model->service_count; s++)
        for (size_t c = 0; c < model->services[s].collection_count; c++)
            put_records(schemas, model, model->services[s].collections[c]);
    json_put(schemas, "Problem", problem_schema());
    literal_join(
        schemas,
        literal_json(
            "{'Pagination':{'type':'object','required':['current_page','total_pages',"
            "'total_records','has_next','has_previous'],'properties':{"
            "'current_page':{'type':'integer','minimum':1},"
            "'total_pages':{'type':'integer','minimum':1},"
            "'total_records':{'type':'integer','minimum':0},"
            "'has_next':{'type':'boolean'},'has_previous':{'type':'boolean'},"
            "'next_cursor':{'type':['string','null']}}},"
            "'HistoryEntry':{'type':'object','required':['version','time','actor','kind','before',"
            "'after'],'properties':{'version':{'type':'integer','format':'int64','minimum':1},"
            "'time':{'type':'string','format':'date-time'},'actor':{'type':['string','null']},"
            "'kind':{'type':'string','enum':['created','updated','deleted']},"
            "'before':{'type':['object','null']},'after':{'type':['object','null']}}},"
            "'Outcome':{'type':'object','required':['status'],'properties':{"
            "'status':{'type':'integer','description':'As the command alone would be answered.'},"
            "'id':{'type':'string','format':'uuid'},'etag':{'type':'string'},"
            "'problem':{'$ref':'#/components/schemas/Problem'}}}}"));
    return schemas;
}

/* Parameters and headers */

static struct json *make_parameters(void)
{
    struct json *parameters = literal_json(
        "{'Id':{'name':'id','in':'path','required':true,"
        "'schema':{'type':'string','format':'uuid'}},"
        "'Fingerprint':{'name':'fingerprint','in':'path','required':true,"
        "'schema':{'type':'string','pattern':'^[0-9a-f]{16}$'}},"
        "'Page':{'name':'page','in':'query',"
        "'schema':{'type':'integer','minimum':1,'maximum':%d,'default':1}},"
        "'ReadAfter':{'name':'Read-After','in':'header','schema':{'type':'string'},"
        "'description':'What must have been applied before: 1 to 8 of "
        "<collection>/<id>@<version>, separated by commas, as answers to commands say it.'},"
        "'Cursor':{'name':'cursor','in':'query','schema':{'type':'string','minLength':1},"
        "'description':'next_cursor of the page before, of a list with the same filters, search "
        "and sort; excludes page.'},"
        "'Atomic':{'name':'atomic','in':'query','schema':{'type':'boolean'},"
        "'description':'true: all of them are done or none.'},"
        "'IfNoneMatch':{'name':'If-None-Match','in':'header',"
        "'schema':{'type':'string','const':'*'},"
        "'description':'Creates under this id, exactly once; excludes If-Match.'},"
        "'Known':{'name':'If-None-Match','in':'header','schema':{'type':'string'},"
        "'description':'ETags of what the client has: the answer is 304 where one is good.'},"
        "'IdempotencyKey':{'name':'Idempotency-Key','in':'header',"
        "'schema':{'type':'string','minLength':1,'maxLength':255,'pattern':'^[!-~]+$'},"
        "'description':'Kept for 24 hours: repeated, the first outcome is answered again.'}}",
        INT32_MAX);
    literal_join(
        parameters,
        literal_json("{'Actor':{'name':'X-Actor','in':'header','schema':{'type':'string',"
                     "'maxLength':200},'description':'Who does it; kept with the record.'},"
                     "'Traceparent':{'name':'traceparent','in':'header','schema':{'type':'string',"
                     "'maxLength':200},'description':'W3C Trace Context; carried into the event.'},"
                     "'CorrelationId':{'name':'X-Correlation-Id','in':'header','schema':{"
                     "'type':'string','maxLength':200},'description':'Carried into the event.'},"
                     "'CausationId':{'name':'X-Causation-Id','in':'header','schema':{"
                     "'type':'string','maxLength':200},'description':'Carried into the event.'}}"));
    return parameters;
}

/* If-Match as it may be left out, and as it may not. */
static void put_if_match(struct json *parameters)
{
    static const char *const names[] = {"IfMatch", "IfMatchRequired"};
    for (size_t i = 0; i < countof(names); i++) {
        struct json *parameter = literal_json(
            "{'name':'If-Match','in':'header','required':%s,'schema':{'type':'string'},"
            "'description':'The ETag of the version that is to be changed; * is any.'}",
            i == 0 ? "false" : "true");
        json_put(json_find(parameter, "schema"), "pattern",
                 json_make_string(STR("^(\\*|\"[1-9][0-9]*(-gzip)?\")$")));
        json_put(parameters, names[i], parameter);
    }
}

static struct json *make_headers(void)
{
    struct json *headers = literal_json(
        "{'ETag':{'schema':{'type':'string'},'description':'Of a record: the version, in "
        "quotes; of a list: another one whenever its content is.'},"
        "'Location':{'schema':{'type':'string','format':'uri-reference'},"
        "'description':'Where the new record is.'},"
        "'Idempotent-Replayed':{'schema':{'type':'string','const':'true'},"
        "'description':'This was done before, under the same Idempotency-Key.'},"
        "'Read-After':{'schema':{'type':'string'},"
        "'description':'What a read carries that is to see this.'},"
        "'Retry-After':{'schema':{'type':'integer','minimum':0},"
        "'description':'Seconds that it helps to wait.'},"
        "'Replica-Lag-Ms':{'schema':{'type':'integer','minimum':0},"
        "'description':'How old the answer of a read server may be: since the "
        "last moment at which it was known to be up to date.'},"
        "'Age':{'schema':{'type':'integer','minimum':0},"
        "'description':'The same in whole seconds.'},"
        "'Vary':{'schema':{'type':'string'},'description':'accept-encoding: answers "
        "of a kilobyte and more come as gzip to whoever asks for it.'},"
        "'Link':{'schema':{'type':'string'},"
        "'description':'The pages beside this one, next and prev (RFC 8288).'},"
        "'Cache-Control':{'schema':{'type':'string'}}}");
    return headers;
}

struct json *component_make_all(const struct model *model)
{
    struct json *components = json_make_object(), *parameters = make_parameters();
    put_if_match(parameters);
    json_put(components, "schemas", make_schemas(model));
    json_put(components, "responses", make_responses());
    json_put(components, "parameters", parameters);
    json_put(components, "headers", make_headers());
    return components;
}
