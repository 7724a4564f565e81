/* mamparo dead-letters [<service>] [replay|drop all|<position>…]: what a replica could not apply,
 * one line of JSON each; has it tried anew, in order, or drops it. */
#ifndef ROLE_TOOL_LETTERS_H
#define ROLE_TOOL_LETTERS_H

/* Takes the words behind "dead-letters"; returns the exit status. */
int letters_run(int count, char **words);

#endif
