/* Makes the tables of a side, or adds what a newer model needs: once a process, in a session of its
 * own, since a large table may take long. A model that cannot live with what an earlier version of
 * it has written is refused before anything is changed. */
#ifndef CQRS_MIGRATION_H
#define CQRS_MIGRATION_H

#include <stdatomic.h>

#include "model/ddl.h"

struct migration {
    const struct model *model;
    enum ddl_side side;
    const char *url;
    atomic_bool *is_done;
    /* Told of an incompatible model, a line for each rule that it breaks; does not return. */
    void (*refuse)(const char *mistakes);
};

/* True at once where `*is_done` is set, which it does at the end. False with a line in `why`. */
bool migration_run(const struct migration *migration, char *why, size_t why_size) must_check;

#endif
