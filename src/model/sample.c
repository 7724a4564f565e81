#include "model/sample.h"

#include <errno.h>
#include <stdio.h>

enum { WORDS_FILE_MAX = 1 << 20 };

static void split_lines(struct sample_words *words)
{
    struct str rest = buf_str(&words->text);
    size_t lines = 1;
    for (size_t i = 0; i < rest.len; i++)
        lines += rest.ptr[i] == '\n';
    words->words = mem_new(lines, sizeof(struct str));
    while (rest.len > 0) {
        struct str word = str_trim(str_cut(&rest, '\n'));
        if (word.len > 0 && word.ptr[0] != '#')
            words->words[words->count++] = word;
    }
}

bool sample_words_load(struct sample_words *words, const char *folder, const char *service,
                       struct buf *mistakes)
{
    struct buf path = {0};
    *words = (struct sample_words){0};
    buf_printf(&path, "%s/%s/words.txt", folder, service);
    FILE *file = fopen(path.ptr, "rb");
    if (file == NULL) {
        buf_printf(mistakes, "%s: cannot be read: %s\n", path.ptr, strerror(errno));
    } else {
        char *place = buf_reserve(&words->text, WORDS_FILE_MAX);
        words->text.len = fread(place, 1, WORDS_FILE_MAX, file);
        fclose(file);
        split_lines(words);
        if (words->count == 0 || !str_is_utf8(buf_str(&words->text)))
            buf_printf(mistakes, "%s: must hold words in UTF-8, one a line\n", path.ptr);
    }
    buf_free(&path);
    return words->count > 0 && mistakes->len == 0;
}

void sample_words_free(struct sample_words *words)
{
    buf_free(&words->text);
    free(words->words);
    *words = (struct sample_words){0};
}

bool sample_is_wanted(const struct collection *collection)
{
    for (size_t i = 0; i < collection->field_count; i++)
        if (collection->fields[i].words_most > 0)
            return true;
    return false;
}

/* SplitMix64 (Steele, Lea, Flood, 2014): any seed gives an even stream. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static struct json *make_text(const struct field *field, const struct sample_words *words,
                              uint64_t *state)
{
    struct buf text = {0};
    uint64_t span = (uint64_t)(field->words_most - field->words_least + 1);
    uint64_t count = (uint64_t)field->words_least + next_random(state) % span;
    for (uint64_t i = 0; i < count; i++) {
        if (i > 0)
            buf_append_char(&text, ' ');
        buf_append_str(&text, words->words[next_random(state) % words->count]);
    }
    assert(text.len > 0); /* of at least one word */
    text.ptr[0] = str_upper(text.ptr[0]);
    struct json *json = json_make_string(buf_str(&text));
    buf_free(&text);
    return json;
}

struct json *sample_make(const struct collection *collection, const struct sample_words *words,
                         uint64_t number, struct uuid *id_out)
{
    /* 2024-01-01, and a minute for each record: well before whatever is written now. */
    enum { MINUTE_MS = 60000 };
    static const int64_t epoch_ms = INT64_C(1704067200000);
    uint64_t state = number;
    struct json *fields = json_make_object();
    for (const char *c = collection->table; *c != '\0'; c++)
        state = state * 31 + (unsigned char)*c;
    uint64_t high = next_random(&state);
    *id_out = uuid_from(epoch_ms + (int64_t)number * MINUTE_MS, high, next_random(&state));
    for (size_t i = 0; i < collection->field_count; i++) {
        const struct field *field = &collection->fields[i];
        if (field->words_most > 0)
            json_put(fields, field->name, make_text(field, words, &state));
    }
    return fields;
}
