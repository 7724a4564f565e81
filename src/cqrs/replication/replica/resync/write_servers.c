#include "cqrs/replication/replica/resync/write_servers.h"

#include "base/log.h"
#include "io/http/http_resolve.h"

void write_servers_find(struct write_servers *servers, const char *list)
{
    struct str rest = str_from(list);
    if (servers->count > 0)
        return;
    while (rest.len > 0 && servers->count < WRITE_SERVERS_MAX) {
        char why[256];
        struct http_peer *peer =
            http_resolve_peer(servers->loop, str_trim(str_cut(&rest, ',')), why, sizeof(why));
        if (peer == NULL)
            log_warn("replica.write_server", log_text("why", why));
        else
            servers->peers[servers->count++] = peer;
    }
}
