/* mamparo migrate [--wait <seconds>]: makes or completes the tables of the role's database and
 * ends; starting the role does the same. As a step of its own it shows before a roll-out begins
 * what the new version of the models would break. */
#ifndef ROLE_TOOL_MIGRATE_H
#define ROLE_TOOL_MIGRATE_H

/* Takes the words behind "migrate"; returns the exit status. */
int migrate_run(int count, char **words);

#endif
