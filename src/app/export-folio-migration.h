/* `vigia export RUN --to folio-migration`: the text file of kdevops' monitor. */
#pragma once

#include "base/error.h"
#include "store/run.h"

/* The table that is meant: the one named, or folio_migration, or migrate, whichever the run has; NULL:
 * none, with a sentence. */
const char *export_folio_migration_table(RunReader *reader, const char *named, Error *err);

/* Writes it to `output`: a folder (the file is then HOST_folio_migration_stats.txt in it; made if need
 * be), a file if the name ends with .txt, or "-". NULL: stdout. */
int export_folio_migration(RunReader *reader, const char *table, const char *output, Error *err);
