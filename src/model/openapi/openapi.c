#include "model/openapi/openapi.h"

#include "model/openapi/component.h"
#include "model/openapi/literal.h"
#include "model/openapi/operation.h"

static struct json *make_tags(const struct model *model)
{
    struct json *tags = json_make_array();
    for (size_t i = 0; i < model->service_count; i++)
        json_push(tags, literal_json("{'name':'%s'}", model->services[i].name));
    return tags;
}

void openapi_write(const struct model *model, const char *version, struct buf *out)
{
    struct json *document = literal_json(
        "{'openapi':'3.1.0','info':{'title':'Mamparo','version':'%s'},'servers':[{'url':'/'}]}",
        version);
    json_put(document, "tags", make_tags(model));
    json_put(document, "paths", operation_make_paths(model));
    json_put(document, "components", component_make_all(model));
    json_write(document, out);
    json_free(&document);
}
