/* The settings of all roles: the struct that they fill, and the one table that says what they are.
 */
#ifndef ROLE_SETTINGS_H
#define ROLE_SETTINGS_H

#include "base/setting.h"

struct settings {
    const char *server_type;
    const char *listen;
    int64_t port, admin_port;
    int64_t threads; /* resolved: at least 1 */
    const char *models;
    const char *log_level;
    const char *cluster_key, *pseudonym_key;
    const char *write_database_url, *read_database_url, *redis_url;
    const char *state_dir;
    const char *write_servers, *read_servers;
    const char *write_db_ip, *read_db_ip;
    int64_t database_connections, database_queue, queue_ms, statement_timeout_ms;
    int64_t lock_timeout_ms, query_connections, query_timeout_ms;
    int64_t connect_timeout_ms, try_timeout_ms, request_timeout_ms;
    const char *policy;
    int64_t read_in_flight, write_in_flight, read_queue, write_queue, queue_timeout_ms;
    const char *adaptive_limit;
    const char *trusted_proxies, *rate_limit_by;
    int64_t rate_limit, rate_burst;
    int64_t check_interval_ms, check_timeout_ms, resolve_seconds;
    const char *announce;
    int64_t connections_max, body_bytes_max, body_budget_bytes;
    int64_t answer_buffer_bytes;
    int64_t drain_seconds;
    int64_t history_days, lag_max_ms, cache_bytes;
    int64_t read_after_ms, read_after_queue;
    const char *read_after_cookie;
    const char *faults;
    int64_t live_clients_max, live_buffer_bytes, live_heartbeat_seconds;
    const char *search_language;
    const char *replication_slot;
    int64_t replica_retention_seconds, stream_entries_max, stream_bytes_max;
};

/* Reads the environment. False with a line for each mistake. */
bool settings_load(struct settings *settings, struct buf *mistakes) must_check;

void settings_write_help(struct buf *out);
void settings_write_markdown(struct buf *out);

#endif
