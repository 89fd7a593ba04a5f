/* The two files as kernels write them, and the kernel's indices worked out by hand. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "host/buddy-text.h"

static void test_buddyinfo(void **state)
{
        static const char text[] =
                "Node 0, zone      DMA      0      0      0      0      0      0      0      0      1"
                "      1      3 \n"
                "Node 11, zone   Normal   8687   7713      0      0      0      0      0      0      0"
                "      0      0 \n"
                "Node 1, zone  Movable      5";
        const char *at = text, *end = text + strlen(text);
        BuddyLine line;

        assert_true(buddy_line_next(&at, end, &line));
        assert_int_equal(line.node, 0);
        assert_string_equal(line.zone, "DMA");
        assert_string_equal(line.type, "");
        assert_int_equal(line.n, 11);
        assert_int_equal(line.values[8], 1);
        assert_int_equal(line.values[10], 3);
        assert_true(buddy_line_next(&at, end, &line));
        assert_int_equal(line.node, 11);
        assert_string_equal(line.zone, "Normal");
        assert_int_equal(line.values[1], 7713);
        assert_true(buddy_line_next(&at, end, &line));
        assert_string_equal(line.zone, "Movable");
        assert_int_equal(line.n, 1);
        assert_false(buddy_line_next(&at, end, &line));
}

/* What is no line is passed over; a line of too many orders is cut. */
static void test_bad_lines(void **state)
{
        static const char *const bad[] = {
                "", "\n", "Node 0, zone\n", "Node 0, zone      DMA\n", "Node 0, zone DMA x 1\n",
                "Node x, zone DMA 1\n", "Node 99999999999, zone DMA 1\n", "Node 0 zone DMA 1\n",
                "Node 0, zone ANameThatIsMuchTooLongForAZone 1\n", "Node 0, zone DMA, type 1\n",
                "Node 0, zone DMA, kind Movable 1\n", "Page block order: 9\n",
        };
        const char *many = "Node 0, zone DMA 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n";
        BuddyLine line;

        for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
                const char *at = bad[i], *end = at + strlen(at);
                assert_false(buddy_line_next(&at, end, &line));
                assert_ptr_equal(at, end);
        }
        assert_true(buddy_line_next(&many, many + strlen(many), &line));
        assert_int_equal(line.n, BUDDY_ORDERS);
        assert_int_equal(line.values[BUDDY_ORDERS - 1], BUDDY_ORDERS);
}

static const char pagetypeinfo[] =
        "Page block order: 9\n"
        "Pages per block:  512\n\n"
        "Free pages count per migrate type at order       0      1 \n"
        "Node    0, zone   Normal, type    Unmovable   1647   1913 \n"
        "Node    0, zone   Normal, type      Movable >100000   2960 \n"
        "\n"
        "Number of blocks type     Unmovable      Movable  Reclaimable \n"
        "Node 0, zone   Normal           83          702           12 \n"
        "\n"
        "Number of mixed blocks    Unmovable      Movable  Reclaimable \n"
        "Node 0, zone   Normal            1            2            3 \n";

static void test_pagetypeinfo(void **state)
{
        PageTypes types;
        BuddyLine line;

        assert_int_equal(page_types_find(pagetypeinfo, strlen(pagetypeinfo), &types), 0);
        assert_int_equal(types.n, 3);
        assert_string_equal(types.names[0], "Unmovable");
        assert_string_equal(types.names[2], "Reclaimable");
        const char *at = types.free;
        assert_true(buddy_line_next(&at, types.free_end, &line));
        assert_string_equal(line.type, "Unmovable");
        assert_int_equal(line.values[1], 1913);
        assert_true(buddy_line_next(&at, types.free_end, &line));
        assert_string_equal(line.type, "Movable");
        assert_true(line.values[0] == BUDDY_UNKNOWN);
        assert_int_equal(line.values[1], 2960);
        assert_false(buddy_line_next(&at, types.free_end, &line));
        at = types.blocks;
        assert_true(buddy_line_next(&at, types.blocks_end, &line));
        assert_string_equal(line.type, "");
        assert_int_equal(line.values[1], 702);
        assert_false(buddy_line_next(&at, types.blocks_end, &line));
        assert_int_equal(page_types_find("Node 0\n", 7, &types), -EBADMSG);
        assert_int_equal(types.n, 3);
}

/* 16 + 4 * 2 + 1 * 4 free pages. */
static void test_figures(void **state)
{
        static const uint64_t blocks[] = {16, 4, 1, 0};
        static const uint64_t nothing[] = {0, 0};
        static const uint64_t unknown[] = {1, BUDDY_UNKNOWN};
        static const uint64_t huge[] = {0, 1ull << 47};
        BuddyFigures f;

        assert_int_equal(buddy_figures(blocks, 4, 2, &f), 0);
        assert_int_equal(f.free_pages, 28);
        assert_int_equal(f.free_blocks, 21);
        assert_int_equal(f.largest_order, 2);
        assert_true(fabs(f.unusable_ratio - 24.0 / 28) < 1e-12);
        assert_true(isnan(f.fragmentation_index)); /* it would succeed */
        assert_int_equal(buddy_figures(blocks, 4, 3, &f), 0);
        assert_true(f.unusable_ratio == 1);
        /* The kernel says 1000 - (1000 + 28 * 1000 / 8) / 21 = 786 thousandths. */
        assert_true(fabs(f.fragmentation_index - (1 - (1 + 28.0 / 8) / 21)) < 1e-12);
        assert_int_equal((int)(f.fragmentation_index * 1000), 785);
        assert_int_equal(buddy_figures(nothing, 2, 1, &f), 0);
        assert_int_equal(f.largest_order, -1);
        assert_true(f.fragmentation_index == 0 && f.unusable_ratio == 0);
        assert_int_equal(buddy_figures(unknown, 2, 1, &f), -EINVAL);
        assert_int_equal(buddy_figures(huge, 2, 1, &f), -ERANGE);
        assert_int_equal(f.largest_order, -1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_buddyinfo),
                cmocka_unit_test(test_bad_lines),
                cmocka_unit_test(test_pagetypeinfo),
                cmocka_unit_test(test_figures),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
