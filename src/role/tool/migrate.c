#include "role/tool/migrate.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "cqrs/migration.h"
#include "role/app.h"

enum { EXIT_FAILED = 1, EXIT_USAGE = 64, EXIT_CONFIG = 78, WAIT_S_MAX = 3600 };

static int say_usage(void)
{
    fprintf(
        stderr,
        "usage: mamparo migrate [--wait <seconds>]\n"
        "  Makes or completes the tables of the database of SERVER_TYPE, write or read, with the\n"
        "  settings of that server; --wait, up to %d, is for a database that is yet to come\n",
        WAIT_S_MAX);
    return EXIT_USAGE;
}

/* False where the words are not understood. */
static bool take_words(int count, char **words, int64_t *wait_s)
{
    *wait_s = 0;
    return count == 0 ||
           (count == 2 && strcmp(words[0], "--wait") == 0 &&
            str_to_int64(str_from(words[1]), wait_s) && *wait_s >= 0 && *wait_s <= WAIT_S_MAX);
}

static int migrate(const struct migration *migration, int64_t wait_s)
{
    enum { AGAIN_MS = 250 };
    char why[256];
    msec_t give_up_at = clock_monotonic() + wait_s * 1000;
    while (!migration_run(migration, why, sizeof(why))) {
        if (clock_monotonic() >= give_up_at) {
            fprintf(stderr, "mamparo migrate: %s\n", why);
            return EXIT_FAILED;
        }
        nanosleep(&(struct timespec){.tv_nsec = AGAIN_MS * 1000000L}, NULL);
    }
    return 0;
}

static int migrate_with(const struct settings *settings, int64_t wait_s)
{
    bool is_write = strcmp(settings->server_type, "write") == 0;
    const char *url = is_write ? settings->write_database_url : settings->read_database_url;
    atomic_bool is_done = false;
    if (url == NULL) {
        fprintf(stderr, "mamparo migrate: %s has no database\n", settings->server_type);
        return EXIT_CONFIG;
    }
    struct model *model = app_load_model(settings);
    int result = EXIT_CONFIG;
    if (model != NULL)
        result = migrate(&(struct migration){.model = model,
                                             .side = is_write ? DDL_SIDE_WRITE : DDL_SIDE_READ,
                                             .url = url,
                                             .is_done = &is_done,
                                             .refuse = app_refuse_model},
                         wait_s);
    model_free(&model);
    return result;
}

int migrate_run(int count, char **words)
{
    struct settings settings;
    struct buf mistakes = {0};
    int64_t wait_s;
    if (!take_words(count, words, &wait_s))
        return say_usage();
    int result = EXIT_CONFIG;
    if (!settings_load(&settings, &mistakes)) {
        fprintf(stderr, "mamparo migrate: the settings have mistakes:\n%s", mistakes.ptr);
    } else {
        log_open(LOG_LEVEL_INFO, settings.server_type);
        result = migrate_with(&settings, wait_s);
    }
    buf_free(&mistakes);
    return result;
}
