/* Any text as a Read-After, and as a Cookie header: refused, or written and read again the same. */
#include "role/http/read_after_cookie.h"

static char medical[] = "medical", entries_name[] = "entries", reports_name[] = "reports";
static struct collection entries = {.name = entries_name}, reports = {.name = reports_name};
static struct collection *collections[] = {&entries, &reports};
static const struct service service = {medical, collections, 2, {0}};

static void check_same(const struct read_after *a, const struct read_after *b)
{
    assert(a->count == b->count && a->count <= READ_AFTER_MAX);
    for (size_t i = 0; i < a->count; i++) {
        assert(a->tokens[i].collection == b->tokens[i].collection);
        assert(memcmp(&a->tokens[i].id, &b->tokens[i].id, sizeof(struct uuid)) == 0);
        assert(a->tokens[i].version == b->tokens[i].version && a->tokens[i].version > 0);
    }
}

static void check_header(struct str text)
{
    struct read_after after, again;
    struct problem problem = {0};
    struct buf written = {0};
    bool is_taken = read_after_parse(&service, text, &after, &problem);
    assert(is_taken != problem_is_set(&problem));
    if (is_taken) {
        read_after_join(&after, ", ", &written);
        bool is_taken_again = read_after_split(&service, buf_str(&written), ',', &again);
        assert(is_taken_again);
        check_same(&after, &again);
    }
    buf_free(&written);
    problem_free(&problem);
}

static void check_cookie(struct str text)
{
    struct read_after after, again, none = {0};
    struct buf written = {0};
    read_after_cookie_find(&service, text, &after);
    read_after_cookie_renew(&after, &none);
    assert(after.count <= READ_AFTER_KEPT);
    read_after_cookie_write(&after, &service, &written);
    read_after_cookie_find(&service, buf_str(&written), &again);
    check_same(&after, &again);
    buf_free(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    check_header(text);
    check_cookie(text);
    return 0;
}
