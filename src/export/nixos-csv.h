/*
 * The files that monitor-rebuild, a monitor of NixOS rebuilds, leaves behind: ten CSV files, which csvkit and awk scripts read,
 * and the processes with the most memory. Names, headers, units (MB and GB are 2^20 and 2^30 bytes, as free and df have
 * them) and cadence are its own: every interval memory, CPU, processes and fork, every second one disks, network
 * and descriptors, every fifth the rest; and all once more at the end. What was not recorded is N/A.
 *
 * Of the programs that it watches, those of the run are counted, by their names and not by parts of them. The columns
 * current_processes and build_dirs_count are from the monitor `nix` of the preset nixos.
 */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "export/held-table.h"
#include "store/run.h"

typedef struct NixosFile {
        const char *name, *header;
        unsigned every; /* intervals */
} NixosFile;

enum { NIXOS_FILES = 10, NIXOS_INTERVAL_S = 2 };
extern const NixosFile nixos_files[NIXOS_FILES];

/* All ten, and top-consumers.log, into `folder`. end_ns: of the run; last_ns: of the last row in any table, where
 * what is no matter of processes is told last. 0 or as run.h. */
int nixos_csv_write(RunReader *run, const char *folder, uint64_t interval_ns, int64_t end_ns, int64_t last_ns, Error *err);
int nixos_top_write(RunReader *run, const char *folder, uint64_t interval_ns, int64_t end_ns, Error *err);
