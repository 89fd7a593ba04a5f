/* What declared monitors make of texts: columns, their types and units, and rows. */
#include "monitor/test-declared-world.h"

static void test_key_value_counters(void **state)
{
        const DeclaredMonitor d = {.name = "folio-migration", .file = "/stats", .kind = DECLARED_COUNTER};
        World w;

        set_up(&w, &d);
        write_text(&w, "stats", "success: 12345\nfail: 67\ntotal: 12412\n");
        assert_int_equal(start(&w), 0);
        assert_string_equal(batch_schema(w.rows)->table, "folio_migration");
        assert_int_equal(column_of(&w, "success")->type, COLUMN_U64);
        assert_int_equal(column_of(&w, "success")->role, ROLE_COUNTER);
        assert_int_equal(sample(&w), 0);
        assert_rows(&w, "success=12345 fail=67 total=12412\n");
        /* The order may change; the file may be replaced. */
        write_text(&w, "stats", "total: 12524\nsuccess: 12456\n");
        assert_int_equal(sample(&w), 0);
        assert_rows(&w, "success=12456 fail=null total=12524\n");
        tear_down(&w);
}

static void test_types_and_units(void **state)
{
        const DeclaredMonitor d = {.name = "x", .file = "/x"};
        World w;

        set_up(&w, &d);
        write_text(&w, "x", "MemTotal: 16 kB\nload 0.5\nbelow -3\nstate: on\nhuge 18446744073709551615\n"
                            "wait 12 ms\ntime: 4\nlater: -\nused: 7%\nMem Total: 1\n");
        assert_int_equal(start(&w), 0);
        assert_int_equal(sample(&w), 0);
        assert_rows(&w, "mem_total_bytes=16384 load=0.5 below=-3 state='on' huge=18446744073709551615 "
                        "wait_ms=12 time_2=4 later=null used_percent=7 mem_total=1\n");
        assert_int_equal(column_of(&w, "mem_total_bytes")->unit, UNIT_BYTES);
        assert_int_equal(column_of(&w, "below")->type, COLUMN_I64);
        assert_int_equal(column_of(&w, "below")->role, ROLE_GAUGE);
        assert_int_equal(column_of(&w, "state")->role, ROLE_TEXT);
        assert_int_equal(column_of(&w, "wait_ms")->unit, UNIT_MS);
        tear_down(&w);
}

static void test_declared_columns(void **state)
{
        const DeclaredColumn columns[] = {
                {.name = "free_bytes", .source = "MemFree", .noise = 4096, .help = "not used"},
                {.name = "mem_total", .kind = DECLARED_COUNTER, .type = DECLARED_F64},
                {.name = "heat", .source = "zone.temp", .scale = 0.001, .unit = "celsius"},
                {.name = "absent"},
                {.name = "mode", .kind = DECLARED_WORDS},
        };
        const DeclaredMonitor d = {.name = "x", .file = "/x", .columns = columns, .n_columns = 5};
        World w;

        set_up(&w, &d);
        write_text(&w, "x", "MemTotal: 4 kB\nMemFree: 2 kB\nmode: 7\nother: 9\n[zone]\ntemp: 45500\n");
        assert_int_equal(start(&w), 0);
        assert_int_equal(sample(&w), 0);
        assert_rows(&w, "free_bytes=2048 mem_total=4096 heat=45.5 absent=null mode='7'\n");
        assert_true(column_of(&w, "free_bytes")->noise == 4096);
        assert_string_equal(column_of(&w, "free_bytes")->help, "not used");
        assert_int_equal(column_of(&w, "heat")->unit, UNIT_CELSIUS);
        /* A key that nobody declared is nobody's mistake. */
        write_text(&w, "x", "MemFree: 1 kB\nbrand_new: 9\n");
        assert_int_equal(sample(&w), 0);
        tear_down(&w);
}

static void test_number(void **state)
{
        const DeclaredColumn column = {.name = "temp_c"};
        const DeclaredMonitor d = {.name = "n", .file = "/n", .format = DECLARED_NUMBER,
                                   .columns = &column, .n_columns = 1, .scale = 0.001};
        const DeclaredMonitor plain = {.name = "n", .file = "/n", .format = DECLARED_NUMBER};
        World w;

        set_up(&w, &d);
        write_text(&w, "n", "45000\n");
        assert_int_equal(start(&w), 0);
        assert_int_equal(sample(&w), 0);
        assert_rows(&w, "temp_c=45\n");
        assert_int_equal(column_of(&w, "temp_c")->unit, UNIT_CELSIUS);
        tear_down(&w);
        set_up(&w, &plain);
        write_text(&w, "n", "7\n");
        assert_int_equal(start(&w), 0);
        assert_int_equal(sample(&w), 0);
        assert_rows(&w, "value=7\n");
        write_text(&w, "n", "broken\n");
        assert_true(sample(&w) < 0);
        assert_says(&w, "/n: 'broken' is no number");
        assert_int_equal(batch_rows(w.rows), 0);
        tear_down(&w);
}

