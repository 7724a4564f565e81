/* mamparo: SERVER_TYPE → settings → role → run; and a few commands beside it. */
#include <stdio.h>

#include "role/app.h"
#include "role/tool/check.h"
#include "role/tool/letters.h"
#include "role/tool/migrate.h"
#include "role/tool/ping.h"
#include "role/tool/seed.h"
#include "role/tool/tail.h"
#include "role/tool/verify.h"

enum { EXIT_USAGE = 64, EXIT_CONFIG = 78 /* sysexits.h */ };

static int run_help(int count, char **words)
{
    struct buf text = {0};
    (void)count, (void)words;
    buf_append_text(
        &text, "mamparo " MAMPARO_VERSION ": a CQRS data service\n\n"
               "  mamparo                          runs the role that SERVER_TYPE names\n"
               "  mamparo check [<folder>]         finds mistakes in the models and, with\n"
               "      [--against <older folder>]   --against, what breaks with older ones\n"
               "  mamparo seed <service> <count>   loads sample records through WRITE_SERVERS\n"
               "  mamparo tail <service>           prints the events of a stream of REDIS_URL\n"
               "  mamparo dead-letters             lists what the replica of READ_DATABASE_URL\n"
               "      [<service>]                  could not apply\n"
               "      <service> replay|drop        has it tried anew, or drops it: \"all\", or\n"
               "                                   positions\n"
               "  mamparo verify                   compares READ_SERVERS with WRITE_SERVERS and\n"
               "      [<service>[/<collection>]]   names the records that differ\n"
               "  mamparo migrate                  makes or completes the tables of the role's\n"
               "      [--wait <seconds>]           database, as its start would\n"
               "  mamparo ping [--live]            asks the server that runs here whether it is\n"
               "                                   ready, or just alive\n"
               "  mamparo settings                 prints the settings as a Markdown table\n"
               "  mamparo --version\n  mamparo --help\n\n"
               "Settings, from the environment:\n");
    settings_write_help(&text);
    fputs(text.ptr, stdout);
    buf_free(&text);
    return 0;
}

static int run_version(int count, char **words)
{
    (void)count, (void)words;
    puts("mamparo " MAMPARO_VERSION);
    return 0;
}

static int run_settings(int count, char **words)
{
    struct buf text = {0};
    (void)count, (void)words;
    settings_write_markdown(&text);
    fputs(text.ptr, stdout);
    buf_free(&text);
    return 0;
}

static int run_role(int count, char **words)
{
    struct settings settings;
    struct buf mistakes = {0};
    (void)count, (void)words;
    if (settings_load(&settings, &mistakes))
        return app_run(&settings);
    fprintf(stderr, "mamparo: the settings have mistakes (mamparo --help lists them all):\n%s",
            mistakes.ptr);
    buf_free(&mistakes);
    return EXIT_CONFIG;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int count, char **words);
    } commands[] = {
        {"check", check_run},       {"seed", seed_run},
        {"tail", tail_run},         {"dead-letters", letters_run},
        {"verify", verify_run},     {"migrate", migrate_run},
        {"ping", ping_run},         {"settings", run_settings},
        {"--version", run_version}, {"--help", run_help},
        {"-h", run_help},           {"help", run_help},
    };
    if (argc == 1)
        return run_role(0, NULL);
    for (size_t i = 0; i < countof(commands); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 2, argv + 2);
    fprintf(stderr, "mamparo: there is no command \"%s\"; mamparo --help lists them\n", argv[1]);
    return EXIT_USAGE;
}
