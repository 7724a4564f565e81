#include "role/gateway/door.h"

#include "base/clock.h"
#include "guard/rate_limit.h"
#include "role/gateway/forward/refusal.h"
#include "role/gateway/gateway.h"
#include "role/gateway/passing.h"
#include "role/http/old_paths.h"

struct door {
    const struct gateway *gateway;
    struct refusals *refusals;
    bool goes_by_key;
};

struct door *door_new(struct app *app)
{
    struct door *door = mem_new(1, sizeof(*door));
    door->gateway = app->process->gateway;
    door->refusals = refusals_new(door->gateway->traffic);
    door->goes_by_key = strcmp(app->process->settings.rate_limit_by, "key") == 0;
    return door;
}

static bool refuse(struct door *door, struct http_request *request, enum status status,
                   int64_t retry_after)
{
    refusal_answer(
        door->refusals, request, status,
        &(struct refused){.is_old = old_paths_has(request->path), .retry_after = retry_after});
    return false;
}

/* A key has no NUL, and every address has: they never meet. */
static int64_t take_token(const struct door *door, const struct http_request *request)
{
    struct str key = {NULL, 0};
    struct client_address site;
    if (door->goes_by_key)
        key = http_request_header(request, STR("x-api-key"));
    if (door->goes_by_key && key.len == 0)
        key = http_request_header(request, STR("authorization"));
    if (key.len == 0) {
        struct client_address client = passing_client(request);
        site = client_address_site(&client);
        key = (struct str){(const char *)site.bytes, sizeof(site.bytes)};
    }
    return rate_limit_take(door->gateway->rate_limit, key, clock_monotonic_us());
}

bool door_admit(struct door *door, struct http_request *request)
{
    if (passing_has_been_here(request))
        return refuse(door, request, STATUS_LOOP, 0);
    int64_t wait_us = door->gateway->rate_limit == NULL ? 0 : take_token(door, request);
    return wait_us == 0 || refuse(door, request, STATUS_RATE_LIMITED, (wait_us + 999999) / 1000000);
}
