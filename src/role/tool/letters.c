#include "role/tool/letters.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "cqrs/replication/replica/block/dead_letters.h"

enum { EXIT_FAILED = 1, EXIT_USAGE = 64, EXIT_CONFIG = 78, STATEMENT_MS = 10000 };

/* What was asked for; the words are the command line's. */
struct task {
    const char *service; /* "": all */
    const char *action;  /* NULL: list them */
    char **positions;    /* none: all of the service's */
    int count;
    struct pg_session *session;
};

static int say_usage(void)
{
    fputs(
        "usage: mamparo dead-letters [<service>]\n"
        "       mamparo dead-letters <service> replay all|<position>...\n"
        "       mamparo dead-letters <service> drop all|<position>...\n"
        "  Lists the events that the replica could not apply, has them tried anew, each record's\n"
        "  in their order, or drops them. READ_DATABASE_URL says which replica.\n",
        stderr);
    return EXIT_USAGE;
}

static bool is_action(const char *word)
{
    return strcmp(word, "replay") == 0 || strcmp(word, "drop") == 0;
}

static bool take_words(struct task *task, int count, char **words)
{
    struct position position;
    *task = (struct task){.service = count > 0 ? words[0] : ""};
    if (count > 0 && (words[0][0] == '-' || is_action(words[0])))
        return false;
    if (count <= 1)
        return true;
    if (count == 2 || !is_action(words[1]))
        return false;
    task->action = words[1];
    if (count == 3 && strcmp(words[2], "all") == 0)
        return true;
    task->positions = words + 2;
    task->count = count - 2;
    for (int i = 0; i < task->count; i++)
        if (!position_parse(str_from(task->positions[i]), &position)) {
            fprintf(stderr, "mamparo dead-letters: \"%s\" is no position\n", task->positions[i]);
            return false;
        }
    return true;
}

static int fail(const struct task *task)
{
    fprintf(stderr, "mamparo dead-letters: READ_DATABASE_URL: %s\n",
            pg_session_fault(task->session));
    return EXIT_FAILED;
}

static int list(const struct task *task)
{
    struct pg_outcome outcome;
    if (!dead_letters_list(task->session, task->service, INT32_MAX, &outcome))
        return fail(task);
    for (size_t i = 0; i < pg_rows_count(outcome.rows); i++)
        printf(STR_FMT "\n", STR_ARG(pg_rows_text(outcome.rows, i, 0)));
    return fflush(stdout) == 0 ? 0 : EXIT_FAILED;
}

/* For each position, or for all at once. False with the session's fault. */
static bool run_each(const struct task *task, dead_letters_fn *run_one, size_t *total, int *missing)
{
    *total = 0;
    *missing = 0;
    for (int i = 0; i < task->count || i == 0; i++) {
        struct position position;
        bool is_named = i < task->count && position_parse(str_from(task->positions[i]), &position);
        size_t count;
        if (!run_one(task->session, task->service, is_named ? &position : NULL, &count))
            return false;
        *total += count;
        *missing += is_named && count == 0;
    }
    return true;
}

/* Until whoever applies has tried all that are due. False when nobody did in time. */
static bool await_tries(const struct task *task, bool *is_read)
{
    enum { PATIENCE_MS = 15000, STEP_MS = 50 };
    struct dead_letters letters = {.service = task->service};
    struct pg_outcome outcome;
    for (msec_t until = clock_monotonic() + PATIENCE_MS; clock_monotonic() < until;) {
        *is_read = dead_letters_find_due(&letters, task->session, &outcome);
        if (!*is_read || pg_rows_count(outcome.rows) == 0)
            return *is_read;
        nanosleep(&(struct timespec){.tv_nsec = STEP_MS * 1000000L}, NULL);
    }
    return false;
}

static int act(const struct task *task)
{
    bool drops = strcmp(task->action, "drop") == 0, is_read = true;
    size_t count, left;
    int missing, gone;
    if (!run_each(task, drops ? dead_letters_drop : dead_letters_retry, &count, &missing))
        return fail(task);
    if (missing > 0)
        fprintf(stderr, "mamparo dead-letters: %s has no dead letter at %d of the positions\n",
                task->service, missing);
    if (!await_tries(task, &is_read) && is_read)
        fputs("mamparo dead-letters: nobody tries them now: they wait for a read server that "
              "applies\n",
              stderr);
    if (!is_read || !run_each(task, dead_letters_count, &left, &gone))
        return fail(task);
    printf("%s: %zu, left of them: %zu\n", drops ? "dropped" : "tried anew", count, left);
    return missing == 0 && left == 0 ? 0 : EXIT_FAILED;
}

int letters_run(int count, char **words)
{
    struct task task;
    char why[256];
    const char *url = getenv("READ_DATABASE_URL");
    if (!take_words(&task, count, words))
        return say_usage();
    if (url == NULL || url[0] == '\0') {
        fputs("mamparo dead-letters: READ_DATABASE_URL: is not set\n", stderr);
        return EXIT_CONFIG;
    }
    task.session = pg_session_open(url, STATEMENT_MS, why, sizeof(why));
    if (task.session == NULL) {
        fprintf(stderr, "mamparo dead-letters: READ_DATABASE_URL: %s\n", why);
        return EXIT_FAILED;
    }
    int result = task.action != NULL ? act(&task) : list(&task);
    pg_session_close(&task.session);
    return result;
}
