#include "role/presence/announcement.h"

#include "base/clock.h"

const struct str announcement_index = {"mamparo:{servers}", 17};

void announcement_write_key(struct str address, struct buf *out)
{
    buf_append_str(out, announcement_index);
    buf_append_char(out, ':');
    buf_append_str(out, address);
}

void announcement_write(const char *role, const struct model *model, int64_t since, struct buf *out)
{
    char text[CLOCK_TEXT_SIZE];
    clock_format(since, text);
    buf_printf(out, "{\"role\":\"%s\",\"services\":[", role);
    for (size_t i = 0; i < model->service_count; i++)
        buf_printf(out, "%s\"%s\"", i == 0 ? "" : ",", model->services[i].name);
    buf_printf(out, "],\"since\":\"%s\"}", text);
}

static const char *known_role(struct str name)
{
    static const char *const roles[] = {"read", "write"};
    for (size_t i = 0; i < countof(roles); i++)
        if (str_equal(name, str_from(roles[i])))
            return roles[i];
    return NULL;
}

static uint64_t bits_of(const struct json *names, const struct model *model)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < json_count(names); i++) {
        const struct json *name = json_item(names, i);
        const struct service *service = NULL;
        if (json_kind(name) == JSON_KIND_STRING)
            service = model_find_service(model, json_text(name));
        if (service != NULL && service - model->services < FLEET_SERVICES_MAX)
            bits |= UINT64_C(1) << (service - model->services);
    }
    return bits;
}

static bool take(const struct json *json, const struct model *model, struct announcement *out)
{
    if (json_kind(json) != JSON_KIND_OBJECT)
        return false;
    const struct json *services = json_find(json, "services");
    out->role = known_role(json_find_text(json, "role", STR("")));
    if (out->role == NULL || services == NULL || json_kind(services) != JSON_KIND_ARRAY)
        return false;
    out->services = bits_of(services, model);
    return true;
}

bool announcement_parse(struct str json, const struct model *model, struct announcement *out)
{
    char mistake[JSON_MISTAKE_SIZE];
    if (json.len > ANNOUNCEMENT_SIZE_MAX)
        return false;
    struct json *parsed = json_parse(json, mistake);
    bool is_one = parsed != NULL && take(parsed, model, out);
    if (parsed != NULL)
        json_free(&parsed);
    return is_one;
}
