#include "role/settings.h"

#include <arpa/inet.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "role/gateway/caller/client_address.h"
#include "role/server_list.h"

#define PLACE(member) .offset = offsetof(struct settings, member)
#define TEXT(member)  .type = SETTING_TYPE_TEXT, PLACE(member)
#define NUMBER(member, from, to)                                                                   \
    .type = SETTING_TYPE_NUMBER, .least = (from), .most = (to), PLACE(member)
#define CHOICE(member, words) .type = SETTING_TYPE_CHOICE, .choices = (words), PLACE(member)
#define URL(member, prefixes) .type = SETTING_TYPE_URL, .choices = (prefixes), PLACE(member)

static const struct setting settings_known[] = {
    {"SERVER_TYPE", CHOICE(server_type, "bulkhead|write|read"), .roles = "all", .unit = "",
     .is_required = true, .sentence = "what this process is"},
    {"LISTEN", TEXT(listen), .otherwise = "127.0.0.1", .roles = "all", .unit = "",
     .sentence = "address to listen on; beyond loopback CLUSTER_KEY is needed"},
    {"PORT", NUMBER(port, 1, 65535), .otherwise = "8000", .roles = "all", .unit = "",
     .sentence = "port of the service"},
    {"ADMIN_PORT", NUMBER(admin_port, 1, 65535), .otherwise = "8100", .roles = "all", .unit = "",
     .sentence = "port of /livez, /readyz, /metrics and /statusz"},
    {"THREADS", NUMBER(threads, 0, 256), .otherwise = "0", .roles = "all", .unit = "",
     .sentence = "event loops; 0 is one for each CPU of the control group"},
    {"MODELS", TEXT(models), .otherwise = "models", .roles = "all", .unit = "",
     .sentence = "folder with a folder of Avro schemas for each service"},
    {"LOG_LEVEL", CHOICE(log_level, "debug|info|warn|error"), .otherwise = "info", .roles = "all",
     .unit = "", .sentence = "least level that is logged"},
    {"CLUSTER_KEY", TEXT(cluster_key), .roles = "all", .unit = "", .is_secret = true,
     .sentence = "shared secret of at least 32 characters that the roles and operators show as a "
                 "bearer token"},
    {"PSEUDONYM_KEY", TEXT(pseudonym_key), .roles = "write", .unit = "", .is_secret = true,
     .sentence = "secret of at least 32 characters that pseudonyms are made with; needed when a "
                 "model has some"},
    {"WRITE_DATABASE_URL", URL(write_database_url, "postgresql://|postgres://"), .roles = "write",
     .unit = "", .is_required = true, .is_secret = true,
     .sentence = "PostgreSQL of the write side, with wal_level=logical"},
    {"READ_DATABASE_URL", URL(read_database_url, "postgresql://|postgres://"), .roles = "read",
     .unit = "", .is_required = true, .is_secret = true, .sentence = "PostgreSQL of this replica"},
    {"REDIS_URL", URL(redis_url, "redis://"), .roles = "all", .unit = "", .is_secret = true,
     .sentence = "Redis that carries the streams; needed by write and read; a gateway finds there "
                 "the servers that announce themselves, and shares its switches"},
    {"STATE_DIR", TEXT(state_dir), .roles = "bulkhead", .unit = "",
     .sentence = "folder of this gateway alone, in which its switches outlast it without Redis"},
    {"WRITE_SERVERS", TEXT(write_servers), .roles = "bulkhead read", .unit = "",
     .sentence = "write servers, host:port separated by commas; a gateway's service=host:port is "
                 "for that service alone"},
    {"READ_SERVERS", TEXT(read_servers), .roles = "bulkhead", .unit = "",
     .sentence = "read servers, likewise"},
    {"WRITE_DB_IP", TEXT(write_db_ip), .roles = "bulkhead read", .unit = "",
     .sentence = "older name of WRITE_SERVERS: one host, port 8000 unless it says another"},
    {"READ_DB_IP", TEXT(read_db_ip), .roles = "bulkhead", .unit = "",
     .sentence = "older name of READ_SERVERS, likewise"},
    {"DATABASE_CONNECTIONS", NUMBER(database_connections, 1, 64), .otherwise = "3",
     .roles = "write read", .unit = "", .sentence = "pipelined connections of each event loop"},
    {"DATABASE_QUEUE", NUMBER(database_queue, 1, 1000000), .otherwise = "2048",
     .roles = "write read", .unit = "",
     .sentence = "statements of each event loop that may wait for a connection"},
    {"QUEUE_MS", NUMBER(queue_ms, 1, 60000), .otherwise = "1000", .roles = "write read",
     .unit = "ms", .sentence = "longest wait of a statement for a connection"},
    {"STATEMENT_TIMEOUT_MS", NUMBER(statement_timeout_ms, 10, 600000), .otherwise = "2000",
     .roles = "write read", .unit = "ms", .sentence = "longest run of one statement"},
    {"LOCK_TIMEOUT_MS", NUMBER(lock_timeout_ms, 10, 600000), .otherwise = "1000",
     .roles = "write read", .unit = "ms", .sentence = "longest wait of one statement for a lock"},
    {"QUERY_CONNECTIONS", NUMBER(query_connections, 1, 64), .otherwise = "4", .roles = "read",
     .unit = "",
     .sentence = "connections of each event loop for lists, histories and checksums, one at a time "
                 "on each"},
    {"QUERY_TIMEOUT_MS", NUMBER(query_timeout_ms, 10, 600000), .otherwise = "800", .roles = "read",
     .unit = "ms", .sentence = "longest run of one of those"},
    {"CONNECT_TIMEOUT_MS", NUMBER(connect_timeout_ms, 1, 60000), .otherwise = "250",
     .roles = "bulkhead", .unit = "ms", .sentence = "longest wait for a connection to a server"},
    {"TRY_TIMEOUT_MS", NUMBER(try_timeout_ms, 1, 60000), .otherwise = "1000", .roles = "bulkhead",
     .unit = "ms", .sentence = "longest wait for one server's answer to a read"},
    {"REQUEST_TIMEOUT_MS", NUMBER(request_timeout_ms, 1, 120000), .otherwise = "3000",
     .roles = "bulkhead", .unit = "ms", .sentence = "longest time a request may take in all"},
    {"READ_IN_FLIGHT", NUMBER(read_in_flight, 1, 65536), .otherwise = "128", .roles = "bulkhead",
     .unit = "", .sentence = "reads of a service under way at once, for each read server"},
    {"WRITE_IN_FLIGHT", NUMBER(write_in_flight, 1, 65536), .otherwise = "64", .roles = "bulkhead",
     .unit = "", .sentence = "writes of a service under way at once"},
    {"POLICY", CHOICE(policy, "balanced|principal"), .otherwise = "balanced", .roles = "bulkhead",
     .unit = "",
     .sentence = "which server is asked: the least busy and freshest; or the first, while the "
                 "others stand by"},
    {"READ_QUEUE", NUMBER(read_queue, 0, 1000000), .otherwise = "0", .roles = "bulkhead",
     .unit = "",
     .sentence = "reads of a service that may wait for their turn; 0 is twice as many "
                 "as may be under way"},
    {"WRITE_QUEUE", NUMBER(write_queue, 0, 1000000), .otherwise = "0", .roles = "bulkhead",
     .unit = "", .sentence = "writes of a service, likewise"},
    {"QUEUE_TIMEOUT_MS", NUMBER(queue_timeout_ms, 1, 60000), .otherwise = "250",
     .roles = "bulkhead", .unit = "ms", .sentence = "longest wait for that turn"},
    {"ADAPTIVE_LIMIT", CHOICE(adaptive_limit, "off|on"), .otherwise = "off", .roles = "bulkhead",
     .unit = "",
     .sentence = "fewer are under way at once while answers take longer than from idle servers"},
    {"ANSWER_BUFFER_BYTES", NUMBER(answer_buffer_bytes, 1024, 33554432), .otherwise = "1048576",
     .roles = "bulkhead", .unit = "bytes",
     .sentence = "largest answer that is held whole, so that another server can be asked; a larger "
                 "one is passed on as it comes"},
    {"TRUSTED_PROXIES", TEXT(trusted_proxies), .roles = "bulkhead", .unit = "",
     .sentence =
         "addresses and networks, separated by commas, whose X-Forwarded-For and -Proto are "
         "believed"},
    {"RATE_LIMIT", NUMBER(rate_limit, 0, 100000), .otherwise = "0", .roles = "bulkhead", .unit = "",
     .sentence = "requests a second of one client, beyond which it gets 429; 0 is no limit"},
    {"RATE_BURST", NUMBER(rate_burst, 0, 100000), .otherwise = "0", .roles = "bulkhead", .unit = "",
     .sentence = "requests it may have saved up; 0 is those of one second"},
    {"RATE_LIMIT_BY", CHOICE(rate_limit_by, "address|key"), .otherwise = "address",
     .roles = "bulkhead", .unit = "",
     .sentence =
         "what tells clients apart; key is X-API-Key, else Authorization, else the address: "
         "only behind what checks keys, since an invented one is a new client"},
    {"FAULTS", CHOICE(faults, "off|on"), .otherwise = "off", .roles = "bulkhead", .unit = "",
     .sentence = "whether faults can be injected at ADMIN_PORT, for drills (docs/gateway.md)"},
    {"CHECK_INTERVAL_MS", NUMBER(check_interval_ms, 50, 60000), .otherwise = "500",
     .roles = "bulkhead", .unit = "ms",
     .sentence = "how often, give or take a fifth, each server behind is asked GET /ping"},
    {"CHECK_TIMEOUT_MS", NUMBER(check_timeout_ms, 10, 60000), .otherwise = "300",
     .roles = "bulkhead", .unit = "ms", .sentence = "longest wait for its answer"},
    {"RESOLVE_SECONDS", NUMBER(resolve_seconds, 1, 3600), .otherwise = "5", .roles = "bulkhead",
     .unit = "s", .sentence = "how often the names of servers are looked up"},
    {"ANNOUNCE", TEXT(announce), .otherwise = "auto", .roles = "write read", .unit = "",
     .sentence = "address:port under which gateways find this server through Redis; auto is the "
                 "one of LISTEN, or that it reaches Redis from; off is none"},
    {"MAX_CONNECTIONS", NUMBER(connections_max, 1, 1000000), .otherwise = "10000", .roles = "all",
     .unit = "", .sentence = "client connections open at once; more wait in the backlog"},
    {"MAX_BODY_BYTES", NUMBER(body_bytes_max, 1024, 67108864), .otherwise = "1048576",
     .roles = "all", .unit = "bytes", .sentence = "largest request body"},
    {"BODY_BUDGET_BYTES", NUMBER(body_budget_bytes, 1048576, 1099511627776),
     .otherwise = "268435456", .roles = "all", .unit = "bytes",
     .sentence = "request bodies held at once, about; beyond it larger ones are refused with 503"},
    {"DRAIN_SECONDS", NUMBER(drain_seconds, 0, 600), .otherwise = "5", .roles = "all", .unit = "s",
     .sentence = "after SIGTERM: serving on while /readyz already fails"},
    {"HISTORY_DAYS", NUMBER(history_days, 0, 36500), .otherwise = "0", .roles = "write read",
     .unit = "days", .sentence = "events are kept for so long, by whole months; 0 is for ever"},
    {"SEARCH_LANGUAGE",
     CHOICE(search_language,
            "danish|dutch|english|finnish|french|german|hungarian|italian|"
            "norwegian|portuguese|romanian|russian|simple|spanish|swedish|turkish"),
     .otherwise = "spanish", .roles = "read", .unit = "",
     .sentence = "language of full-text search; the same for all that share a read database"},
    {"LAG_MAX_MS", NUMBER(lag_max_ms, 100, 86400000), .otherwise = "10000", .roles = "read",
     .unit = "ms", .sentence = "a replica further behind takes no traffic: /readyz says so"},
    {"READ_AFTER_MS", NUMBER(read_after_ms, 0, 60000), .otherwise = "250", .roles = "read",
     .unit = "ms", .sentence = "longest wait of a read for what its Read-After names"},
    {"READ_AFTER_QUEUE", NUMBER(read_after_queue, 1, 65536), .otherwise = "64", .roles = "read",
     .unit = "", .sentence = "reads that may wait so at once; more are refused with 503"},
    {"READ_AFTER_COOKIE", CHOICE(read_after_cookie, "off|on"), .otherwise = "off",
     .roles = "bulkhead", .unit = "",
     .sentence = "a browser's reads see its own writes: a cookie carries what it wrote"},
    {"LIVE_CLIENTS_MAX", NUMBER(live_clients_max, 1, 1000000), .otherwise = "4000",
     .roles = "bulkhead read", .unit = "",
     .sentence = "clients that may follow live events at once; others get 503"},
    {"LIVE_BUFFER_BYTES", NUMBER(live_buffer_bytes, 65536, 17179869184), .otherwise = "16777216",
     .roles = "read", .unit = "bytes",
     .sentence = "latest events of each service kept for those who follow: up to 10,000 of them; "
                 "a client that is further behind is dropped"},
    {"LIVE_HEARTBEAT_SECONDS", NUMBER(live_heartbeat_seconds, 1, 300), .otherwise = "15",
     .roles = "bulkhead read", .unit = "s",
     .sentence = "a silent stream of live events gives a sign of life; after three times as long "
                 "a gateway takes the server for dead"},
    {"CACHE_BYTES", NUMBER(cache_bytes, 0, 1099511627776), .otherwise = "67108864", .roles = "read",
     .unit = "bytes",
     .sentence = "records and lists kept in memory by a server that applies; 0 is none"},
    {"REPLICATION_SLOT", TEXT(replication_slot), .otherwise = "mamparo", .roles = "write",
     .unit = "", .sentence = "logical replication slot, the same for all write servers"},
    {"REPLICA_RETENTION_SECONDS", NUMBER(replica_retention_seconds, 1, 31536000),
     .otherwise = "3600", .roles = "write", .unit = "s",
     .sentence = "a replica silent for longer is no longer waited for"},
    {"STREAM_MAX_ENTRIES", NUMBER(stream_entries_max, 100, 1000000000), .otherwise = "1000000",
     .roles = "write", .unit = "",
     .sentence = "a stream with more pauses publishing until replicas have caught up"},
    {"STREAM_MAX_BYTES", NUMBER(stream_bytes_max, 1048576, 1099511627776),
     .otherwise = "1073741824", .roles = "write", .unit = "bytes",
     .sentence = "likewise, by the memory that Redis says it takes"},
};

