/* Idempotency keys live for 24 hours. */
#ifndef CQRS_EXPIRY_H
#define CQRS_EXPIRY_H

#include "io/pg/pg_session.h"

/* Drops up to a thousand expired keys: one short transaction, never a long one. `*is_all_out` when
 * there were none. False with the session's fault. */
bool expiry_drop_keys(struct pg_session *session, bool *is_all_out) must_check;

#endif
