#include "cqrs/query/query.h"

#include "model/validate.h"

/* One query string on its way to a query. */
struct reading {
    const struct collection *collection;
    enum query_kind kind;
    struct query *query;
    struct problem *problem;
    unsigned seen; /* a bit for each of the parameters below */
    struct str cursor;
};

bool query_decode(struct str text, struct buf *out)
{
    size_t before = out->len;
    buf_reserve(out, text.len); /* so that even nothing has a pointer */
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '+')
            c = ' ';
        if (c == '%') {
            int high = i + 2 < text.len ? str_hex_digit(text.ptr[i + 1]) : -1;
            int low = high < 0 ? -1 : str_hex_digit(text.ptr[i + 2]);
            if (low < 0)
                return false;
            c = (char)(high << 4 | low);
            i += 2;
        }
        buf_append_char(out, c);
    }
    return str_is_utf8((struct str){out->ptr + before, out->len - before});
}

bool query_is_ranked(const struct query *query)
{
    return query->search.len > 0 && query->sort.count == 0;
}

/* A copy that lives as long as the query. */
static struct str keep(struct reading *reading, struct str text)
{
    struct buf *texts = &reading->query->texts;
    size_t before = texts->len;
    buf_append_str(texts, text);
    return (struct str){texts->ptr + before, text.len};
}

/* Parameters that are no filters */

static void take_number(struct reading *reading, struct str name, struct str value, int64_t *out)
{
    int64_t number, most = str_equal(name, STR("page")) ? INT32_MAX : QUERY_PAGE_SIZE_MAX;
    if (str_to_int64(value, &number) && number >= 1 && number <= most)
        *out = number;
    else if (most == INT32_MAX)
        problem_at_parameter(reading->problem, name, "must be a whole number from 1 up");
    else
        problem_at_parameter(reading->problem, name, "must be a whole number from 1 to %lld",
                             (long long)most);
}

static void take_page(struct reading *reading, struct str value)
{
    take_number(reading, STR("page"), value, &reading->query->page);
}

static void take_page_size(struct reading *reading, struct str value)
{
    take_number(reading, STR("page_size"), value, &reading->query->page_size);
}

/* It is opened once all that it must fit is known. */
static void take_cursor(struct reading *reading, struct str value)
{
    reading->cursor = keep(reading, value);
}

static void take_sort(struct reading *reading, struct str value)
{
    sort_take(reading->collection, value, &reading->query->sort, reading->problem);
}

static bool is_member(const struct collection *collection, struct str name)
{
    static const char *const others[] = {"version", "created_by", "updated_by"};
    for (size_t i = 0; i < countof(others); i++)
        if (str_equal(name, str_from(others[i])))
            return true;
    return lookup_find(collection, name) != NULL;
}

static void refuse_member(struct reading *reading, struct str name)
{
    const struct collection *collection = reading->collection;
    struct buf allowed = {0};
    buf_append_text(&allowed, "id, version, created_at, updated_at, created_by, updated_by");
    for (size_t i = 0; i < collection->field_count; i++)
        buf_printf(&allowed, ", %s", collection->fields[i].name);
    problem_at_parameter(reading->problem, STR("fields"),
                         "must be members separated by commas, not \"%.*s\"; there are %s",
                         (int)(name.len < 64 ? name.len : 64), name.ptr == NULL ? "" : name.ptr,
                         allowed.ptr);
    buf_free(&allowed);
}

static void take_fields(struct reading *reading, struct str value)
{
    struct query *query = reading->query;
    struct str rest = keep(reading, value);
    do {
        struct str name = str_cut(&rest, ',');
        if (!is_member(reading->collection, name)) {
            refuse_member(reading, name);
            return;
        }
        if (query->member_count == QUERY_MEMBERS_MAX) {
            problem_at_parameter(reading->problem, STR("fields"), "has too many names: at most %d",
                                 QUERY_MEMBERS_MAX);
            return;
        }
        query->members[query->member_count++] = name;
    } while (rest.ptr != NULL);
}

/* All that lacks a word is most of the table, and no index has it. */
static bool has_wanted_word(struct str text)
{
    do {
        struct str word = str_cut(&text, ' ');
        if (word.len > 0 && word.ptr[0] != '-')
            return true;
    } while (text.ptr != NULL);
    return false;
}

