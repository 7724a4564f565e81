#include "role/gateway/bank.h"

#include "base/clock.h"
#include "base/log.h"

unsigned bank_open_peers(struct loop *loop, const char *servers, struct http_peer **peers)
{
    struct str rest = str_from(servers);
    unsigned count = 0;
    while (rest.len > 0) {
        char why[256] = "there are more servers than a gateway takes";
        struct str place = str_trim(str_cut(&rest, ','));
        struct http_peer *peer = NULL;
        if (count < POOL_MAX)
            peer = http_peer_open(loop, place, why, sizeof(why));
        if (peer == NULL) {
            log_error("gateway.bad_server", log_text("why", why));
            return 0;
        }
        peers[count++] = peer;
    }
    return count;
}

bool bank_open(struct bank *bank, struct app *app, const char *servers)
{
    static const struct pool_limits limits = {.max_failures = 3, .rest = 5000};
    unsigned count = bank_open_peers(app->loop, servers, bank->peers);
    pool_init(&bank->pool, count, limits);
    return count > 0;
}

void bank_register_lags(struct bank *bank, struct metrics *metrics)
{
    for (unsigned i = 0; i < bank->pool.count; i++) {
        struct buf labels = {0};
        buf_printf(&labels, "server=\"%s\"", http_peer_name(bank->peers[i]));
        bank->lags[i] =
            metric_get(metrics, METRIC_KIND_GAUGE, "mamparo_gateway_replica_lag_milliseconds",
                       "As the read server said with its last answer", labels.ptr);
        buf_free(&labels);
    }
}

void bank_note_lag(struct bank *bank, int server, struct str replica_lag_ms)
{
    int64_t lag;
    if (bank->lags[server] == NULL || !str_to_int64(replica_lag_ms, &lag))
        return;
    metric_set(bank->lags[server], lag);
    pool_tell_lag(&bank->pool, server, lag, clock_monotonic());
}
