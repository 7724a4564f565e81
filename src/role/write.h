/* The write role: commands over HTTP, their commit, and the relay in the background. */
#ifndef ROLE_WRITE_H
#define ROLE_WRITE_H

#include "role/app.h"

extern const struct role role_write;

#endif
