#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "base/setting.h"

struct filled {
    const char *name;
    int64_t port;
    const char *mode;
    const char *url;
    const char *key;
    int64_t pin;
};

static const struct setting table[] = {
    {"NAME", SETTING_TYPE_TEXT, "anna", 0, 0, NULL, "", "all", false, false,
     offsetof(struct filled, name), "what it is called"},
    {"PORT", SETTING_TYPE_NUMBER, NULL, 1, 65535, NULL, "", "read write", true, false,
     offsetof(struct filled, port), "where it listens"},
    {"MODE", SETTING_TYPE_CHOICE, "slow", 0, 0, "slow|fast", "", "write", false, false,
     offsetof(struct filled, mode), "how it runs"},
    {"URL", SETTING_TYPE_URL, NULL, 0, 0, "http://|https://", "", "read", false, false,
     offsetof(struct filled, url), "whom it asks"},
    {"KEY", SETTING_TYPE_CHOICE, NULL, 0, 0, "k1|k2", "", "write", false, true,
     offsetof(struct filled, key), "what opens it"},
    {"PIN", SETTING_TYPE_NUMBER, "-5", -10, 9999, NULL, "ms", "write", false, true,
     offsetof(struct filled, pin), "what opens it too"},
};

static const struct setting_table all = {table, countof(table)};

/* The environment of a test: name, value, name, value, NULL. */
static const char *const *environment;

static char *from_environment(const char *name)
{
    for (size_t i = 0; environment[i] != NULL; i += 2)
        if (strcmp(environment[i], name) == 0)
            return (char *)(uintptr_t)environment[i + 1];
    return NULL;
}

#define ENVIRONMENT(...) (environment = (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static void drop(struct filled *filled)
{
    free((char *)(uintptr_t)filled->name);
    free((char *)(uintptr_t)filled->mode);
    free((char *)(uintptr_t)filled->url);
    free((char *)(uintptr_t)filled->key);
}

static unsigned load(const char *role, struct filled *filled, struct buf *mistakes)
{
    *filled = (struct filled){0};
    buf_append_text(mistakes, "");
    return setting_load(&all, role, from_environment, filled, mistakes);
}

static void assert_loads(const char *role, struct filled *filled)
{
    struct buf mistakes = {0};
    unsigned wrong = load(role, filled, &mistakes);
    if (wrong != 0 || mistakes.len != 0)
        fail_msg("%u mistakes: %s", wrong, mistakes.ptr);
    buf_free(&mistakes);
}

/* Exactly one mistake, in these words. */
static void assert_mistake(const char *role, const char *expected)
{
    struct filled filled;
    struct buf mistakes = {0};
    unsigned wrong = load(role, &filled, &mistakes);
    drop(&filled);
    bool as_told = strcmp(mistakes.ptr, expected) == 0;
    if (!as_told)
        print_error("%s", mistakes.ptr);
    buf_free(&mistakes);
    assert_true(as_told);
    assert_int_equal(wrong, 1);
}

static void values_of_every_type_land_in_their_places(void **state)
{
    (void)state;
    struct filled filled;
    ENVIRONMENT("NAME", "berta", "PORT", "8080", "MODE", "fast", "KEY", "k2", "PIN", "1234");
    assert_loads("write", &filled);
    assert_string_equal(filled.name, "berta");
    assert_int_equal(filled.port, 8080);
    assert_string_equal(filled.mode, "fast");
    assert_string_equal(filled.key, "k2");
    assert_int_equal(filled.pin, 1234);
    drop(&filled);
}

static void the_unset_and_the_empty_take_the_default(void **state)
{
    (void)state;
    struct filled filled;
    ENVIRONMENT("NAME", "", "PORT", "1", "PIN", "");
    assert_loads("write", &filled);
    assert_string_equal(filled.name, "anna");
    assert_string_equal(filled.mode, "slow");
    assert_int_equal(filled.pin, -5);
    assert_null(filled.key);
    drop(&filled);
}

static void a_role_gets_its_own_settings_only(void **state)
{
    (void)state;
    struct filled filled;
    ENVIRONMENT("PORT", "80", "MODE", "nonsense", "PIN", "nonsense", "URL", "https://a");
    assert_loads("read", &filled);
    assert_string_equal(filled.url, "https://a");
    assert_null(filled.mode);
    assert_int_equal(filled.pin, 0);
    drop(&filled);
    ENVIRONMENT();
    assert_loads("rea", &filled);
    assert_string_equal(filled.name, "anna");
    assert_int_equal(filled.port, 0);
    drop(&filled);
}

static void texts_are_copied(void **state)
{
    (void)state;
    struct filled filled;
    char name[] = "clara";
    ENVIRONMENT("NAME", name, "PORT", "1");
    assert_loads("read", &filled);
    name[0] = 'X';
    assert_string_equal(filled.name, "clara");
    drop(&filled);
}

static void a_number_is_whole_and_within_its_bounds(void **state)
{
    static const struct {
        const char *text;
        bool is_right;
    } rows[] = {
        {"1", true},    {"65535", true}, {"0", false},    {"65536", false},
        {"-1", false},  {"80a", false},  {" 80", false},  {"80 ", false},
        {"+80", false}, {"8e1", false},  {"0x50", false}, {"99999999999999999999", false},
        {"080", true},  {"1.5", false},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct filled filled;
        struct buf mistakes = {0};
        ENVIRONMENT("PORT", rows[i].text);
        unsigned wrong = load("read", &filled, &mistakes);
        drop(&filled);
        buf_free(&mistakes);
        if (wrong != !rows[i].is_right)
            fail_msg("\"%s\"", rows[i].text);
    }
}

