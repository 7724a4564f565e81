#include "model/openapi/switch_path.h"

#include "model/openapi/literal.h"

#define PROBLEM(status) "'" status "':{'$ref':'#/components/responses/" status "'}"
#define OTHERS          PROBLEM("401") "," PROBLEM("default")
#define KEY             "Needs the cluster key, where there is one. "

/* How a switch stands. */
static struct json *make_state(void)
{
    return literal_json(
        "{'type':'object','required':['enabled','version','changed_at','changed_by','why'],"
        "'properties':{'enabled':{'type':'boolean'},'version':{'type':'integer','minimum':0},"
        "'changed_at':{'type':['string','null'],'format':'date-time'},"
        "'changed_by':{'type':['string','null']},'why':{'type':['string','null']}}}");
}

static struct json *make_answer(struct json *schema)
{
    struct json *answer = literal_json("{'description':'OK','content':{'application/json':{}}}");
    struct json *content = json_find(json_find(answer, "content"), "application/json");
    json_put(content, "schema", schema);
    return answer;
}

static void put_answer(struct json *operation, struct json *answer)
{
    json_put(json_find(operation, "responses"), "200", answer);
}

static struct json *make_list(void)
{
    struct json *get = literal_json(
        "{'operationId':'switches','summary':'How every switch of this gateway stands',"
        "'responses':{" PROBLEM("default") "}}");
    struct json *schema = literal_json(
        "{'type':'object','additionalProperties':{'type':'object','required':['reads','writes'],"
        "'properties':{}}}");
    struct json *sides = json_find(json_find(schema, "additionalProperties"), "properties");
    json_put(sides, "reads", make_state());
    json_put(sides, "writes", make_state());
    put_answer(get, make_answer(schema));
    return get;
}

/* Of one switch, by its name, with its ETag. */
static struct json *make_one(void)
{
    struct json *schema = make_state();
    literal_join(json_find(schema, "properties"),
                 literal_json("{'service':{'type':'string'},"
                              "'side':{'type':'string','enum':['reads','writes']}}"));
    struct json *answer = make_answer(schema);
    json_put(answer, "headers", literal_json("{'ETag':{'$ref':'#/components/headers/ETag'}}"));
    return answer;
}

static struct json *make_place(const struct model *model)
{
    struct json *parameters = literal_json(
        "[{'name':'service','in':'path','required':true,'schema':{'type':'string','enum':[]}},"
        "{'name':'side','in':'path','required':true,"
        "'schema':{'type':'string','enum':['reads','writes']}}]");
    struct json *names = json_find(json_find(json_item(parameters, 0), "schema"), "enum");
    for (size_t i = 0; i < model->service_count; i++)
        json_push(names, json_make_string(str_from(model->services[i].name)));
    return parameters;
}

static struct json *make_get(const struct model *model)
{
    struct json *get = literal_json(
        "{'operationId':'switch','summary':'How a switch stands','responses':{" PROBLEM(
            "404") "," PROBLEM("default") "}}");
    json_put(get, "parameters", make_place(model));
    put_answer(get, make_one());
    return get;
}

static struct json *make_put(const struct model *model)
{
    struct json *put = literal_json(
        "{'operationId':'switch.set','summary':'Switches a service off or on',"
        "'description':'" KEY "Every gateway follows within a second; shared says whether "
        "they can.',"
        "'requestBody':{'required':true,'content':{'application/json':{'schema':{'type':'object',"
        "'required':['enabled'],'additionalProperties':false,'properties':{"
        "'enabled':{'type':'boolean'},'why':{'type':'string','maxLength':200}}}}}},"
        "'responses':{" PROBLEM("400") "," PROBLEM("404") "," PROBLEM("412") "," PROBLEM(
            "422") "," PROBLEM("503") "," OTHERS "}}");
    struct json *parameters = make_place(model), *answer = make_one();
    json_push(parameters, literal_json("{'$ref':'#/components/parameters/Actor'}"));
    json_push(parameters,
              literal_json("{'name':'If-Match','in':'header','schema':{'type':'string'},"
                           "'description':'The ETag of what is to be changed; * is any.'}"));
    literal_join(
        json_find(json_find(json_find(json_find(answer, "content"), "application/json"), "schema"),
                  "properties"),
        literal_json("{'shared':{'type':'boolean'}}"));
    json_put(put, "parameters", parameters);
    put_answer(put, answer);
    return put;
}

static struct json *make_log(void)
{
    struct json *get = literal_json(
        "{'operationId':'switches.log','summary':'What was switched, the newest first',"
        "'description':'" KEY "',"
        "'parameters':[{'name':'limit','in':'query','schema':{'type':'integer','minimum':1,"
        "'maximum':1000,'default':100}}],'responses':{" PROBLEM("400") "," OTHERS "}}");
    put_answer(
        get, make_answer(literal_json(
                 "{'type':'object','required':['changes'],'properties':{'changes':{'type':'array',"
                 "'items':{'type':'object','properties':{'service':{'type':'string'},"
                 "'side':{'type':'string','enum':['reads','writes']},'version':{'type':'integer'},"
                 "'from':{'type':'string','enum':['enabled','disabled']},"
                 "'to':{'type':'string','enum':['enabled','disabled']},"
                 "'at':{'type':'string','format':'date-time'},'by':{'type':'string'},"
                 "'why':{'type':'string'}}}}}}")));
    return get;
}

void switch_paths_put(struct json *paths, const struct model *model)
{
    struct json *list = json_make_object(), *one = json_make_object(), *log = json_make_object();
    json_put(list, "get", make_list());
    json_put(one, "get", make_get(model));
    json_put(one, "put", make_put(model));
    json_put(log, "get", make_log());
    json_put(paths, "/bulkhead/services/", list);
    json_put(paths, "/bulkhead/services/{service}/{side}", one);
    json_put(paths, "/bulkhead/toggles/log", log);
}