static void take_search(struct reading *reading, struct str value)
{
    const struct str name = STR("q");
    if (!lookup_has_search(reading->collection))
        problem_at_parameter(reading->problem, name, "no field of this collection is searched");
    else if (value.len == 0 || str_utf8_length(value) > QUERY_SEARCH_MAX)
        problem_at_parameter(reading->problem, name, "must have 1 to %d characters",
                             QUERY_SEARCH_MAX);
    else if (!has_wanted_word(value))
        problem_at_parameter(reading->problem, name,
                             "must have a word to look for, not only words to leave out");
    else
        reading->query->search = keep(reading, value);
}

static void take_by(struct reading *reading, struct str value)
{
    const struct collection *collection = reading->collection;
    struct buf allowed = {0};
    reading->query->by = schema_find_field(collection, value);
    if (reading->query->by != NULL && reading->query->by->is_filter)
        return;
    for (size_t i = 0; i < collection->field_count; i++)
        if (collection->fields[i].is_filter)
            buf_printf(&allowed, "%s%s", allowed.len == 0 ? "" : ", ", collection->fields[i].name);
    problem_at_parameter(reading->problem, STR("by"), "must be one of: %s",
                         allowed.len == 0 ? "none can be counted by" : allowed.ptr);
    buf_free(&allowed);
}

#define IN(kind) (1U << QUERY_##kind)
enum { PARAMETER_BY };

static const struct parameter {
    const char *name;
    unsigned kinds;
    void (*take)(struct reading *reading, struct str value);
} parameters[] = {
    [PARAMETER_BY] = {"by", IN(STATS), take_by},
    {"page", IN(PAGES) | IN(LIST), take_page},
    {"page_size", IN(PAGES) | IN(LIST), take_page_size},
    {"cursor", IN(LIST), take_cursor},
    {"sort", IN(LIST), take_sort},
    {"fields", IN(LIST), take_fields},
    {"q", IN(LIST) | IN(STATS), take_search},
};

/* All of them */

static bool is_here(const struct reading *reading, const struct parameter *parameter)
{
    return (parameter->kinds & 1U << reading->kind) != 0;
}

static void write_allowed(const struct reading *reading, struct buf *out)
{
    for (size_t i = 0; i < countof(parameters); i++)
        if (is_here(reading, &parameters[i]))
            buf_printf(out, "%s%s", out->len == 0 ? "" : ", ", parameters[i].name);
    if (reading->kind == QUERY_PAGES)
        return;
    for (size_t i = 0; i < reading->collection->field_count; i++)
        if (reading->collection->fields[i].is_filter)
            buf_printf(out, ", %s", reading->collection->fields[i].name);
    for (size_t i = 0; i < LOOKUP_BASE_COUNT; i++)
        buf_printf(out, ", %s", lookup_base(i)->name);
}

static void refuse_unknown(const struct reading *reading, struct str name)
{
    struct buf allowed = {0};
    write_allowed(reading, &allowed);
    problem_at_parameter(reading->problem, name, "is no parameter here; allowed are %s",
                         allowed.ptr);
    buf_free(&allowed);
}

static void take_parameter(struct reading *reading, struct str name, struct str value)
{
    for (size_t i = 0; i < countof(parameters); i++) {
        if (!is_here(reading, &parameters[i]) || !str_equal(name, str_from(parameters[i].name)))
            continue;
        if ((reading->seen & 1U << i) != 0)
            problem_at_parameter(reading->problem, name, "is given twice");
        else
            parameters[i].take(reading, value);
        reading->seen |= 1U << i;
        return;
    }
    if (reading->kind == QUERY_PAGES ||
        !filter_take(reading->collection, (struct filter_text){name, value},
                     &reading->query->filters, &reading->query->texts, reading->problem))
        refuse_unknown(reading, name);
}

static void take_all(struct reading *reading, struct str text)
{
    struct buf decoded = {0};
    while (text.len > 0) {
        struct str value = str_cut(&text, '&');
        struct str name = str_cut(&value, '=');
        if (name.len == 0 && value.len == 0)
            continue;
        buf_reset(&decoded);
        bool is_readable = query_decode(name, &decoded);
        size_t name_len = decoded.len;
        if (!is_readable || !query_decode(value, &decoded)) {
            problem_at_parameter(reading->problem,
                                 is_readable ? (struct str){decoded.ptr, name_len} : STR("?"),
                                 "is not percent-encoded UTF-8");
            continue;
        }
        take_parameter(reading, (struct str){decoded.ptr, name_len},
                       (struct str){decoded.ptr + name_len, decoded.len - name_len});
    }
    buf_free(&decoded);
}

