/* The parameters of a query string, where few names are allowed, each once. */
#ifndef ROLE_GATEWAY_PARAMETERS_H
#define ROLE_GATEWAY_PARAMETERS_H

#include "base/problem.h"

enum { PARAMETERS_MAX = 4 };

/* Lifetime: a request's; free it in any case. */
struct parameters {
    const char *const *names;
    size_t count;
    bool has[PARAMETERS_MAX];
    struct buf values[PARAMETERS_MAX];
};

/* Decodes them; whatever is unknown, given twice or no percent-encoded UTF-8 is a mistake that
 * names it. */
void parameters_read(struct parameters *parameters, struct str query, const char *const *names,
                     size_t count, struct problem *problem);
void parameters_free(struct parameters *parameters);

bool parameters_has(const struct parameters *parameters, size_t index);

struct parameter_range {
    int64_t least, most;
};

/* A number of that range; `otherwise` where it was not given or is a mistake. */
int64_t parameters_number(const struct parameters *parameters, size_t index, int64_t otherwise,
                          struct parameter_range range, struct problem *problem);

#endif
