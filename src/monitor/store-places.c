/* Whatever the environment says is of the person at this machine: a recorded root has only Nix. */
#include "monitor/store-places.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "monitor/store-measure.h"

#define NIX_STORE "/nix/store"

void store_places_done(StorePlaces *places)
{
        while (places->n > 0)
                free(places->places[--places->n].path);
}

/* Slashes at the end are dropped: a path has one name. */
static int add(StorePlaces *places, const char *path)
{
        size_t n = strlen(path);

        while (n > 1 && path[n - 1] == '/')
                n--;
        for (size_t i = 0; i < places->n; i++)
                if (strlen(places->places[i].path) == n &&
                    memcmp(places->places[i].path, path, n) == 0)
                        return 0;
        if (places->n == STORE_PLACES_MAX)
                return -E2BIG;
        char *copy = strndup(path, n);
        if (!copy)
                return -ENOMEM;
        places->places[places->n++] =
                (StorePlace){.path = copy, .nix = text_equal(copy, NIX_STORE)};
        return 0;
}

static int expand(const char *path, char ret[STORE_PATH_MAX])
{
        const char *home = getenv("HOME");
        int n;

        if (text_equal(path, "~") || text_starts_with(path, "~/")) {
                if (!home || home[0] != '/')
                        return -EINVAL;
                n = snprintf(ret, STORE_PATH_MAX, "%s%s", home, path + 1);
        } else if (path[0] == '/') {
                n = snprintf(ret, STORE_PATH_MAX, "%s", path);
        } else {
                _cleanup_free_ char *here = realpath(".", NULL);
                if (!here || path[0] == '\0')
                        return -EINVAL;
                n = snprintf(ret, STORE_PATH_MAX, "%s/%s", here, path);
        }
        return n < STORE_PATH_MAX ? 0 : -ENAMETOOLONG;
}

static int add_named(StorePlaces *places, const MonitorSetting *setting, Error *err)
{
        char path[STORE_PATH_MAX];

        for (size_t i = 0; i < setting->n_texts; i++) {
                int r = expand(setting->texts[i], path);
                if (r == 0)
                        r = add(places, path);
                if (r == -E2BIG)
                        return error_set(err, E2BIG, "paths: at most %d", STORE_PLACES_MAX);
                if (r < 0)
                        return error_set_errno(err, r, "paths: \"%s\"", setting->texts[i]);
        }
        return 0;
}

static bool is_there(const Host *host, const char *path)
{
        _cleanup_close_ int fd = path[0] == '/' ? host_open(host, path + 1) : -1;

        return fd >= 0;
}

/* Where ccache keeps what it has, in the order of its manual. */
static int add_ccache(StorePlaces *places, const Host *host)
{
        static const struct {
                const char *variable, *below;
        } candidates[] = {{"CCACHE_DIR", ""},
                          {"HOME", "/.ccache"},
                          {"XDG_CACHE_HOME", "/ccache"},
                          {"HOME", "/.cache/ccache"}};
        char path[STORE_PATH_MAX];

        for (size_t i = 0; i < ARRAY_LENGTH(candidates); i++) {
                const char *value = getenv(candidates[i].variable);
                if (!value || value[0] != '/')
                        continue;
                if (snprintf(path, sizeof path, "%s%s", value, candidates[i].below) <
                            (int)sizeof path &&
                    is_there(host, path))
                        return add(places, path);
        }
        return 0;
}

int store_places_find(const MonitorContext *context, StorePlaces *ret, Error *err)
{
        const MonitorSetting *setting = monitor_setting(context, "paths");
        StorePlaces places = {.n = 0};
        int r = 0;

        if (setting && setting->n_texts > 0) {
                r = add_named(&places, setting, err);
        } else {
                /* A store is measured by its database only: nobody asked to walk a million files. */
                bool nix = is_there(context->host, "/" NIX_DATABASE_FOLDER "/db.sqlite");
                places.nix_unread = nix && !store_nix_built;
                if (nix && store_nix_built)
                        r = add(&places, NIX_STORE);
                if (r == 0 && host_is_live(context->host))
                        r = add_ccache(&places, context->host);
                if (r < 0)
                        error_set_errno(err, r, "the stores of this machine");
        }
        if (r < 0) {
                store_places_done(&places);
                return r;
        }
        *ret = places;
        return 0;
}
