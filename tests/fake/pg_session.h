/* io/pg_session.h that writes down what it was told. Zeroed, it says yes to everything. */
#ifndef FAKE_PG_SESSION_H
#define FAKE_PG_SESSION_H

#include "io/pg/pg_session.h"

struct pg_session {
    const char *fault; /* not NULL: every statement fails with it */
    unsigned runs;
    struct buf sql;    /* the last */
    struct buf values; /* the last, one a line */
};

void fake_pg_session_fini(struct pg_session *session);

#endif
