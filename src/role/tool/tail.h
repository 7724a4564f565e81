/* mamparo tail <service> [--from <where>] [--type <type>] [--follow]: the events of a stream, one
 * line of JSON each (CloudEvents 1.0, JSON format), read with the schemas that stand beside it. */
#ifndef ROLE_TOOL_TAIL_H
#define ROLE_TOOL_TAIL_H

/* Takes the words behind "tail"; returns the exit status. */
int tail_run(int count, char **words);

#endif
