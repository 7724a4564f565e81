#include "model/pattern.h"

#include <stdlib.h>

enum { STATES_MAX = 2000, DEPTH_MAX = 32 };

/* What was read so far comes to. */
struct tally {
    size_t sums[DEPTH_MAX + 1]; /* states of each group that is open, without its last part */
    size_t last;                /* states of that part, which a repetition multiplies */
    size_t depth;
};

/* A repetition's factor, behind which `*at` then stands; 0 where there is none. */
static size_t take_repetition(const char **at)
{
    char c = **at;
    if (c != '*' && c != '?' && c != '+' && c != '{')
        return 0;
    ++*at;
    if (c != '{')
        return 2;
    char *end = NULL;
    size_t least = strtoul(*at, &end, 10), most = 0;
    if (*end == ',')
        most = strtoul(end + 1, &end, 10);
    *at = *end == '}' ? end + 1 : end;
    most = least > most ? least : most;
    return (most < STATES_MAX ? most : STATES_MAX) + 1;
}

/* Behind "[...]", in which a ']' that comes first, and the classes "[:...:]", do not end it. */
static const char *skip_bracket(const char *at)
{
    at += 1 + (at[1] == '^');
    at += *at == ']';
    while (*at != '\0' && *at != ']') {
        bool is_class = *at == '[' && (at[1] == ':' || at[1] == '.' || at[1] == '=');
        const char *end = is_class ? strchr(at + 2, ']') : NULL;
        at = end != NULL ? end + 1 : at + 1;
    }
    return *at == ']' ? at + 1 : at;
}

static const char *skip_atom(const char *at)
{
    if (*at == '[')
        return skip_bracket(at);
    return *at == '\\' && at[1] != '\0' ? at + 2 : at + 1;
}

static void begin_part(struct tally *tally, size_t states)
{
    tally->sums[tally->depth] += tally->last;
    tally->last = states;
}

/* Reads one thing more, and returns what is behind it. */
static const char *take(struct tally *tally, const char *at)
{
    size_t factor = take_repetition(&at);
    if (factor > 0) {
        bool is_repeated = take_repetition(&at) > 0;
        tally->last = is_repeated ? STATES_MAX + 1 : tally->last * factor + 1;
        return at;
    }
    if (*at == '(') {
        begin_part(tally, 0);
        tally->sums[++tally->depth] = 0;
        return at + 1;
    }
    if (*at == ')' && tally->depth > 0) {
        tally->last += tally->sums[tally->depth--] + 1;
        return at + 1;
    }
    begin_part(tally, 1);
    return skip_atom(at);
}

bool pattern_is_modest(const char *pattern)
{
    struct tally tally = {0};
    while (*pattern != '\0' && tally.depth < DEPTH_MAX &&
           tally.sums[tally.depth] + tally.last <= STATES_MAX)
        pattern = take(&tally, pattern);
    return *pattern == '\0' && tally.sums[tally.depth] + tally.last <= STATES_MAX;
}
