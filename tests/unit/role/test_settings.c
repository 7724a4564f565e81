#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "role/settings.h"

#define KEY   "0123456789abcdef0123456789abcdef"
#define WRITE "SERVER_TYPE=write", "WRITE_DATABASE_URL=postgresql://w", "REDIS_URL=redis://r"
#define READ                                                                                       \
    "SERVER_TYPE=read", "READ_DATABASE_URL=postgres://r", "REDIS_URL=redis://r",                   \
        "WRITE_SERVERS=w:8000"
#define BULKHEAD "SERVER_TYPE=bulkhead", "WRITE_SERVERS=w:8000", "READ_SERVERS=r1:8000,r2:8000"

enum { VARIABLES_MAX = 8 };

/* Every name that the table knows, so that nothing of the caller's own environment is read. */
static void clear_environment(void)
{
    struct buf help = {0};
    settings_write_markdown(&help);
    struct str rest = buf_str(&help);
    while (rest.len > 0) {
        struct str line = str_cut(&rest, '\n');
        if (!str_starts_with(line, STR("| `")))
            continue;
        str_cut(&line, '`');
        struct str name = str_cut(&line, '`');
        char *copy = mem_copy(name.ptr, name.len);
        unsetenv(copy);
        free(copy);
    }
    buf_free(&help);
}

static bool load(const char *const variables[VARIABLES_MAX], struct settings *settings,
                 struct buf *mistakes)
{
    clear_environment();
    buf_append_text(mistakes, "");
    for (size_t i = 0; i < VARIABLES_MAX && variables[i] != NULL; i++) {
        struct str value = str_from(variables[i]);
        struct str name = str_cut(&value, '=');
        char *copy = mem_copy(name.ptr, name.len);
        assert_int_equal(setenv(copy, value.ptr, 1), 0);
        free(copy);
    }
    bool is_loaded = settings_load(settings, mistakes);
    assert_int_equal(is_loaded, mistakes->len == 0);
    return is_loaded;
}

static void drop(struct settings *settings)
{
    const char *texts[] = {
        settings->server_type,
        settings->listen,
        settings->models,
        settings->log_level,
        settings->cluster_key,
        settings->write_database_url,
        settings->redis_url,
        settings->write_servers,
        settings->read_database_url,
        settings->read_servers,
        settings->write_db_ip,
        settings->read_db_ip,
        settings->replication_slot,
        settings->read_after_cookie,
        settings->search_language,
        settings->trusted_proxies,
        settings->rate_limit_by,
        settings->policy,
        settings->announce,
        settings->adaptive_limit,
        settings->faults,
        settings->state_dir,
    };
    for (size_t i = 0; i < countof(texts); i++)
        free((char *)(uintptr_t)texts[i]);
    *settings = (struct settings){0};
}

static void each_role_starts_with_what_it_needs_and_no_more(void **state)
{
    static const char *const rows[][VARIABLES_MAX] = {{WRITE}, {READ}, {BULKHEAD}};
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct settings settings;
        struct buf mistakes = {0};
        if (!load(rows[i], &settings, &mistakes))
            fail_msg("%s", mistakes.ptr);
        assert_string_equal(settings.listen, "127.0.0.1");
        assert_int_equal(settings.port, 8000);
        assert_int_equal(settings.admin_port, 8100);
        assert_in_range(settings.threads, 1, 1 << 20);
        assert_null(settings.cluster_key);
        drop(&settings);
        buf_free(&mistakes);
    }
}

