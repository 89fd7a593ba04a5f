/* What /proc/cpuinfo of several architectures says, and texts that are none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/cpu-model.h"

static void expect(const char *text, const char *name)
{
        char got[CPU_MODEL_MAX] = "untouched";

        assert_int_equal(cpu_model_parse(text, strlen(text), got, sizeof got), name ? 0 : -ENODATA);
        assert_string_equal(got, name ? name : "untouched");
}

static void test_names(void **state)
{
        expect("processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\n"
               "model name\t: Intel(R) Xeon(R) Gold 6154 CPU @ 3.00GHz\nstepping\t: 4\n",
               "Intel(R) Xeon(R) Gold 6154 CPU @ 3.00GHz");
        expect("model name\t:         Intel(R)  Pentium(R) 4   CPU 2.80GHz  \n", "Intel(R) Pentium(R) 4 CPU 2.80GHz");
        expect("processor\t: 0\ncpu\t\t: POWER9, altivec supported\nclock\t\t: 3800.000000MHz\n", "POWER9, altivec supported");
        expect("system type\t: MIPS Malta\nprocessor\t: 0\ncpu model\t\t: MIPS 24Kc V0.0  FPU V0.0\n", "MIPS 24Kc V0.0 FPU V0.0");
        expect("model name: without a newline", "without a newline");
}

static void test_none(void **state)
{
        /* arm64 */
        expect("processor\t: 0\nBogoMIPS\t: 243.75\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\n"
               "CPU architecture: 8\nCPU variant\t: 0x3\nCPU part\t: 0xd0c\n", NULL);
        expect("", NULL);
        expect("model name\n", NULL);
        expect("model name\t: unknown\nmodel name\t: \n", NULL);
        expect(":\n::\nmodel namex: no\n", NULL);
}

static void test_cut(void **state)
{
        char text[1000] = "model name : ", got[16];

        memset(text + 13, 'x', sizeof text - 14);
        assert_int_equal(cpu_model_parse(text, strlen(text), got, sizeof got), 0);
        assert_int_equal(strlen(got), sizeof got - 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_names), cmocka_unit_test(test_none), cmocka_unit_test(test_cut),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
