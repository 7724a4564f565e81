#include "model/openapi/live_path.h"

#include "model/openapi/literal.h"

static struct json *make_parameters(const struct service *service)
{
    struct json *parameters = literal_json(
        "[{'name':'collection','in':'query','style':'form','explode':false,"
        "'description':'Events of these alone.','schema':{'type':'array','items':{}}},"
        "{'name':'type','in':'query','style':'form','explode':false,"
        "'description':'Events of these types alone.','schema':{'type':'array','items':{}}},"
        "{'name':'last_event_id','in':'query','description':'As Last-Event-ID, which wins.',"
        "'schema':{'type':'string'}},"
        "{'name':'Last-Event-ID','in':'header','description':'The id of the last event that was "
        "received: goes on behind it.','schema':{'type':'string'}}]");
    struct json *names = json_make_array(), *types = json_make_array();
    static const char *const kinds[] = {"created", "updated", "deleted"};
    for (size_t c = 0; c < service->collection_count; c++) {
        const struct collection *collection = service->collections[c];
        json_push(names, json_make_string(str_from(collection->name)));
        for (size_t k = 0; k < countof(kinds); k++)
            json_push(types,
                      literal_json("'%s.%s.%s'", service->name, collection->entity, kinds[k]));
    }
    json_put(json_find(json_find(json_item(parameters, 0), "schema"), "items"), "enum", names);
    json_put(json_find(json_find(json_item(parameters, 1), "schema"), "items"), "enum", types);
    return parameters;
}

void live_path_put(struct json *paths, const struct service *service)
{
    struct buf path = {0};
    struct json *get = literal_json(
        "{'operationId':'%s.events','tags':['%s'],'summary':'What happens in %s, live',"
        "'description':'Server-sent events: id is the place to come back to, event the type, data "
        "one line of JSON, CloudEvents 1.0 in structured mode. The event reset says that what came "
        "after Last-Event-ID is no longer here, dropped why the stream ends.',"
        "'responses':{'200':{'description':'OK','content':{'text/event-stream':{'schema':{"
        "'type':'string'}}}},'400':{'$ref':'#/components/responses/400'},"
        "'503':{'$ref':'#/components/responses/503'},"
        "'504':{'$ref':'#/components/responses/504'},"
        "'default':{'$ref':'#/components/responses/default'}}}",
        service->name, service->name, service->name);
    json_put(get, "parameters", make_parameters(service));
    buf_printf(&path, "/v1/%s/events", service->name);
    json_put(paths, path.ptr, json_make_object());
    json_put(json_find(paths, path.ptr), "get", get);
    buf_free(&path);
}