static const struct setting_table table = {settings_known, countof(settings_known)};

/* What no single setting can say of itself. */
enum { KEY_LENGTH_MIN = 32, OLD_PORT = 8000 };

static bool is_loopback(const char *address)
{
    struct in_addr v4;
    if (inet_pton(AF_INET, address, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return strcmp(address, "::1") == 0;
}

static unsigned check_secret(const char *name, const char *secret, struct buf *mistakes)
{
    bool is_fine = secret == NULL || strlen(secret) >= KEY_LENGTH_MIN;
    for (const char *c = secret; is_fine && c != NULL && *c != '\0'; c++)
        is_fine = *c > ' ' && *c < 0x7f;
    if (!is_fine)
        buf_printf(mistakes, "%s: must be at least 32 visible ASCII characters\n", name);
    return !is_fine;
}

static unsigned check_keys(const struct settings *settings, struct buf *mistakes)
{
    const char *key = settings->cluster_key;
    if (key == NULL && !is_loopback(settings->listen)) {
        buf_printf(mistakes, "CLUSTER_KEY: is needed when LISTEN is beyond loopback (%s)\n",
                   settings->listen);
        return 1;
    }
    return check_secret("CLUSTER_KEY", key, mistakes) +
           check_secret("PSEUDONYM_KEY", settings->pseudonym_key, mistakes);
}

static unsigned check_proxies(const struct settings *settings, struct buf *mistakes)
{
    struct trusted_proxies proxies;
    struct buf mistake = {0};
    bool is_fine = trusted_proxies_parse(settings->trusted_proxies, &proxies, &mistake);
    if (!is_fine)
        buf_printf(mistakes, "TRUSTED_PROXIES: %s\n", mistake.ptr);
    buf_free(&mistake);
    return !is_fine;
}

static unsigned check_slot(const struct settings *settings, struct buf *mistakes)
{
    const char *slot = settings->replication_slot;
    if (slot == NULL || (slot[0] != '\0' && strlen(slot) < 64 &&
                         strspn(slot, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(slot)))
        return 0;
    buf_append_text(mistakes, "REPLICATION_SLOT: must be 1 to 63 lower-case letters, digits and "
                              "underscores\n");
    return 1;
}

static unsigned check_address(const struct settings *settings, struct buf *mistakes)
{
    struct in6_addr any;
    unsigned wrong = 0;
    if (inet_pton(AF_INET, settings->listen, &any) != 1 &&
        inet_pton(AF_INET6, settings->listen, &any) != 1) {
        buf_printf(mistakes, "LISTEN: must be a numeric address, not \"%s\"\n", settings->listen);
        wrong++;
    }
    if (settings->port == settings->admin_port) {
        buf_append_text(mistakes, "ADMIN_PORT: must differ from PORT\n");
        wrong++;
    }
    return wrong;
}

static unsigned check_state_dir(const char *folder, struct buf *mistakes)
{
    struct stat about;
    if (folder == NULL || (stat(folder, &about) == 0 && S_ISDIR(about.st_mode) &&
                           access(folder, R_OK | W_OK | X_OK) == 0))
        return 0;
    buf_printf(mistakes, "STATE_DIR: must be a folder that can be written, not \"%s\"\n", folder);
    return 1;
}

/* Whether a name is known shows later, and whether a service is one of the models. */
static unsigned check_servers(const char *servers, const char *name, bool may_name_services,
                              struct buf *mistakes)
{
    struct server_entry entry;
    struct str rest = str_from(servers);
    while (rest.ptr != NULL) {
        if (server_list_next(&rest, &entry) && (may_name_services || entry.service.ptr == NULL))
            continue;
        buf_printf(mistakes, "%s: must be host:port, separated by commas, not \"%s\"\n", name,
                   servers);
        return 1;
    }
    return 0;
}

/* The older names give a host; the newer list wins where both are set. */
static void take_older_name(const char **servers, const char *older)
{
    if (*servers != NULL || older == NULL)
        return;
    struct buf list = {0};
    buf_append_text(&list, older);
    if (strchr(older, ':') == NULL)
        buf_printf(&list, ":%d", OLD_PORT);
    *servers = list.ptr;
}

/* A gateway may do without lists where servers announce themselves. */
static unsigned check_lists(struct settings *settings, bool is_gateway, struct buf *mistakes)
{
    const struct {
        const char **servers, *older, *name;
    } lists[] = {{&settings->write_servers, settings->write_db_ip, "WRITE_SERVERS"},
                 {&settings->read_servers, settings->read_db_ip, "READ_SERVERS"}};
    unsigned wrong = 0;
    for (size_t i = 0; i < (is_gateway ? countof(lists) : 1); i++) {
        take_older_name(lists[i].servers, lists[i].older);
        if (*lists[i].servers != NULL) {
            wrong += check_servers(*lists[i].servers, lists[i].name, is_gateway, mistakes);
        } else if (!is_gateway || settings->redis_url == NULL) {
            buf_printf(mistakes, "%s: is not set%s; servers as host:port, separated by commas\n",
                       lists[i].name,
                       is_gateway ? ", nor is REDIS_URL, where they announce themselves" : "");
            wrong++;
        }
    }
    return wrong;
}

/* What data servers need and a gateway does not. */
static unsigned check_redis(const struct settings *settings, struct buf *mistakes)
{
    if (settings->redis_url != NULL)
        return 0;
    buf_append_text(mistakes, "REDIS_URL: is not set; Redis that carries the streams\n");
    return 1;
}

static unsigned check_announce(const struct settings *settings, struct buf *mistakes)
{
    const char *announce = settings->announce;
    if (strcmp(announce, "auto") == 0 || strcmp(announce, "off") == 0 ||
        (server_list_is_numeric(str_from(announce)) && strlen(announce) < SERVER_PLACE_SIZE))
        return 0;
    buf_printf(mistakes,
               "ANNOUNCE: must be auto, off, or a numeric address with its port, not \"%s\"\n",
               announce);
    return 1;
}

/* The quota of the control group, version 2 then 1, in whole CPUs; 0: none is set. */
static int64_t cgroup_cpus(void)
{
    long long quota = -1, period = 0;
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "r");
    if (file != NULL) {
        if (fscanf(file, "%lld %lld", &quota, &period) != 2)
            quota = -1; /* "max" */
        fclose(file);
    } else if ((file = fopen("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "r")) != NULL) {
        if (fscanf(file, "%lld", &quota) != 1)
            quota = -1;
        period = 100000;
        fclose(file);
    }
    return quota > 0 && period > 0 ? (quota + period - 1) / period : 0;
}

static int64_t cpu_count(void)
{
    cpu_set_t set;
    int64_t allowed = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
    int64_t quota = cgroup_cpus();
    return quota > 0 && quota < allowed ? quota : allowed;
}

static bool is_role(const char *role, const char *name)
{
    return role != NULL && strcmp(role, name) == 0;
}

bool settings_load(struct settings *settings, struct buf *mistakes)
{
    const char *role = getenv("SERVER_TYPE");
    *settings = (struct settings){0};
    unsigned wrong = setting_load(&table, role == NULL ? "" : role, getenv, settings, mistakes);
    if (settings->listen != NULL)
        wrong += check_address(settings, mistakes) + check_keys(settings, mistakes);
    wrong += check_slot(settings, mistakes) + check_state_dir(settings->state_dir, mistakes) +
             check_proxies(settings, mistakes);
    if (is_role(role, "bulkhead") || is_role(role, "read"))
        wrong += check_lists(settings, is_role(role, "bulkhead"), mistakes);
    if (is_role(role, "write") || is_role(role, "read"))
        wrong += check_redis(settings, mistakes);
    if (settings->announce != NULL)
        wrong += check_announce(settings, mistakes);
    if (settings->threads == 0)
        settings->threads = cpu_count();
    return wrong == 0;
}

void settings_write_help(struct buf *out)
{
    setting_write_help(&table, out);
}

void settings_write_markdown(struct buf *out)
{
    setting_write_markdown(&table, out);
}