/* What is set beside what a role needs, and the one line that is said of it. */
static const struct {
    const char *variables[VARIABLES_MAX];
    const char *mistake;
} refused[] = {
    {{"SERVER_TYPE=gateway"}, "SERVER_TYPE: must be one of bulkhead|write|read, not \"gateway\"\n"},
    {{NULL}, "SERVER_TYPE: is not set; what this process is\n"},
    {{WRITE, "LISTEN=localhost", "CLUSTER_KEY=" KEY},
     "LISTEN: must be a numeric address, not \"localhost\"\n"},
    {{WRITE, "LISTEN=127.0.0.1:80", "CLUSTER_KEY=" KEY}, "LISTEN: must be a numeric address"},
    {{WRITE, "LISTEN=0.0.0.0"},
     "CLUSTER_KEY: is needed when LISTEN is beyond loopback (0.0.0.0)\n"},
    {{WRITE, "LISTEN=::"}, "CLUSTER_KEY: is needed when LISTEN is beyond loopback (::)\n"},
    {{WRITE, "LISTEN=10.0.0.1"}, "CLUSTER_KEY: is needed"},
    {{WRITE, "LISTEN=128.0.0.1"}, "CLUSTER_KEY: is needed"},
    {{WRITE, "CLUSTER_KEY=0123456789abcdef0123456789abcde"},
     "CLUSTER_KEY: must be at least 32 visible ASCII characters\n"},
    {{WRITE, "CLUSTER_KEY=0123456789abcdef 0123456789abcdef"}, "CLUSTER_KEY: must be"},
    {{WRITE, "CLUSTER_KEY=0123456789abcdef0123456789ABCDEF\xc3\xa9"}, "CLUSTER_KEY: must be"},
    {{WRITE, "CLUSTER_KEY=0123456789abcdef0123456789ABCDEF\x7f"}, "CLUSTER_KEY: must be"},
    {{WRITE, "ADMIN_PORT=8000"}, "ADMIN_PORT: must differ from PORT\n"},
    {{WRITE, "PORT=8100"}, "ADMIN_PORT: must differ from PORT\n"},
    {{WRITE, "PORT=0"}, "PORT: must be a whole number from 1 to 65535, not \"0\"\n"},
    {{WRITE, "REPLICATION_SLOT=Mamparo"}, "REPLICATION_SLOT: must be 1 to 63"},
    {{WRITE, "REPLICATION_SLOT=a-b"}, "REPLICATION_SLOT: must be 1 to 63"},
    {{WRITE, "REPLICATION_SLOT=a_23456789012345678901234567890123456789012345678901234567890123"},
     "REPLICATION_SLOT: must be 1 to 63"},
    {{"SERVER_TYPE=write", "REDIS_URL=redis://r"}, "WRITE_DATABASE_URL: is not set; "},
    {{"SERVER_TYPE=read", "READ_DATABASE_URL=postgres://r", "REDIS_URL=redis://r"},
     "WRITE_SERVERS: is not set; servers as host:port, separated by commas\n"},
    {{"SERVER_TYPE=bulkhead", "WRITE_SERVERS=w:1"},
     "READ_SERVERS: is not set, nor is REDIS_URL, where they announce themselves; servers as "
     "host:port, separated by commas\n"},
    {{"SERVER_TYPE=write", "WRITE_DATABASE_URL=postgres://w"},
     "REDIS_URL: is not set; Redis that carries the streams\n"},
    {{BULKHEAD, "READ_SERVERS=medical=r1:8000,=r2:8000"},
     "READ_SERVERS: must be host:port, separated by commas, not \"medical=r1:8000,=r2:8000\"\n"},
    {{READ, "WRITE_SERVERS=medical=w:8000"}, "WRITE_SERVERS: must be host:port"},
    {{READ, "ANNOUNCE=read-1:8000"}, "ANNOUNCE: must be auto, off, or a numeric address"},
    {{WRITE, "ANNOUNCE=10.0.0.7"}, "ANNOUNCE: must be"},
    {{WRITE, "ANNOUNCE=[fd00::7]:0"}, "ANNOUNCE: must be"},
    {{WRITE, "ANNOUNCE=10.0.0.7:000000000000000000000000000000000000000000000000000000080"},
     "ANNOUNCE: must be"},
    {{BULKHEAD, "CHECK_INTERVAL_MS=0"}, "CHECK_INTERVAL_MS: must be a whole number from 50"},
};

static void what_does_not_fit_is_one_line_that_says_so(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(refused); i++) {
        struct settings settings;
        struct buf mistakes = {0};
        load(refused[i].variables, &settings, &mistakes);
        if (strncmp(mistakes.ptr, refused[i].mistake, strlen(refused[i].mistake)) != 0 ||
            strchr(mistakes.ptr, '\n') != mistakes.ptr + mistakes.len - 1)
            fail_msg("row %zu: %s", i, mistakes.ptr);
        drop(&settings);
        buf_free(&mistakes);
    }
}

