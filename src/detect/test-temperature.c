/* Heat: by our thresholds, by limits of their own; sensors that lie; clocks that were held down. */
#include "detect/test-rows.h"

static const Column columns[] = {SIGNED("t_ns"), TEXT("chip"), TEXT("sensor"), TEXT("kind"), REAL("value_c"), REAL("max_c"),
                                 REAL("critical_c"), NUMBER("throttles"), NUMBER("throttled_ms"), NUMBER("core_throttles"),
                                 NUMBER("core_throttled_ms")};
static const Schema schema = {"temperature", columns, ARRAY_LENGTH(columns)};
static const Column gpu_columns[] = {SIGNED("t_ns"), TEXT("gpu"), NUMBER("pid"), TEXT("name"), REAL("temperature_c"), REAL("limit_c"),
                                     TEXT("throttle")};
static const Schema gpu_schema = {"gpu", gpu_columns, ARRAY_LENGTH(gpu_columns)};

static void warm(Batch *rows, double s, const char *chip, const char *sensor, double c, double max_c, double critical_c)
{
        add_row(rows, s * SECOND, chip, sensor, "temperature", c, max_c, critical_c, NOTHING, NOTHING, NOTHING, NOTHING);
}

static void held(Batch *rows, double s, double n, double ms)
{
        add_row(rows, s * SECOND, "cpu", "package 0", "throttle", NOTHING, NOTHING, NOTHING, n, ms, NOTHING, NOTHING);
}

static void test_cpu(void **state)
{
        World w;
        Batch *rows = new_rows(&schema);

        world_begin(&w);
        warm(rows, 0, "coretemp-isa-0000", "Package id 0", 60, 80, 100);
        warm(rows, 2, "coretemp-isa-0000", "Package id 0", 76, 80, 100);
        warm(rows, 2, "coretemp-isa-0000", "Core 0", 75, 80, 100);
        world_give(&w, rows);
        assert_int_equal(world_find(&w, "hot", "coretemp-isa-0000")->severity, SEVERITY_WARNING);
        warm(rows, 4, "coretemp-isa-0000", "Core 0", 91, 80, 100);
        warm(rows, 6, "coretemp-isa-0000", "Core 0", 50, 80, 100);
        world_give(&w, rows);
        const Findings *found = world_finish(&w);
        assert_int_equal(found->n, 1);
        assert_int_equal(found->items[0]->severity, SEVERITY_CRITICAL);
        assert_string_equal(found->items[0]->title, "the processor reached 91 °C");
        world_end(&w);
        batch_free(rows);
}

static void test_others(void **state)
{
        World w;
        Batch *rows = new_rows(&schema);

        world_begin(&w);
        for (unsigned s = 0; s < 10; s++) {
                warm(rows, s, "nvme-pci-0100", "Composite", s < 5 ? 80 : 86, 84.85, 87.85);
                warm(rows, s, "nct6798-isa-0290", "AUXTIN2", 122, 80, 100);     /* not connected */
                warm(rows, s, "nct6798-isa-0290", "AUXTIN3", -62.0, 80, 100);
                warm(rows, s, "acpitz-virtual-0", "temp1", 60 + s, 0, NOTHING); /* a limit of nothing */
                warm(rows, s, "k10temp-pci-00c3", "Tctl", 95, NOTHING, NOTHING); /* 27 over the truth */
                warm(rows, s, "k10temp-pci-00c3", "Tdie", 68, NOTHING, NOTHING);
        }
        world_give(&w, rows);
        const Findings *found = world_finish(&w);
        assert_int_equal(found->n, 1);
        assert_string_equal(found->items[0]->subject, "nvme-pci-0100");
        assert_int_equal(found->items[0]->severity, SEVERITY_WARNING);
        assert_string_equal(found->items[0]->title, "the drive nvme-pci-0100 reached 86 °C");
        world_end(&w);
        batch_free(rows);
}

static void test_held(void **state)
{
        World w;
        Batch *rows = new_rows(&schema);

        world_begin(&w);
        held(rows, 0, 100, 5000); /* before the run */
        held(rows, 2, 100, 5000);
        world_give(&w, rows);
        assert_int_equal(detect_findings(w.detect)->n, 0);
        held(rows, 4, 107, 17000);
        world_give(&w, rows);
        w.context.facts.wall_ns = 100 * NS_PER_SECOND;
        detect_set_facts(w.detect, &w.context.facts);
        const Findings *found = world_finish(&w);
        assert_int_equal(found->n, 1);
        assert_int_equal(found->items[0]->severity, SEVERITY_WARNING);
        assert_string_equal(found->items[0]->title, "heat held the processor's clocks down for 12 s (12.0 % of the run)");
        world_end(&w);
        batch_free(rows);
}

static void test_gpu(void **state)
{
        World w;
        Batch *rows = new_rows(&gpu_schema);

        world_begin(&w);
        add_row(rows, 0.0, "0000:01:00.0", NOTHING, "GeForce", 70.0, 91.0, "none");
        add_row(rows, SECOND, "0000:01:00.0", 4711.0, "GeForce", 99.0, 91.0, "hardware thermal"); /* of a process */
        add_row(rows, 2 * SECOND, "0000:01:00.0", NOTHING, "GeForce", 83.0, 91.0, "power cap, software thermal");
        world_give(&w, rows);
        const Findings *found = world_finish(&w);
        assert_int_equal(found->n, 2);
        assert_string_equal(world_find(&w, "hot", "0000:01:00.0")->title, "the GPU reached 83 °C");
        assert_non_null(world_find(&w, "gpu-heat-throttled", "0000:01:00.0"));
        world_end(&w);
        batch_free(rows);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_cpu), cmocka_unit_test(test_others), cmocka_unit_test(test_held), cmocka_unit_test(test_gpu),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
