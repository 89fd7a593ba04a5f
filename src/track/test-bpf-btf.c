/* The reduced BTF against the whole one of the running kernel, and against damaged input. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <bpf/btf.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "track/bpf-btf.h"

static const char *const names[] = {"task_struct", "mm_struct", "signal_struct", "cred", "list_head",
                                    NULL};

/* Bit offset of a member, also inside unnamed structures; -1: none. */
static int64_t offset_of(const struct btf *btf, int32_t type, const char *name)
{
        const struct btf_type *t = btf__type_by_id(btf, (uint32_t)type);

        while (t && (btf_is_mod(t) || btf_is_typedef(t)))
                t = btf__type_by_id(btf, t->type);
        if (!t || !btf_is_composite(t))
                return -1;
        for (uint32_t i = 0; i < btf_vlen(t); i++) {
                const struct btf_member *m = btf_members(t) + i;
                const char *member = btf__name_by_offset(btf, m->name_off);
                if (member[0] && strcmp(member, name) == 0)
                        return btf_member_bit_offset(t, i);
                int64_t inside = member[0] ? -1 : offset_of(btf, (int32_t)m->type, name);
                if (inside >= 0)
                        return btf_member_bit_offset(t, i) + inside;
        }
        return -1;
}

static void test_offsets(void **state)
{
        static const char *const members[][2] = {
                {"task_struct", "tgid"},   {"task_struct", "start_boottime"},
                {"task_struct", "ioac"},   {"mm_struct", "hiwater_rss"},
                {"mm_struct", "rss_stat"}, {"signal_struct", "sum_sched_runtime"},
                {"cred", "uid"},           {"list_head", "next"},
        };
        char path[64];
        Host *host;
        Error err = {0};
        BpfBtfFacts facts;

        assert_int_equal(host_new(NULL, &host), 0);
        int fd = bpf_btf_of_kernel(host, names, &facts, &err);
        host_free(host);
        if (fd == -ENOENT)
                skip();
        assert_true(fd >= 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        struct btf *small = btf__parse_raw(path), *whole = btf__load_vmlinux_btf();
        assert_non_null(small);
        assert_non_null(whole);
        for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
                int32_t a = btf__find_by_name_kind(small, members[i][0], BTF_KIND_STRUCT);
                int32_t b = btf__find_by_name_kind(whole, members[i][0], BTF_KIND_STRUCT);
                assert_true(a > 0 && b > 0);
                int64_t expected = offset_of(whole, b, members[i][1]);
                assert_true(expected >= 0);
                assert_int_equal(offset_of(small, a, members[i][1]), expected);
                assert_int_equal(btf__resolve_size(small, (uint32_t)a),
                                 btf__resolve_size(whole, (uint32_t)b));
        }
        btf__free(small);
        btf__free(whole);
        close(fd);
}

/* Cut short and with bytes changed: an error or a result, but nothing worse. */
static void test_damaged(void **state)
{
        struct btf *tiny = btf__new_empty();
        uint32_t size;
        Error err = {0};
        BpfBtfFacts facts;

        int u64 = btf__add_int(tiny, "u64", 8, 0);
        btf__add_struct(tiny, "list_head", 16);
        btf__add_field(tiny, "next", u64, 0, 0);
        btf__add_field(tiny, "previous", 2, 64, 0); /* itself: by value, which cannot be */
        const uint8_t *raw = btf__raw_data(tiny, &size);
        for (uint32_t cut = 0; cut < size; cut++) {
                uint8_t *copy = malloc(cut ? cut : 1);
                memcpy(copy, raw, cut);
                assert_true(bpf_btf_reduce(copy, cut, names, &facts, &err) < 0);
                free(copy);
        }
        srand(1);
        for (int i = 0; i < 5000; i++) {
                uint8_t *copy = malloc(size);
                memcpy(copy, raw, size);
                for (int n = rand() % 3 + 1; n > 0; n--)
                        copy[(size_t)rand() % size] = (uint8_t)rand();
                fd_close(bpf_btf_reduce(copy, size, names, &facts, &err));
                free(copy);
        }
        btf__free(tiny);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_offsets),
                cmocka_unit_test(test_damaged),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
