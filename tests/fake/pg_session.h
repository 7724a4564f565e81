/* io/pg_session.h that writes down what it is told. Zeroed, it has heard nothing. */
#ifndef FAKE_PG_SESSION_H
#define FAKE_PG_SESSION_H

#include "io/pg/pg_session.h"

struct pg_session {
    unsigned runs;
    const struct pg_rows *const *rows;    /* of each statement that is run, in turn */
    struct buf sql;                       /* the last */
    struct buf values[PG_PARAMETERS_MAX]; /* of the last */
};

void fake_pg_session_fini(struct pg_session *session);

#endif