static void test_table(void **state)
{
        const DeclaredMonitor d = {.name = "swaps", .file = "/t", .format = DECLARED_TABLE};
        const DeclaredMonitor keyed = {.name = "t", .file = "/t", .format = DECLARED_TABLE, .key = "type"};
        World w;

        set_up(&w, &d);
        write_text(&w, "t", "Filename Type Size\n/dev/a partition 5\n/dev/b file 6\n");
        assert_int_equal(start(&w), 0);
        assert_int_equal(column_of(&w, "filename")->role, ROLE_KEY);
        assert_int_equal(sample(&w), 0);
        assert_rows(&w, "filename='/dev/a' type='partition' size=5\n"
                        "filename='/dev/b' type='file' size=6\n");
        /* No rows are no mistake; columns may change places. */
        write_text(&w, "t", "Filename Type Size\n");
        assert_int_equal(sample(&w), 0);
        assert_rows(&w, "");
        write_text(&w, "t", "Size Filename\n9 /dev/c\n");
        assert_int_equal(sample(&w), 0);
        assert_rows(&w, "filename='/dev/c' type=null size=9\n");
        tear_down(&w);
        set_up(&w, &keyed);
        write_text(&w, "t", "Filename Type Size\n/dev/a partition 5\n");
        assert_int_equal(start(&w), 0);
        assert_int_equal(sample(&w), 0);
        assert_rows(&w, "type='partition' filename='/dev/a' size=5\n");
        tear_down(&w);
}

static void test_table_without_header(void **state)
{
        const DeclaredColumn net[] = {
                {.name = "interface", .kind = DECLARED_KEY},
                {.name = "rx_bytes"},
                {.name = "tx_bytes", .field = 10},
        };
        const DeclaredMonitor d = {.name = "net", .file = "/dev", .format = DECLARED_TABLE, .skip = 2,
                                   .no_header = true, .columns = net, .n_columns = 3,
                                   .kind = DECLARED_COUNTER};
        const DeclaredColumn load[] = {{.name = "one"}, {.name = "five", .type = DECLARED_F64}};
        const DeclaredMonitor loads = {.name = "loads", .file = "/dev", .format = DECLARED_TABLE,
                                       .no_header = true, .columns = load, .n_columns = 2};
        World w;

        set_up(&w, &d);
        write_text(&w, "dev", "Inter-| Receive\n face |bytes\n  eth0: 11 2 3 4 5 6 7 8 99 10\n"
                              "    lo: 5 2 3 4 5 6 7 8 5\n");
        assert_int_equal(start(&w), 0);
        assert_int_equal(sample(&w), 0);
        assert_rows(&w, "interface='eth0' rx_bytes=11 tx_bytes=99\n"
                        "interface='lo' rx_bytes=5 tx_bytes=5\n");
        tear_down(&w);
        set_up(&w, &loads);
        write_text(&w, "dev", "0.52 1 0.59 1/389 12\n");
        assert_int_equal(start(&w), 0);
        assert_int_equal(sample(&w), 0);
        assert_rows(&w, "one=0.52 five=1 line=1\n");
        tear_down(&w);
}

static void test_regex(void **state)
{
        const DeclaredColumn columns[] = {
                {.name = "device", .kind = DECLARED_KEY, .source = "dev"},
                {.name = "reads", .kind = DECLARED_COUNTER},
        };
        const DeclaredMonitor d = {.name = "r", .file = "/r", .format = DECLARED_REGEX,
                                   .pattern = "^ +\\d+ +\\d+ (?<dev>\\S+) (?<reads>\\d+)",
                                   .columns = columns, .n_columns = 2};
        const DeclaredMonitor one = {.name = "r", .file = "/r", .format = DECLARED_REGEX,
                                     .pattern = "battery at (?<level>\\d+)%"};
        World w;

        set_up(&w, &d);
        write_text(&w, "r", "   8       0 sda 55 1 2\n   8       1 sda1 44 1 2\n");
        assert_int_equal(start(&w), 0);
        assert_int_equal(sample(&w), 0);
        assert_rows(&w, "device='sda' reads=55\ndevice='sda1' reads=44\n");
        tear_down(&w);
        set_up(&w, &one);
        write_text(&w, "r", "the battery at 80% since\n");
        assert_int_equal(start(&w), 0);
        assert_int_equal(sample(&w), 0);
        assert_rows(&w, "level=80\n");
        write_text(&w, "r", "no battery\n");
        assert_true(sample(&w) < 0);
        assert_says(&w, "/r: none of its columns is there any more");
        tear_down(&w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_key_value_counters),
                cmocka_unit_test(test_types_and_units),
                cmocka_unit_test(test_declared_columns),
                cmocka_unit_test(test_number),
                cmocka_unit_test(test_table),
                cmocka_unit_test(test_table_without_header),
                cmocka_unit_test(test_regex),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
