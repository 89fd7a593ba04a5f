/* Ticks, widths, labels, colours, and pictures as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "plot/plot.h"
static void test_x(void **state) { Ticks t; ticks_find((PlotUnit){PLOT_BYTES, NULL}, 0, 5e9, &t); assert_true(t.n <= 5); }
int main(void){ const struct CMUnitTest tests[] = {cmocka_unit_test(test_x)}; return cmocka_run_group_tests(tests, NULL, NULL);}
