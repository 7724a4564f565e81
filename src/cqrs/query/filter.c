#include "cqrs/query/filter.h"

#include "model/validate.h"

/* What stands before the value in SQL, and behind it; of LOOKUP_NULL there is none. */
static const struct {
    const char *before, *behind;
} places[LOOKUP_OP_COUNT] = {
    [LOOKUP_EQ] = {" = ", ""},        [LOOKUP_NE] = {" <> ", ""},      [LOOKUP_LT] = {" < ", ""},
    [LOOKUP_LTE] = {" <= ", ""},      [LOOKUP_GT] = {" > ", ""},       [LOOKUP_GTE] = {" >= ", ""},
    [LOOKUP_IN] = {" = any(", "[])"}, [LOOKUP_LIKE] = {" ilike ", ""},
};

static bool find_operator(struct str name, enum lookup_op *out)
{
    for (int i = 0; i < LOOKUP_OP_COUNT; i++)
        if (str_equal(name, str_from(lookup_op_name((enum lookup_op)i)))) {
            *out = (enum lookup_op)i;
            return true;
        }
    return false;
}

/* Values */

static void append_item(struct buf *texts, struct str item)
{
    buf_append_char(texts, '"');
    for (size_t i = 0; i < item.len; i++) {
        if (item.ptr[i] == '"' || item.ptr[i] == '\\')
            buf_append_char(texts, '\\');
        buf_append_char(texts, item.ptr[i]);
    }
    buf_append_char(texts, '"');
}

/* As an array in PostgreSQL's own writing, which it reads by the field's type. */
static bool take_items(const struct field *field, struct str text, struct buf *texts,
                       const char **wanted)
{
    struct buf one = {0};
    size_t count = 0;
    bool fits = true;
    do {
        buf_append_char(texts, count == 0 ? '{' : ',');
        buf_reset(&one);
        fits =
            ++count <= LOOKUP_ITEMS_MAX && validate_text(field, str_cut(&text, ','), &one, wanted);
        append_item(texts, buf_str(&one));
    } while (fits && text.ptr != NULL);
    if (count > LOOKUP_ITEMS_MAX)
        *wanted = "must be at most 50 values, separated by commas";
    buf_append_char(texts, '}');
    buf_free(&one);
    return fits;
}

static bool is_word_character(char c)
{
    return (c >= '0' && c <= '9') || (str_lower(c) >= 'a' && str_lower(c) <= 'z') ||
           (unsigned char)c >= 0x80;
}

/* The index knows groups of three: with less in a row there is nothing to look up. */
static bool has_trigram(struct str text)
{
    struct str run = {text.ptr, 0};
    for (size_t i = 0; i < text.len; i++) {
        if (is_word_character(text.ptr[i]))
            run.len++;
        else
            run = (struct str){text.ptr + i + 1, 0};
        if (str_utf8_length(run) >= 3)
            return true;
    }
    return false;
}

static bool take_pattern(struct str text, struct buf *texts, const char **wanted)
{
    *wanted = "must have at least 3 letters or digits in a row";
    buf_append_char(texts, '%');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '%' || text.ptr[i] == '_' || text.ptr[i] == '\\')
            buf_append_char(texts, '\\');
        buf_append_char(texts, text.ptr[i]);
    }
    buf_append_char(texts, '%');
    return has_trigram(text);
}

static bool take_truth(struct str text, struct buf *texts, const char **wanted)
{
    *wanted = "must be true or false";
    buf_append_str(texts, text);
    return str_equal(text, STR("true")) || str_equal(text, STR("false"));
}

/* False with what is wanted. */
static bool take_value(struct filter *filter, struct str text, struct buf *texts,
                       const char **wanted)
{
    size_t before = texts->len;
    bool fits;
    switch (filter->op) {
    case LOOKUP_IN:
        fits = take_items(filter->field, text, texts, wanted);
        break;
    case LOOKUP_LIKE:
        fits = take_pattern(text, texts, wanted);
        break;
    case LOOKUP_NULL:
        fits = take_truth(text, texts, wanted);
        break;
    default:
        fits = validate_text(filter->field, text, texts, wanted);
    }
    filter->value = (struct str){texts->ptr + before, texts->len - before};
    return fits;
}

/* Filters */

static void refuse_operator(const struct field *field, struct str name, struct problem *problem)
{
    struct buf known = {0};
    for (int i = 0; i < LOOKUP_OP_COUNT; i++)
        if (lookup_takes(field, (enum lookup_op)i))
            buf_printf(&known, "%s%s%s", known.len == 0 ? "" : ", ",
                       i == LOOKUP_EQ ? field->name : ".", lookup_op_name((enum lookup_op)i));
    problem_at_parameter(problem, name, "is not how this field can be asked; allowed are %s",
                         known.ptr);
    buf_free(&known);
}

static int compare(const struct filter *a, const struct filter *b)
{
    int names = strcmp(a->field->name, b->field->name);
    return names != 0 ? names : (int)a->op - (int)b->op;
}

static void add(struct filters *filters, const struct filter *filter)
{
    size_t at = filters->count++;
    for (; at > 0 && compare(&filters->items[at - 1], filter) > 0; at--)
        filters->items[at] = filters->items[at - 1];
    filters->items[at] = *filter;
}

static bool has(const struct filters *filters, const struct filter *filter)
{
    for (size_t i = 0; i < filters->count; i++)
        if (compare(&filters->items[i], filter) == 0)
            return true;
    return false;
}

bool filter_take(const struct collection *collection, struct filter_text text, struct filters *out,
                 struct buf *texts, struct problem *problem)
{
    struct str rest = text.name, first = str_cut(&rest, '.');
    struct filter filter = {.field = lookup_find(collection, first)};
    const char *wanted = NULL;
    if (filter.field == NULL || !filter.field->is_filter || (rest.ptr != NULL && rest.len == 0))
        return false;
    if (!find_operator(rest, &filter.op) || !lookup_takes(filter.field, filter.op))
        refuse_operator(filter.field, text.name, problem);
    else if (has(out, &filter))
        problem_at_parameter(problem, text.name, "is given twice");
    else if (out->count == FILTERS_MAX)
        problem_at_parameter(problem, text.name, "is one filter too many: at most %d", FILTERS_MAX);
    else if (!take_value(&filter, text.value, texts, &wanted))
        problem_at_parameter(problem, text.name, "%s", wanted);
    else
        add(out, &filter);
    return true;
}

void filter_write(const struct filter *filter, int number, struct buf *sql)
{
    const char *name = filter->field->name;
    if (filter->op == LOOKUP_NULL)
        buf_printf(sql, "\"%s\" is %snull", name,
                   str_equal(filter->value, STR("true")) ? "" : "not ");
    else
        buf_printf(sql, "\"%s\"%s$%d::%s%s", name, places[filter->op].before, number,
                   lookup_type(filter->field), places[filter->op].behind);
}
