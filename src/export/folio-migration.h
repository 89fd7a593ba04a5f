/*
 * The text that kdevops' own monitor of folio migration leaves behind (its file is
 * <hostname>_folio_migration_stats.txt): for every sample the local time, the lines of
 * /sys/kernel/debug/mm/migrate/stats as "key: value", and an empty line.
 *
 * A run keeps a row only when something changed, and every 10 s; the one before holds until then. A
 * block is written for every sample, at the monitor's interval, so that what counts blocks counts
 * samples. A longer gap (a machine asleep, a file that could not be read) stays one; within those 10 s, a
 * sample that failed cannot be told from one that said the same. run.json counts them.
 */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "table/sink.h"

/* Any table with the columns `time` and `t_ns`: its other columns are the keys; a null is no line.
 * The descriptor and the schema are borrowed. interval_ns 0: only the rows there are. sink_flush once at
 * the end. -EINVAL: no such table. */
int folio_migration_writer_new(int fd, const Schema *schema, uint64_t interval_ns, Sink **ret,
                               Error *err);

/* "<host>_folio_migration_stats.txt"; whatever cannot be in a file's name is '_'. host may be NULL. */
void folio_migration_file_name(const char *host, String *to);
