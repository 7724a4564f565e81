/* mamparo seed <service> <count>: sample records, the same at every run, loaded through the write
 * role, so that they replicate as any others do. Loading twice changes nothing. */
#ifndef ROLE_TOOL_SEED_H
#define ROLE_TOOL_SEED_H

/* Takes the words behind "seed"; returns the exit status. */
int seed_run(int count, char **words);

#endif
