/*
 * Space set aside when a recording begins, for the day the disk is full: the command's own
 * output may fill it in no time, and the tables would be left with nothing. One reserve is for
 * tables, a small one for the last run.json. Both are .tmp files without contents; whoever
 * finishes the run of a dead recorder removes them as such.
 */
#pragma once

#include <stdbool.h>

void run_reserve_make(int dirfd); /* as far as the file system can */

/* Gives up the reserve for tables; true if there was one: what failed may be tried again. */
bool run_reserve_release(int dirfd);

/* Gives up both: the tables are written, run.json comes next. */
void run_reserve_done(int dirfd);
