/* MyMonitor's summary.log, to the byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/macros.h"
#include "export/summary-log.h"

#define KB 1024ull
#define NONE SUMMARY_UNKNOWN
#define TEXT(text) ((char[]){text}) /* what owns its texts has no const */

static void assert_text(const RunInfo *info, const Summary *summary, uint64_t wall_ns, const char *expected)
{
        String text = {0};

        assert_int_equal(summary_log_add(info, summary, wall_ns, &text), 0);
        assert_string_equal(string_get(&text), expected);
        string_done(&text);
}

/* The example of its manual. The major's peak is its own, not the sum of its categories' peaks. */
static void test_example(void **state)
{
        SummaryGroup groups[] = {
                {.name = TEXT("Driver_Compile"), .major = TEXT("CPP_Compile"), .processes = 200, .peak_bytes = 2000000 * KB},
                {.name = TEXT("DirectLinker"), .major = TEXT("CPP_Link"), .processes = 45, .peak_bytes = 2500000 * KB},
                {.name = TEXT("GCCInternalCompiler"), .major = TEXT("CPP_Compile"), .processes = 600,
                 .largest_bytes = 99000000 * KB, .peak_bytes = 10000000 * KB},
        };
        SummaryGroup majors[] = {
                {.name = TEXT("CPP_Link"), .processes = 45, .peak_bytes = 2500000 * KB},
                {.name = TEXT("CPP_Compile"), .processes = 800, .peak_bytes = 11500000 * KB},
        };
        Summary s = {.groups = groups, .n_groups = ARRAY_LENGTH(groups), .majors = majors,
                     .n_majors = ARRAY_LENGTH(majors), .peak_pss_bytes = 15000000 * KB,
                     .peak_rss_bytes = 16000000 * KB};
        char *command[] = {TEXT("make"), TEXT("-j8"), NULL};
        RunInfo info;

        run_info_init(&info);
        info.label = TEXT("qemu");
        info.command = command;
        info.ticks = 2506;
        info.exit_code = 0;
        assert_text(&info, &s, 125300 * NS_PER_MS,
                    "Project: qemu\n"
                    "Parallelism: -j8\n"
                    "Total Build & Monitoring Duration: 125.3s (125.30 seconds)\n"
                    "Peak Overall Memory (PSS_KB): 15000000 KB\n"
                    "Samples Collected: 2506\n"
                    "Build Exit Code: 0\n"
                    "\n"
                    "--- Category Peak Memory Usage ---\n"
                    "\n"
                    "CPP_Compile:\n"
                    "  Total Peak Memory: 11500000 KB (800 total pids)\n"
                    "    GCCInternalCompiler: 10000000 KB (600 pids)\n"
                    "    Driver_Compile: 2000000 KB (200 pids)\n"
                    "\n"
                    "CPP_Link:\n"
                    "  Total Peak Memory: 2500000 KB (45 total pids)\n"
                    "    DirectLinker: 2500000 KB (45 pids)\n");
}

/* Attached, no PSS, nothing known; names from strangers; a kind too short for a tick. */
static void test_unknown(void **state)
{
        SummaryGroup groups[] = {
                {.name = TEXT("a\nb\033[31m"), .processes = 1, .largest_bytes = 5000, .peak_bytes = NONE},
                {.name = TEXT("quick"), .major = TEXT("Tools"), .processes = 3, .largest_bytes = 9 * KB, .peak_bytes = NONE},
                {.name = TEXT("never"), .major = TEXT("Tools"), .processes = 1, .largest_bytes = NONE, .peak_bytes = NONE},
                {.name = TEXT("seen"), .major = TEXT("Tools"), .processes = 2, .largest_bytes = NONE, .peak_bytes = 4 * KB},
        };
        SummaryGroup majors[] = {{.name = TEXT("Tools"), .processes = 6, .peak_bytes = 4 * KB}};
        Summary s = {.groups = groups, .n_groups = ARRAY_LENGTH(groups), .majors = majors, .n_majors = 1,
                     .peak_pss_bytes = NONE, .peak_rss_bytes = NONE, .ticks = 3};
        RunInfo info;

        run_info_init(&info);
        info.label = TEXT("x\ny");
        assert_text(&info, &s, RUN_UNKNOWN,
                    "Project: x?y\n"
                    "Parallelism: -j?\n"
                    "Total Build & Monitoring Duration: unknown\n"
                    "Peak Overall Memory (RSS_KB): 9 KB\n"
                    "Samples Collected: 3\n"
                    "Build Exit Code: unknown\n"
                    "\n"
                    "--- Category Peak Memory Usage ---\n"
                    "\n"
                    "Tools:\n"
                    "  Total Peak Memory: 9 KB (6 total pids)\n"
                    "    quick: 9 KB (3 pids)\n"
                    "    seen: 4 KB (2 pids)\n"
                    "    never: unknown (1 pids)\n"
                    "\n"
                    "Other:\n"
                    "  Total Peak Memory: 4 KB (1 total pids)\n"
                    "    a?b?[31m: 4 KB (1 pids)\n");
}

