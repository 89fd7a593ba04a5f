/* A database as Nix writes it, made here with SQLite itself: as it grows under us, with a writer that
 * holds it open, and broken. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "monitor/store-measure.h"

typedef struct Place {
        char path[64];
        int fd;
        sqlite3 *database;
} Place;

static int setup(void **state)
{
        Place *place = calloc(1, sizeof *place);

        *state = place;
        text_copy(place->path, sizeof place->path, "/tmp/test-store-nix.XXXXXX");
        if (!mkdtemp(place->path))
                return -1;
        place->fd = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return place->fd < 0;
}

static int teardown(void **state)
{
        Place *place = *state;

        sqlite3_close(place->database);
        fd_close(place->fd);
        int r = directory_remove(AT_FDCWD, place->path);
        free(place);
        return r;
}

static void run(Place *place, const char *sql)
{
        assert_int_equal(sqlite3_exec(place->database, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void open_database(Place *place, const char *journal)
{
        char text[128];

        snprintf(text, sizeof text, "%s/db.sqlite", place->path);
        assert_int_equal(sqlite3_open(text, &place->database), SQLITE_OK);
        snprintf(text, sizeof text, "pragma journal_mode = %s", journal);
        run(place, text);
        run(place, "create table ValidPaths (id integer primary key autoincrement not null, "
                   "path text unique not null, hash text not null, registrationTime integer not null, "
                   "deriver text, narSize integer, ultimate integer, sigs text, ca text)");
}

/* `n` paths of 1,000 bytes each. */
static void add_paths(Place *place, unsigned n)
{
        char text[256];

        snprintf(text, sizeof text,
                 "with recursive n(i) as (select 1 union all select i + 1 from n where i < %u) "
                 "insert into ValidPaths(path, hash, registrationTime, narSize) "
                 "select hex(randomblob(16)), '', 0, 1000 from n",
                 n);
        run(place, text);
}

static bool keep_going(const StoreFigures *so_far, void *data)
{
        ++*(size_t *)data;
        return true;
}

static bool give_up(const StoreFigures *so_far, void *data)
{
        return false;
}

static int measure(const Place *place, StoreSeen *seen, StoreFigures *ret)
{
        size_t steps = 0;

        return store_nix_measure(place->fd, seen, &(StoreWatch){keep_going, &steps}, ret);
}

static void test_grows(void **state)
{
        Place *place = *state;
        StoreFigures f = {0};
        StoreSeen seen = {{0}}, other = {{0}};

        assert_int_equal(measure(place, &seen, &f), -ENOENT);
        open_database(place, "wal");
        assert_int_equal(measure(place, &seen, &f), 0);
        assert_int_equal(f.store_paths, 0);
        assert_int_equal(f.apparent_bytes, 0);
        add_paths(place, 5000); /* in the log, not yet in the database */
        run(place, "insert into ValidPaths(path, hash, registrationTime) values('no size', '', 0)");
        run(place, "delete from ValidPaths where id in (1, 2500)");
        assert_int_equal(measure(place, &seen, &f), 0);
        assert_int_equal(f.store_paths, 4999);
        assert_int_equal(f.apparent_bytes, 4998000);
        assert_true(f.bytes == STORE_UNKNOWN && f.files == STORE_UNKNOWN);
        f.store_paths = 3;
        assert_int_equal(measure(place, &seen, &f), STORE_UNCHANGED);
        assert_int_equal(f.store_paths, 3);
        assert_int_equal(store_nix_measure(place->fd, &other, &(StoreWatch){give_up, NULL}, &f),
                         -ECANCELED);
        assert_int_equal(f.store_paths, 3);
        /* A writer in the middle of its work holds nobody up, and is not seen. */
        run(place, "begin immediate");
        add_paths(place, 10);
        assert_int_equal(measure(place, &other, &f), 0);
        assert_int_equal(f.store_paths, 4999);
        run(place, "commit");
        assert_int_equal(measure(place, &seen, &f), 0);
        assert_int_equal(f.store_paths, 5009);
}

/* Nobody has it open, and beside it nothing may be written: what is in the file itself. */
static void test_read_only(void **state)
{
        Place *place = *state;
        StoreSeen seen = {{0}};
        StoreFigures f = {0};

        open_database(place, "wal");
        add_paths(place, 7);
        assert_int_equal(sqlite3_close(place->database), SQLITE_OK);
        place->database = NULL;
        assert_int_equal(fchmod(place->fd, 0555), 0);
        assert_int_equal(measure(place, &seen, &f), 0);
        assert_int_equal(f.store_paths, 7);
        assert_int_equal(faccessat(place->fd, "db.sqlite-wal", F_OK, 0), -1); /* nothing left behind */
        assert_int_equal(faccessat(place->fd, "db.sqlite-shm", F_OK, 0), -1);
        assert_int_equal(fchmod(place->fd, 0755), 0);
}

static void test_broken(void **state)
{
        Place *place = *state;
        static const char text[] = "This is no database, and longer than a header of one would have to be"
                                   " for SQLite to look at it; so it is padded to more than 100 bytes.";
        StoreSeen seen = {{0}};
        StoreFigures f = {.files = 7};

        assert_int_equal(file_replace(place->fd, "db.sqlite", text, sizeof text, false), 0);
        assert_int_equal(measure(place, &seen, &f), -EIO);
        assert_int_equal(f.files, 7);
        assert_int_equal(unlinkat(place->fd, "db.sqlite", 0), 0);
        open_database(place, "delete");
        run(place, "insert into ValidPaths(path, hash, registrationTime, narSize) values('x', '', 0, -5)");
        assert_int_equal(measure(place, &seen, &f), -EBADMSG);
        run(place, "drop table ValidPaths");
        assert_int_equal(measure(place, &seen, &f), -EIO);
        assert_int_equal(f.files, 7);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_grows, setup, teardown),
                cmocka_unit_test_setup_teardown(test_read_only, setup, teardown),
                cmocka_unit_test_setup_teardown(test_broken, setup, teardown),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
