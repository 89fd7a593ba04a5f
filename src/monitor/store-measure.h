/*
 * How big a named tree is, by the cheapest way that is true: a Nix store by its database, a ccache by
 * the counts it keeps itself, anything else by walking it. For a thread of low priority: each goes in
 * small steps and asks after each whether to go on.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/host.h"

#define STORE_UNKNOWN UINT64_MAX

typedef struct StoreFigures {
        uint64_t bytes;          /* allocated on disk */
        uint64_t apparent_bytes; /* sum of the sizes of files; Nix: of their archives (narSize) */
        uint64_t files, directories;
        uint64_t store_paths; /* Nix: valid ones */
        uint64_t errors;      /* what could not be read and is not counted */
} StoreFigures;

/* Called after each step with the figures so far; may sleep. False: give up. */
typedef struct StoreWatch {
        bool (*go_on)(const StoreFigures *so_far, void *data);
        void *data;
} StoreWatch;

/* All: 0; -ECANCELED: given up; other -errno. *ret is untouched unless 0. */

/* Everything below the folder, itself included, as du(1) counts: one file system, one mount, no links
 * followed, a file with several names once. Exact up to STORE_LINKS_MAX files with several names; of
 * more, some are taken for one that was seen: of a million 0.2 %. Folders deeper than STORE_DEPTH_MAX
 * and what may not be read count as errors. Memory: 4 KiB a level, 256 KiB for the files with several
 * names, 2 MiB more where there are many of them, whatever the tree; the kernel's cache takes up its
 * names, though. */
enum { STORE_DEPTH_MAX = 128, STORE_LINKS_MAX = 16384 };
int store_tree_measure(int folder_fd, const StoreWatch *watch, StoreFigures *ret);

/* ccache's own counts (0 … f and 0/0 … f/f each with a file "stats"; ccache 3.0 and later, read as
 * `ccache --show-stats` does). -ENOENT: this is no ccache. */
int store_ccache_measure(int folder_fd, const StoreWatch *watch, StoreFigures *ret);

/* The text of one such file: its 12th and 13th line. -EBADMSG. */
int store_ccache_parse(const char *text, size_t size, uint64_t *ret_files, uint64_t *ret_bytes);

/* The database of a Nix store: folder_fd is /nix/var/nix/db. `seen` is zeroed before the first call and
 * kept; STORE_UNCHANGED: nothing was written since the last call, and *ret is untouched. -EOPNOTSUPP:
 * built without SQLite, or it is not installed; -EACCES …: not readable. */
extern const bool store_nix_built; /* with SQLite */
enum { STORE_UNCHANGED = 1 };
typedef struct StoreSeen {
        uint64_t marks[4];
} StoreSeen;
int store_nix_measure(int folder_fd, StoreSeen *seen, const StoreWatch *watch, StoreFigures *ret);
