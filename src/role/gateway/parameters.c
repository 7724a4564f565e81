#include "role/gateway/parameters.h"

#include "cqrs/query/query.h"

static void write_names(const struct parameters *parameters, struct buf *out)
{
    for (size_t i = 0; i < parameters->count; i++)
        buf_printf(out, "%s%s", i == 0 ? "" : ", ", parameters->names[i]);
}

/* Where its value goes; NULL after noting a mistake. */
static struct buf *place_of(struct parameters *parameters, struct str name, struct problem *problem)
{
    size_t i = 0;
    struct buf known = {0};
    while (i < parameters->count && !str_equal(name, str_from(parameters->names[i])))
        i++;
    write_names(parameters, &known);
    if (i == parameters->count)
        problem_at_parameter(problem, name, "is no parameter here; allowed are %s", known.ptr);
    else if (parameters->has[i])
        problem_at_parameter(problem, name, "is given twice");
    buf_free(&known);
    if (i == parameters->count || parameters->has[i])
        return NULL;
    parameters->has[i] = true;
    return &parameters->values[i];
}

static void read_one(struct parameters *parameters, struct str text, struct problem *problem)
{
    struct buf name = {0};
    bool is_readable = query_decode(str_cut(&text, '='), &name);
    struct buf *value = is_readable ? place_of(parameters, buf_str(&name), problem) : NULL;
    if (!is_readable)
        problem_at_parameter(problem, STR("?"), "is not percent-encoded UTF-8");
    if (value != NULL && !query_decode(text, value)) {
        problem_at_parameter(problem, buf_str(&name), "is not percent-encoded UTF-8");
        parameters->has[value - parameters->values] = false;
    }
    buf_free(&name);
}

void parameters_read(struct parameters *parameters, struct str query, const char *const *names,
                     size_t count, struct problem *problem)
{
    assert(count <= PARAMETERS_MAX);
    *parameters = (struct parameters){.names = names, .count = count};
    while (query.len > 0) {
        struct str text = str_cut(&query, '&');
        if (text.len > 0)
            read_one(parameters, text, problem);
    }
}

void parameters_free(struct parameters *parameters)
{
    for (size_t i = 0; i < parameters->count; i++)
        buf_free(&parameters->values[i]);
}

bool parameters_has(const struct parameters *parameters, size_t index)
{
    return parameters->has[index];
}

int64_t parameters_number(const struct parameters *parameters, size_t index, int64_t otherwise,
                          struct parameter_range range, struct problem *problem)
{
    int64_t number = otherwise;
    if (!parameters->has[index])
        return otherwise;
    if (str_to_int64(buf_str(&parameters->values[index]), &number) && number >= range.least &&
        number <= range.most)
        return number;
    problem_at_parameter(problem, str_from(parameters->names[index]),
                         "must be a number from %lld to %lld", (long long)range.least,
                         (long long)range.most);
    return otherwise;
}
