#include "model/openapi/body.h"

#include "model/openapi/component.h"
#include "model/openapi/literal.h"
#include "model/openapi/record_schema.h"

/* A component, or, since an older path may have names of its own, all of it. */
static struct json *record_schema(const struct place *place, enum record_use use)
{
    if (place->alias != NULL && place->alias->name_count > 0)
        return record_schema_make(place->collection, use, place->alias);
    struct buf name = {0};
    record_schema_write_name(place->model, place->collection, use, &name);
    struct json *reference = component_refer("schemas", buf_str(&name));
    buf_free(&name);
    return reference;
}

static struct json *batch_schema(const struct place *place)
{
    struct json *schema = literal_json("{'type':'array','minItems':1,'maxItems':1000,'items':{"
                                       "'description':'With an id a change, without a creation.'"
                                       "}}");
    struct json *kinds = json_make_array();
    json_push(kinds, record_schema(place, RECORD_USE_INPUT));
    json_push(kinds, record_schema(place, RECORD_USE_CHANGE));
    json_put(json_find(schema, "items"), "oneOf", kinds);
    return schema;
}

static struct json *page_schema(struct json *items)
{
    struct json *schema =
        literal_json("{'type':'object','required':['data','pagination'],'properties':{"
                     "'data':{'type':'array'},"
                     "'pagination':{'$ref':'#/components/schemas/Pagination'}}}");
    json_put(json_find(json_find(schema, "properties"), "data"), "items", items);
    return schema;
}

static struct json *history_schema(const struct place *place)
{
    static const char *const images[] = {"before", "after"};
    struct json *entry = literal_json("{'allOf':[{'$ref':'#/components/schemas/HistoryEntry'},"
                                      "{'properties':{}}]}");
    struct json *properties = json_find(json_item(json_find(entry, "allOf"), 1), "properties");
    for (size_t i = 0; i < countof(images); i++) {
        struct json *image = literal_json("{'anyOf':[{'type':'null'}]}");
        json_push(json_find(image, "anyOf"), record_schema(place, RECORD_USE_SERVED));
        json_put(properties, images[i], image);
    }
    return page_schema(entry);
}

static struct json *body_schema(enum body body, const struct place *place)
{
    switch (body) {
    case BODY_INPUT:
        return record_schema(place, RECORD_USE_INPUT);
    case BODY_PATCH:
        return record_schema(place, RECORD_USE_PATCH);
    case BODY_BATCH:
        return batch_schema(place);
    case BODY_RECORD:
        return record_schema(place, RECORD_USE_SERVED);
    case BODY_PAGE:
        return page_schema(record_schema(place, RECORD_USE_SERVED));
    case BODY_COUNTS:
        return literal_json(
            "{'type':'object','required':['by','counts','total'],'properties':{"
            "'by':{'type':'string'},'total':{'type':'integer','minimum':0},"
            "'counts':{'type':'array','maxItems':100,'description':'The most frequent first.',"
            "'items':{'type':'object','required':['value','count'],'properties':{'value':{},"
            "'count':{'type':'integer','minimum':1}}}}}}");
    case BODY_HISTORY:
        return history_schema(place);
    case BODY_OUTCOMES:
        return literal_json("{'type':'object','required':['outcomes'],'properties':{'outcomes':{"
                            "'type':'array','description':'In the order of the request.',"
                            "'items':{'$ref':'#/components/schemas/Outcome'}}}}");
    case BODY_NONE:
        break;
    }
    return NULL;
}

struct json *body_content(enum body body, const struct place *place)
{
    struct json *content = json_make_object(), *media = json_make_object();
    json_put(media, "schema", body_schema(body, place));
    if (body == BODY_PATCH)
        json_put(content, "application/merge-patch+json", json_share(media));
    json_put(content, "application/json", media);
    return content;
}
