#include "base/setting.h"

static bool has_word(const char *words, char separator, struct str word)
{
    struct str rest = str_from(words);
    while (rest.ptr != NULL)
        if (str_equal(str_cut(&rest, separator), word))
            return true;
    return false;
}

static bool concerns(const struct setting *setting, const char *role)
{
    return strcmp(setting->roles, "all") == 0 || has_word(setting->roles, ' ', str_from(role));
}

static bool has_prefix_of(const char *choices, struct str text)
{
    struct str rest = str_from(choices);
    while (rest.ptr != NULL)
        if (str_starts_with(text, str_cut(&rest, '|')))
            return true;
    return false;
}

static unsigned store_number(const struct setting *setting, const char *text, int64_t *place,
                             struct buf *mistakes)
{
    int64_t number;
    if (str_to_int64(str_from(text), &number) && number >= setting->least &&
        number <= setting->most) {
        *place = number;
        return 0;
    }
    buf_printf(mistakes, "%s: must be a whole number from %lld to %lld%s%s, not \"%s\"\n",
               setting->name, (long long)setting->least, (long long)setting->most,
               setting->unit[0] != '\0' ? " " : "", setting->unit,
               setting->is_secret ? "(hidden)" : text);
    return 1;
}

static unsigned store_text(const struct setting *setting, const char *text, const char **place,
                           struct buf *mistakes)
{
    bool fits = true;
    if (setting->type == SETTING_TYPE_CHOICE)
        fits = has_word(setting->choices, '|', str_from(text));
    if (setting->type == SETTING_TYPE_URL)
        fits = has_prefix_of(setting->choices, str_from(text));
    if (fits) {
        *place = mem_copy(text, strlen(text));
        return 0;
    }
    buf_printf(mistakes, "%s: must %s one of %s, not \"%s\"\n", setting->name,
               setting->type == SETTING_TYPE_URL ? "begin with" : "be", setting->choices,
               setting->is_secret ? "(hidden)" : text);
    return 1;
}

static unsigned load_one(const struct setting *setting, const char *text, void *into,
                         struct buf *mistakes)
{
    void *place = (char *)into + setting->offset;
    if (text == NULL || text[0] == '\0')
        text = setting->otherwise;
    if (text == NULL && setting->is_required) {
        buf_printf(mistakes, "%s: is not set; %s\n", setting->name, setting->sentence);
        return 1;
    }
    if (text == NULL)
        return 0;
    return setting->type == SETTING_TYPE_NUMBER ? store_number(setting, text, place, mistakes)
                                                : store_text(setting, text, place, mistakes);
}

unsigned setting_load(const struct setting_table *table, const char *role,
                      setting_source_fn *source, void *into, struct buf *mistakes)
{
    unsigned wrong = 0;
    for (size_t i = 0; i < table->count; i++)
        if (concerns(&table->settings[i], role))
            wrong += load_one(&table->settings[i], source(table->settings[i].name), into, mistakes);
    return wrong;
}

/* "1 to 65535", "read|write", or nothing. */
static void write_range(const struct setting *setting, struct buf *out)
{
    if (setting->type == SETTING_TYPE_NUMBER)
        buf_printf(out, "%lld to %lld%s%s", (long long)setting->least, (long long)setting->most,
                   setting->unit[0] != '\0' ? " " : "", setting->unit);
    else if (setting->type == SETTING_TYPE_TEXT)
        buf_append_text(out, "text");
    else
        buf_append_text(out, setting->choices);
}

static const char *shown_default(const struct setting *setting)
{
    if (setting->otherwise != NULL)
        return setting->otherwise;
    return setting->is_required ? "required" : "unset";
}

void setting_write_help(const struct setting_table *table, struct buf *out)
{
    for (size_t i = 0; i < table->count; i++) {
        buf_printf(out, "  %-22s %s\n  %-22s   (", table->settings[i].name,
                   table->settings[i].sentence, "");
        write_range(&table->settings[i], out);
        buf_printf(out, "; default: %s; roles: %s)\n", shown_default(&table->settings[i]),
                   table->settings[i].roles);
    }
}

void setting_write_markdown(const struct setting_table *table, struct buf *out)
{
    buf_append_text(out, "| setting | values | default | roles | what it is |\n"
                         "|---|---|---|---|---|\n");
    for (size_t i = 0; i < table->count; i++) {
        struct buf range = {0};
        write_range(&table->settings[i], &range);
        buf_printf(out, "| `%s` | ", table->settings[i].name);
        struct str rest = buf_str(&range);
        while (rest.ptr != NULL) {
            buf_append_str(out, str_cut(&rest, '|'));
            if (rest.ptr != NULL)
                buf_append_text(out, ", ");
        }
        buf_printf(out, " | %s | %s | %s |\n", shown_default(&table->settings[i]),
                   table->settings[i].roles, table->settings[i].sentence);
        buf_free(&range);
    }
}
