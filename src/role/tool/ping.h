/* mamparo ping [--live]: asks the server that runs here, with the same settings, over its admin
 * port. For an image that holds no other program to ask with. */
#ifndef ROLE_TOOL_PING_H
#define ROLE_TOOL_PING_H

/* Takes the words behind "ping"; returns the exit status. */
int ping_run(int count, char **words);

#endif