static void no_secret_is_ever_said(void **state)
{
    static const char *const rows[][VARIABLES_MAX] = {
        {WRITE, "CLUSTER_KEY=hunter2"},
        {"SERVER_TYPE=write", "WRITE_DATABASE_URL=mysql://u:hunter2@h", "REDIS_URL=redis://r"},
        {"SERVER_TYPE=write", "WRITE_DATABASE_URL=postgres://h", "REDIS_URL=hunter2"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct settings settings;
        struct buf mistakes = {0};
        assert_false(load(rows[i], &settings, &mistakes));
        assert_null(strstr(mistakes.ptr, "hunter2"));
        drop(&settings);
        buf_free(&mistakes);
    }
}

static void all_mistakes_are_said_at_once(void **state)
{
    static const char *const variables[VARIABLES_MAX] = {
        "SERVER_TYPE=bulkhead", "PORT=x", "LISTEN=here", "CLUSTER_KEY=short", "LOG_LEVEL=loud"};
    static const char *const names[] = {
        "PORT: ", "LISTEN: ", "CLUSTER_KEY: ", "LOG_LEVEL: ", "WRITE_SERVERS: ", "READ_SERVERS: "};
    (void)state;
    struct settings settings;
    struct buf mistakes = {0};
    assert_false(load(variables, &settings, &mistakes));
    for (size_t i = 0; i < countof(names); i++)
        if (strstr(mistakes.ptr, names[i]) == NULL)
            fail_msg("no %s in %s", names[i], mistakes.ptr);
    drop(&settings);
    buf_free(&mistakes);
}

static void what_fits_together_starts(void **state)
{
    static const char *const rows[][VARIABLES_MAX] = {
        {"SERVER_TYPE=bulkhead", "REDIS_URL=redis://r"},
        {"SERVER_TYPE=bulkhead", "REDIS_URL=redis://r", "WRITE_SERVERS=w:8000"},
        {BULKHEAD, "READ_SERVERS=orders=r1:8000, 10.0.0.7:80 ,customers=[fd00::7]:8000"},
        {"SERVER_TYPE=bulkhead", "WRITE_DB_IP=10.0.0.7", "READ_DB_IP=r:1"},
        {READ, "ANNOUNCE=off"},
        {READ, "ANNOUNCE=10.0.0.7:8000"},
        {WRITE, "ANNOUNCE=[fd00::7]:8000"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct settings settings;
        struct buf mistakes = {0};
        if (!load(rows[i], &settings, &mistakes))
            fail_msg("row %zu: %s", i, mistakes.ptr);
        drop(&settings);
        buf_free(&mistakes);
    }
}

static void beyond_loopback_a_key_is_enough_and_on_it_none_is_needed(void **state)
{
    static const char *const rows[][VARIABLES_MAX] = {
        {WRITE, "LISTEN=0.0.0.0", "CLUSTER_KEY=" KEY},
        {WRITE, "LISTEN=::", "CLUSTER_KEY=" KEY},
        {WRITE, "LISTEN=10.0.0.1", "CLUSTER_KEY=" KEY},
        {WRITE, "LISTEN=::1"},
        {WRITE, "LISTEN=127.255.255.254"},
        {WRITE, "CLUSTER_KEY=" KEY},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct settings settings;
        struct buf mistakes = {0};
        if (!load(rows[i], &settings, &mistakes))
            fail_msg("row %zu: %s", i, mistakes.ptr);
        drop(&settings);
        buf_free(&mistakes);
    }
}

static void the_older_names_give_servers_unless_the_newer_do(void **state)
{
    static const struct {
        const char *variables[VARIABLES_MAX], *write, *read;
    } rows[] = {
        {{"SERVER_TYPE=bulkhead", "WRITE_DB_IP=10.0.0.1", "READ_DB_IP=10.0.0.2"},
         "10.0.0.1:8000",
         "10.0.0.2:8000"},
        {{"SERVER_TYPE=bulkhead", "WRITE_DB_IP=w:81", "READ_SERVERS=r:82"}, "w:81", "r:82"},
        {{BULKHEAD, "WRITE_DB_IP=10.0.0.1"}, "w:8000", "r1:8000,r2:8000"},
        {{"SERVER_TYPE=read", "READ_DATABASE_URL=postgres://r", "REDIS_URL=redis://r",
          "WRITE_DB_IP=w"},
         "w:8000",
         NULL},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct settings settings;
        struct buf mistakes = {0};
        if (!load(rows[i].variables, &settings, &mistakes))
            fail_msg("row %zu: %s", i, mistakes.ptr);
        assert_string_equal(settings.write_servers, rows[i].write);
        if (rows[i].read == NULL)
            assert_null(settings.read_servers);
        else
            assert_string_equal(settings.read_servers, rows[i].read);
        drop(&settings);
        buf_free(&mistakes);
    }
}

static void threads_are_as_asked_for(void **state)
{
    static const char *const variables[VARIABLES_MAX] = {WRITE, "THREADS=7"};
    (void)state;
    struct settings settings;
    struct buf mistakes = {0};
    assert_true(load(variables, &settings, &mistakes));
    assert_int_equal(settings.threads, 7);
    drop(&settings);
    buf_free(&mistakes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_role_starts_with_what_it_needs_and_no_more),
        cmocka_unit_test(what_does_not_fit_is_one_line_that_says_so),
        cmocka_unit_test(no_secret_is_ever_said),
        cmocka_unit_test(all_mistakes_are_said_at_once),
        cmocka_unit_test(what_fits_together_starts),
        cmocka_unit_test(beyond_loopback_a_key_is_enough_and_on_it_none_is_needed),
        cmocka_unit_test(the_older_names_give_servers_unless_the_newer_do),
        cmocka_unit_test(threads_are_as_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