static void a_mistake_names_the_setting_and_what_it_may_be(void **state)
{
    (void)state;
    ENVIRONMENT("PORT", "many");
    assert_mistake("read", "PORT: must be a whole number from 1 to 65535, not \"many\"\n");
    ENVIRONMENT();
    assert_mistake("read", "PORT: is not set; where it listens\n");
    ENVIRONMENT("PORT", "");
    assert_mistake("read", "PORT: is not set; where it listens\n");
    ENVIRONMENT("PORT", "1", "MODE", "fas");
    assert_mistake("write", "MODE: must be one of slow|fast, not \"fas\"\n");
    ENVIRONMENT("PORT", "1", "MODE", "slow|fast");
    assert_mistake("write", "MODE: must be one of slow|fast, not \"slow|fast\"\n");
    ENVIRONMENT("PORT", "1", "URL", "ftp://a");
    assert_mistake("read", "URL: must begin with one of http://|https://, not \"ftp://a\"\n");
    ENVIRONMENT("PORT", "1", "URL", "http:/");
    assert_mistake("read", "URL: must begin with one of http://|https://, not \"http:/\"\n");
}

static void all_mistakes_are_told_at_once(void **state)
{
    static const char *const names[] = {"PORT: ", "\nMODE: ", "\nKEY: ", "\nPIN: "};
    (void)state;
    struct filled filled;
    struct buf mistakes = {0};
    ENVIRONMENT("MODE", "x", "KEY", "x", "PIN", "x", "URL", "not ours");
    assert_int_equal(load("write", &filled, &mistakes), 4);
    const char *at = mistakes.ptr;
    for (size_t i = 0; i < countof(names); i++) {
        at = strstr(at, names[i]);
        assert_non_null(at);
    }
    assert_null(strstr(mistakes.ptr, "URL"));
    assert_string_equal(filled.name, "anna");
    drop(&filled);
    buf_free(&mistakes);
}

static void a_secret_is_never_shown_whatever_its_type(void **state)
{
    static const struct {
        const char *name, *value;
    } rows[] = {{"KEY", "sesame"}, {"PIN", "12345"}, {"PIN", "sesame"}};
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct filled filled;
        struct buf mistakes = {0};
        ENVIRONMENT("PORT", "1", rows[i].name, rows[i].value);
        unsigned wrong = load("write", &filled, &mistakes);
        drop(&filled);
        bool is_shown = strstr(mistakes.ptr, rows[i].value) != NULL;
        bool is_named = str_starts_with(buf_str(&mistakes), str_from(rows[i].name));
        buf_free(&mistakes);
        assert_int_equal(wrong, 1);
        assert_true(is_named);
        if (is_shown)
            fail_msg("%s told its value", rows[i].name);
    }
}

static void help_tells_of_every_setting_its_range_default_and_roles(void **state)
{
    static const char *const parts[] = {
        "NAME", "(text; default: anna; roles: all)",
        "PORT", "(1 to 65535; default: required; roles: read write)",
        "MODE", "(slow|fast; default: slow; roles: write)",
        "URL",  "(http://|https://; default: unset; roles: read)",
        "PIN",  "(-10 to 9999 ms; default: -5; roles: write)",
    };
    (void)state;
    struct buf out = {0};
    setting_write_help(&all, &out);
    const char *at = out.ptr;
    for (size_t i = 0; i < countof(parts); i++)
        if ((at = strstr(at, parts[i])) == NULL)
            fail_msg("no \"%s\" in\n%s", parts[i], out.ptr);
    for (size_t i = 0; i < countof(table); i++)
        assert_non_null(strstr(out.ptr, table[i].sentence));
    buf_free(&out);
}

static void the_markdown_has_five_cells_in_every_line(void **state)
{
    (void)state;
    struct buf out = {0};
    setting_write_markdown(&all, &out);
    assert_non_null(strstr(out.ptr, "| `MODE` | slow, fast | slow | write | how it runs |\n"));
    assert_non_null(strstr(out.ptr, "| `PORT` | 1 to 65535 | required | read write |"));
    struct str rest = buf_str(&out);
    size_t lines = 0;
    while (rest.len > 0) {
        struct str line = str_cut(&rest, '\n');
        size_t bars = 0;
        for (size_t i = 0; i < line.len; i++)
            bars += line.ptr[i] == '|';
        assert_int_equal(bars, 6);
        lines++;
    }
    assert_int_equal(lines, countof(table) + 2);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_every_type_land_in_their_places),
        cmocka_unit_test(the_unset_and_the_empty_take_the_default),
        cmocka_unit_test(a_role_gets_its_own_settings_only),
        cmocka_unit_test(texts_are_copied),
        cmocka_unit_test(a_number_is_whole_and_within_its_bounds),
        cmocka_unit_test(a_mistake_names_the_setting_and_what_it_may_be),
        cmocka_unit_test(all_mistakes_are_told_at_once),
        cmocka_unit_test(a_secret_is_never_shown_whatever_its_type),
        cmocka_unit_test(help_tells_of_every_setting_its_range_default_and_roles),
        cmocka_unit_test(the_markdown_has_five_cells_in_every_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
