/* mamparo verify [<service>[/<collection>]]: compares every read server with the write side, by
 * checksums that do not depend on the order of records, and names the records that differ. */
#ifndef ROLE_TOOL_VERIFY_H
#define ROLE_TOOL_VERIFY_H

/* Takes the words behind "verify"; returns the exit status: 0 when all is equal, 1 when something
 * differs, 69 when a server could not be asked. */
int verify_run(int count, char **words);

#endif
