/* ValidPaths of the database that Nix keeps, summed in pieces: each is a transaction of its own of a
 * millisecond, so that a writer is never held up. While somebody has the database open, there is a
 * shared file (-shm) to lock with; else, or where that may not be read, the database is read as a file
 * that does not change: SQLite would make its own files beside it. If it does change then, SQLite finds
 * the pages broken, and the next pass tries again. SQLite is loaded when there is a store.
 * sqlite.org/uri.html, wal.html; libstore's schema.sql. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/library.h"
#include "base/macros.h"
#include "monitor/store-measure.h"

enum { BUSY_MS = 100 };

const bool store_nix_built = true;

#define PIECE                                                                                      \
        "select count(*), sum(size), max(id) from (select id, ifnull(narSize, 0) as size "         \
        "from ValidPaths where id > ?1 order by id limit 2000)"

typedef struct Library {
        void *handle;
        __typeof__(&sqlite3_open_v2) open;
        __typeof__(&sqlite3_close) close;
        __typeof__(&sqlite3_busy_timeout) busy_timeout;
        __typeof__(&sqlite3_prepare_v2) prepare;
        __typeof__(&sqlite3_bind_int64) bind;
        __typeof__(&sqlite3_step) step;
        __typeof__(&sqlite3_column_int64) column;
        __typeof__(&sqlite3_reset) reset;
        __typeof__(&sqlite3_finalize) finalize;
} Library;

static const LibrarySymbol symbols[] = {
        {"sqlite3_open_v2", offsetof(Library, open)},
        {"sqlite3_close", offsetof(Library, close)},
        {"sqlite3_busy_timeout", offsetof(Library, busy_timeout)},
        {"sqlite3_prepare_v2", offsetof(Library, prepare)},
        {"sqlite3_bind_int64", offsetof(Library, bind)},
        {"sqlite3_step", offsetof(Library, step)},
        {"sqlite3_column_int64", offsetof(Library, column)},
        {"sqlite3_reset", offsetof(Library, reset)},
        {"sqlite3_finalize", offsetof(Library, finalize)},
};

static void library_done(Library *library)
{
        if (library->handle)
                dlclose(library->handle);
}

static int load(Library *ret)
{
        *ret = (Library){0};
        return library_load("libsqlite3.so.0", symbols, ARRAY_LENGTH(symbols), ret, &ret->handle, NULL);
}

static int sum_pieces(const Library *lib, sqlite3_stmt *statement, const StoreWatch *watch,
                      StoreFigures *figures)
{
        sqlite3_int64 last = 0, n;

        do {
                lib->bind(statement, 1, last);
                if (lib->step(statement) != SQLITE_ROW)
                        return -EIO;
                n = lib->column(statement, 0);
                sqlite3_int64 size = lib->column(statement, 1);
                last = lib->column(statement, 2);
                lib->reset(statement);
                if (n < 0 || size < 0)
                        return -EBADMSG;
                figures->store_paths += (uint64_t)n;
                figures->apparent_bytes += (uint64_t)size;
                if (!watch->go_on(figures, watch->data))
                        return -ECANCELED;
        } while (n > 0);
        return 0;
}

static int sum(const Library *lib, const char *uri, const StoreWatch *watch, StoreFigures *ret)
{
        StoreFigures figures = {.bytes = STORE_UNKNOWN,
                                .files = STORE_UNKNOWN,
                                .directories = STORE_UNKNOWN};
        sqlite3_stmt *statement = NULL;
        sqlite3 *database = NULL;
        int r = -EIO;

        if (lib->open(uri, &database, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
                      NULL) == SQLITE_OK) {
                lib->busy_timeout(database, BUSY_MS);
                if (lib->prepare(database, PIECE, -1, &statement, NULL) == SQLITE_OK)
                        r = sum_pieces(lib, statement, watch, &figures);
        }
        lib->finalize(statement);
        lib->close(database);
        if (r == 0)
                *ret = figures;
        return r;
}

static void look(int folder_fd, StoreSeen *ret)
{
        static const char *const names[] = {"db.sqlite", "db.sqlite-wal"};

        *ret = (StoreSeen){{0}};
        for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
                struct stat st;
                if (fstatat(folder_fd, names[i], &st, 0) < 0)
                        continue;
                ret->marks[2 * i] = (uint64_t)st.st_size;
                ret->marks[2 * i + 1] =
                        (uint64_t)st.st_mtim.tv_sec * 1000000000u + (uint64_t)st.st_mtim.tv_nsec;
        }
}

int store_nix_measure(int folder_fd, StoreSeen *seen, const StoreWatch *watch, StoreFigures *ret)
{
        static const char *const ways[] = {"mode=ro&readonly_shm=1", "immutable=1"};
        size_t way = faccessat(folder_fd, "db.sqlite-shm", F_OK, 0) < 0;
        char uri[128];
        StoreSeen now;
        Library lib;
        struct stat st;

        if (fstatat(folder_fd, "db.sqlite", &st, 0) < 0)
                return -errno;
        look(folder_fd, &now);
        if (memcmp(&now, seen, sizeof now) == 0)
                return STORE_UNCHANGED;
        int r = load(&lib);
        while (r == 0) {
                snprintf(uri, sizeof uri, "file:/proc/self/fd/%d/db.sqlite?%s", folder_fd, ways[way]);
                r = sum(&lib, uri, watch, ret);
                if (r != -EIO || ++way == ARRAY_LENGTH(ways))
                        break;
                r = 0;
        }
        library_done(&lib);
        if (r == 0)
                *seen = now;
        return r;
}
