/* Which trees the monitor `store` measures: those named, or the stores of programs that are here. */
#pragma once

#include "monitor/monitor.h"

#define NIX_DATABASE_FOLDER "nix/var/nix/db" /* below the host's root */

enum { STORE_PLACES_MAX = 16, STORE_PATH_MAX = 4096 };

typedef struct StorePlace {
        char *path; /* owned; absolute */
        bool nix;   /* the store of a Nix database */
} StorePlace;

typedef struct StorePlaces {
        StorePlace places[STORE_PLACES_MAX];
        size_t n;
        bool nix_unread; /* there is a Nix store, and no SQLite to read its database */
} StorePlaces;

/* The setting `paths`, "~/" being $HOME; else /nix/store and ccache's folder where they are.
 * -EINVAL, -ENAMETOOLONG, -E2BIG with a sentence; *ret is untouched then. */
int store_places_find(const MonitorContext *context, StorePlaces *ret, Error *err);
void store_places_done(StorePlaces *places);
