#include "role/gateway/switch/toggle_change.h"

#include "base/clock.h"
#include "base/json.h"

/* Of a change's JSON, with every character escaped; and the end of the year 9999. */
enum { LINE_MAX = 4096 };
static const int64_t wall_end = INT64_C(253402300800000);

struct toggle_change toggle_change_none(const struct service *service, enum side side)
{
    return (struct toggle_change){.service = service, .side = side, .was_on = true, .is_on = true};
}

static int sign(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

int toggle_change_compare(const struct toggle_change *a, const struct toggle_change *b)
{
    /* Behind the time stands only what makes everyone choose the same; the closed door wins. */
    const int signs[] = {sign(a->version, b->version), sign(a->at, b->at),
                         sign(b->is_on, a->is_on),     sign(b->was_on, a->was_on),
                         strcmp(a->why, b->why),       strcmp(a->by, b->by)};
    for (size_t i = 0; i < countof(signs); i++)
        if (signs[i] != 0)
            return signs[i];
    return 0;
}

static const char *word_of(bool is_on)
{
    return is_on ? "enabled" : "disabled";
}

void toggle_change_write(const struct toggle_change *change, struct buf *out)
{
    char at[CLOCK_TEXT_SIZE];
    clock_format(change->at, at);
    buf_printf(out,
               "{\"service\":\"%s\",\"side\":\"%s\",\"version\":%lld,\"from\":\"%s\",\"to\":\"%s\","
               "\"at\":\"%s\",\"by\":",
               change->service->name, side_name(change->side), (long long)change->version,
               word_of(change->was_on), word_of(change->is_on), at);
    json_write_string(str_from(change->by), out);
    buf_append_text(out, ",\"why\":");
    json_write_string(str_from(change->why), out);
    buf_append_char(out, '}');
}

static bool take_word(const struct json *object, const char *key, bool *is_on)
{
    struct str word = json_find_text(object, key, STR(""));
    *is_on = str_equal(word, STR("enabled"));
    return *is_on || str_equal(word, STR("disabled"));
}

static bool take_text(const struct json *object, const char *key, char out[TOGGLE_TEXT_MAX + 1])
{
    struct str text = json_find_text(object, key, (struct str){NULL, 0});
    if (text.ptr == NULL || text.len > TOGGLE_TEXT_MAX)
        return false;
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    return true;
}

static bool take_members(const struct model *model, const struct json *object,
                         struct toggle_change *out)
{
    *out = toggle_change_none(model_find_service(model, json_find_text(object, "service", STR(""))),
                              side_find(json_find_text(object, "side", STR(""))));
    out->version = json_find_integer(object, "version", 0);
    return out->service != NULL && out->side < SIDE_COUNT && out->version > 0 &&
           out->version <= TOGGLE_VERSION_MAX && take_word(object, "from", &out->was_on) &&
           take_word(object, "to", &out->is_on) &&
           clock_parse(json_find_text(object, "at", STR("")), &out->at) && out->at >= 0 &&
           out->at < wall_end && take_text(object, "by", out->by) &&
           take_text(object, "why", out->why);
}

bool toggle_change_parse(const struct model *model, struct str text, struct toggle_change *out)
{
    char mistake[JSON_MISTAKE_SIZE];
    struct json *object = text.len <= LINE_MAX ? json_parse(text, mistake) : NULL;
    bool is_taken =
        object != NULL && json_kind(object) == JSON_KIND_OBJECT && take_members(model, object, out);
    if (object != NULL)
        json_free(&object);
    return is_taken;
}
