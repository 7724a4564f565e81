/* What a gateway keeps of its switches on a disk of its own: one file in STATE_DIR, replaced as a
 * whole, so that a crash leaves the old one or the new one. Blocks. */
#ifndef ROLE_GATEWAY_SWITCH_TOGGLE_FILE_H
#define ROLE_GATEWAY_SWITCH_TOGGLE_FILE_H

#include "base/buf.h"

/* Nothing where there is none yet. False with errno. */
bool toggle_file_read(const char *folder, struct buf *out) must_check;
bool toggle_file_write(const char *folder, struct str text) must_check;

#endif
