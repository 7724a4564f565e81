/* The read role: queries over HTTP from the replica's own database, and the applier in the
 * background. */
#ifndef ROLE_READ_H
#define ROLE_READ_H

#include "role/app.h"

extern const struct role role_read;

#endif