static void test_empty(void **state)
{
        Summary s = {.peak_pss_bytes = 0, .peak_rss_bytes = 4095};
        RunInfo info;

        run_info_init(&info);
        info.label = TEXT("-j4");
        info.exit_signal = 9;
        assert_text(&info, &s, 0,
                    "Project: -j4\nParallelism: -j?\n"
                    "Total Build & Monitoring Duration: 0.0s (0.00 seconds)\n"
                    "Peak Overall Memory (PSS_KB): unknown\nSamples Collected: 0\nBuild Exit Code: 137\n"
                    "\n--- Category Peak Memory Usage ---\n");
}

static void test_sweep_label(void **state)
{
        Summary s = {.peak_pss_bytes = KB, .peak_rss_bytes = KB, .ticks = 1};
        char *command[] = {TEXT("sh"), TEXT("-c"), TEXT("make -j2 prepare && scons NUM=16"), NULL};
        RunInfo info;

        run_info_init(&info);
        info.label = TEXT("my-jam-j16");
        info.command = command;
        info.exit_code = 2;
        assert_text(&info, &s, NS_PER_SECOND,
                    "Project: my-jam\nParallelism: -j16\n"
                    "Total Build & Monitoring Duration: 1.0s (1.00 seconds)\n"
                    "Peak Overall Memory (PSS_KB): 1 KB\nSamples Collected: 1\nBuild Exit Code: 2\n"
                    "\n--- Category Peak Memory Usage ---\n");
}

static void test_jobs(void **state)
{
        static const struct {
                const char *words[6];
                unsigned jobs;
        } cases[] = {
                {{"make", "-j8"}, 8},
                {{"make", "-j", "12", "all"}, 12},
                {{"make", "-j"}, 0},
                {{"make", "-j", "all"}, 0},
                {{"make"}, 0},
                {{"ninja", "-C", "b", "-j3"}, 3},
                {{"bazel", "build", "--jobs=7", "//..."}, 7},
                {{"cmake", "--build", ".", "--parallel", "5"}, 5},
                {{"nix-build", "--max-jobs", "4"}, 4},
                {{"env", "MAKEFLAGS=-j6", "make"}, 6},
                {{"env", "CARGO_BUILD_JOBS=9", "cargo", "build"}, 9},
                {{"sh", "-c", "cd x && MAKEFLAGS='-j11' make; echo done"}, 11},
                {{"sh", "-c", "make -j$(nproc)"}, 0},
                {{"sh", "-c", "make -j2 a && make -j4 b"}, 4},
                {{"make", "-j0"}, 0},
                {{"make", "-j99999999999999999999"}, 0},
                {{"make", "-journal"}, 0},
                {{"./--jobs=4", "--jobsworth=3"}, 0},
                {{NULL}, 0},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
                if (summary_log_jobs(cases[i].words) != cases[i].jobs)
                        fail_msg("case %zu: %u", i, summary_log_jobs(cases[i].words));
        assert_int_equal(summary_log_jobs(NULL), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_example), cmocka_unit_test(test_unknown), cmocka_unit_test(test_empty),
                cmocka_unit_test(test_sweep_label), cmocka_unit_test(test_jobs),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