/* Cursors */

void query_seal(const struct collection *collection, const struct query *query,
                struct cursor_seal *out)
{
    struct str parts[3 * FILTERS_MAX + 2 * SORT_KEYS_MAX + 1];
    struct sort_key keys[SORT_KEYS_MAX];
    size_t count = 0, key_count = sort_keys(&query->sort, keys);
    memcpy(out->key, collection->cursor_key, DIGEST_SIZE);
    for (size_t i = 0; i < query->filters.count; i++) {
        const struct filter *filter = &query->filters.items[i];
        parts[count++] = str_from(filter->field->name);
        parts[count++] = str_from(lookup_op_name(filter->op));
        parts[count++] = filter->value;
    }
    for (size_t i = 0; i < key_count; i++) {
        parts[count++] = str_from(keys[i].field->name);
        parts[count++] = keys[i].is_descending ? STR("-") : STR("+");
    }
    parts[count++] = query->search;
    digest_sha256(parts, count, out->asked);
}

/* Where the key is no secret, what it seals may be anything. */
static bool are_keys(const struct sort *sort, const struct cursor *cursor)
{
    struct sort_key keys[SORT_KEYS_MAX];
    struct buf canonical = {0};
    const char *wanted;
    bool fit = cursor->count == sort_keys(sort, keys);
    for (size_t i = 0; fit && i < cursor->count; i++)
        fit = cursor->keys[i].ptr == NULL
                  ? keys[i].field->shape.is_nullable
                  : str_is_utf8(cursor->keys[i]) &&
                        validate_text(keys[i].field, cursor->keys[i], &canonical, &wanted);
    buf_free(&canonical);
    return fit;
}

static void open_cursor(struct reading *reading)
{
    struct query *query = reading->query;
    struct cursor_seal seal;
    query_seal(reading->collection, query, &seal);
    query->has_cursor = cursor_read(reading->cursor, &seal, &query->texts, &query->cursor) &&
                        are_keys(&query->sort, &query->cursor);
    if (!query->has_cursor)
        problem_at_parameter(reading->problem, STR("cursor"),
                             "is none of this list: take next_cursor of a page with the same "
                             "filters, search and sort");
}

/* What no parameter says alone. A cursor is only compared with a query that is right itself. */
static void check_whole(struct reading *reading, bool is_right)
{
    struct query *query = reading->query;
    if (reading->kind == QUERY_STATS && (reading->seen & 1U << PARAMETER_BY) == 0)
        problem_at_parameter(reading->problem, STR("by"), "is missing: the field to count by");
    if (reading->cursor.ptr != NULL && query->page != 0)
        problem_at_parameter(reading->problem, STR("cursor"), "says where; so page cannot");
    else if (reading->cursor.ptr != NULL && query_is_ranked(query))
        problem_at_parameter(reading->problem, STR("cursor"),
                             "needs a sort: the order of ranks has none");
    else if (reading->cursor.ptr != NULL && is_right)
        open_cursor(reading);
}

static void fill_in(struct reading *reading)
{
    struct query *query = reading->query;
    if (query->page == 0)
        query->page = 1;
    if (query->page_size == 0)
        query->page_size =
            reading->kind == QUERY_PAGES ? QUERY_PAGE_SIZE : reading->collection->page_size;
    if (query_is_ranked(query) && (query->page - 1) * query->page_size >= QUERY_RANKED_MAX)
        problem_at_parameter(reading->problem, STR("page"),
                             "is beyond the %d records that a search ranks; with sort= all can be "
                             "reached",
                             QUERY_RANKED_MAX);
}

bool query_parse(const struct collection *collection, enum query_kind kind, struct str text,
                 struct query *out, struct problem *problem)
{
    unsigned before = problem->mistake_count;
    struct reading reading = {collection, kind, out, problem, 0, {NULL, 0}};
    *out = (struct query){0};
    /* Room for all at once: what is borrowed must not move. An empty item of .in is the one that
     * grows most, to four bytes; the cursor is kept twice. */
    size_t room = 4 * text.len + sizeof(char[FILTERS_MAX][64]);
    buf_reserve(&out->texts, room);
    const char *place = out->texts.ptr;
    take_all(&reading, text);
    check_whole(&reading, problem->mistake_count == before);
    fill_in(&reading);
    assert(out->texts.ptr == place);
    return problem->mistake_count == before;
}

void query_free(struct query *query)
{
    buf_free(&query->texts);
}
