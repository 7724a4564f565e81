/* The write servers that a replica may be filled from. */
#ifndef CQRS_REPLICATION_REPLICA_RESYNC_WRITE_SERVERS_H
#define CQRS_REPLICATION_REPLICA_RESYNC_WRITE_SERVERS_H

#include "io/http/http_client.h"

enum { WRITE_SERVERS_MAX = 16 };

/* Zeroed but for the loop, which is its own, it knows of none. Lives as long as the process. */
struct write_servers {
    struct loop *loop;
    struct http_peer *peers[WRITE_SERVERS_MAX];
    size_t count;
};

/* `list` is "host:port,…". Names are looked up when they are needed: one that was unknown may be
 * known by now. Logs those that are not. */
void write_servers_find(struct write_servers *servers, const char *list);

#endif
