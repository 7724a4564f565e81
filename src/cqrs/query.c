#include "cqrs/query.h"

#include "model/validate.h"

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

static void allowed_parameters(const struct collection *collection, struct buf *out)
{
    buf_append_text(out, "page, page_size");
    for (size_t i = 0; collection != NULL && i < collection->field_count; i++)
        if (collection->fields[i].is_filter)
            buf_printf(out, ", %s", collection->fields[i].name);
}

static void refuse_unknown(const struct collection *collection, struct str name,
                           struct problem *problem)
{
    struct buf allowed = {0};
    allowed_parameters(collection, &allowed);
    problem_at_parameter(problem, name, "is no parameter here; allowed are %s", allowed.ptr);
    buf_free(&allowed);
}

/* `*out` is 0 until the parameter was there. */
static void take_number(struct str name, struct str value, int64_t most, int64_t *out,
                        struct problem *problem)
{
    int64_t number;
    if (*out != 0)
        problem_at_parameter(problem, name, "is given twice");
    else if (str_to_int64(value, &number) && number >= 1 && number <= most)
        *out = number;
    else if (most == INT32_MAX)
        problem_at_parameter(problem, name, "must be a whole number from 1 up");
    else
        problem_at_parameter(problem, name, "must be a whole number from 1 to %lld",
                             (long long)most);
}

static void take_filter(const struct field *field, struct str value, struct query *out,
                        struct problem *problem)
{
    struct str name = str_from(field->name);
    const char *wanted;
    size_t before = out->texts.len;
    for (size_t i = 0; i < out->filter_count; i++)
        if (out->filters[i].field == field) {
            problem_at_parameter(problem, name, "is given twice");
            return;
        }
    if (out->filter_count == QUERY_FILTERS_MAX) {
        problem_at_parameter(problem, name, "is one filter too many: at most %d",
                             QUERY_FILTERS_MAX);
        return;
    }
    if (!validate_text(field, value, &out->texts, &wanted)) {
        problem_at_parameter(problem, name, "%s", wanted);
        return;
    }
    /* In the fields' order, so that one set of filters is one statement. */
    size_t at = out->filter_count++;
    for (; at > 0 && out->filters[at - 1].field > field; at--)
        out->filters[at] = out->filters[at - 1];
    out->filters[at] =
        (struct query_filter){field, {out->texts.ptr + before, out->texts.len - before}};
}

static void take_parameter(const struct collection *collection, struct str name, struct str value,
                           struct query *out, struct problem *problem)
{
    if (str_equal(name, STR("page"))) {
        take_number(name, value, INT32_MAX, &out->page, problem);
        return;
    }
    if (str_equal(name, STR("page_size"))) {
        take_number(name, value, QUERY_PAGE_SIZE_MAX, &out->page_size, problem);
        return;
    }
    const struct field *field = collection != NULL ? schema_find_field(collection, name) : NULL;
    if (field != NULL && field->is_filter)
        take_filter(field, value, out, problem);
    else
        refuse_unknown(collection, name, problem);
}

bool query_parse(const struct collection *collection, struct str text, struct query *out,
                 struct problem *problem)
{
    unsigned before = problem->mistake_count;
    struct buf decoded = {0};
    *out = (struct query){0};
    /* Room for every value at once: what the filters borrow must not move. Canonical writings are
     * at most a few bytes longer than what was sent. */
    buf_reserve(&out->texts, text.len + sizeof(char[QUERY_FILTERS_MAX][64]));
    while (text.len > 0) {
        struct str value = str_cut(&text, '&');
        struct str name = str_cut(&value, '=');
        if (name.len == 0 && value.len == 0)
            continue;
        buf_reset(&decoded);
        bool is_readable = query_decode(name, &decoded);
        size_t name_len = decoded.len;
        if (!is_readable || !query_decode(value, &decoded)) {
            problem_at_parameter(problem,
                                 is_readable ? (struct str){decoded.ptr, name_len} : STR("?"),
                                 "is not percent-encoded UTF-8");
            continue;
        }
        take_parameter(collection, (struct str){decoded.ptr, name_len},
                       (struct str){decoded.ptr + name_len, decoded.len - name_len}, out, problem);
    }
    buf_free(&decoded);
    if (out->page == 0)
        out->page = 1;
    if (out->page_size == 0)
        out->page_size = collection != NULL ? collection->page_size : QUERY_PAGE_SIZE;
    return problem->mistake_count == before;
}

void query_free(struct query *query)
{
    buf_free(&query->texts);
}
