/* mamparo check [<folder>] [--against <older folder>]…: are the models right, and compatible both
 * ways with older ones? Needs no database and no setting. */
#ifndef ROLE_TOOL_CHECK_H
#define ROLE_TOOL_CHECK_H

/* Takes the words behind "check"; returns the exit status. */
int check_run(int count, char **words);

#endif
