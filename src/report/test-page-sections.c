/* Columns of numbers and texts through the page's sections and back. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report/page-decode.h"
#include "report/page-sections.h"

typedef struct Read {
        json_t *page;
        Buffer data;
} Read;

/* As a browser gets them: JSON and base64. */
static void read_back(const PageSections *s, Read *ret)
{
        String json = {0}, base64 = {0};

        *ret = (Read){0};
        string_add(&json, "{\"sections\":");
        page_sections_write_json(s, &json);
        string_add(&json, "}");
        ret->page = json_loads(string_get(&json), 0, NULL);
        assert_non_null(ret->page);
        assert_int_equal(page_sections_write_base64(s, &base64), 0);
        assert_int_equal(page_decode_base64(string_get(&base64), base64.size, &ret->data), 0);
        assert_int_equal(ret->data.size, s->data.size);
        assert_memory_equal(ret->data.data, s->data.data, s->data.size);
        string_done(&json);
        string_done(&base64);
}

static void read_done(Read *r)
{
        json_decref(r->page);
        buffer_done(&r->data);
}

static void check_numbers(const double *values, size_t n, double step, double tolerance)
{
        PageSections s;
        Read r;
        size_t n_read = 0;

        assert_int_equal(page_sections_init(&s), 0);
        size_t at = page_sections_add(&s, values, n, step);
        assert_int_equal(s.error, 0);
        read_back(&s, &r);
        double *back = page_decode_numbers(r.page, &r.data, at, &n_read);
        assert_non_null(back);
        assert_int_equal(n_read, n);
        for (size_t i = 0; i < n; i++) {
                assert_int_equal(isnan(values[i]), isnan(back[i]));
                if (!isnan(values[i]) && fabs(values[i] - back[i]) > tolerance)
                        fail_msg("value %zu: %.17g became %.17g", i, values[i], back[i]);
        }
        free(back);
        read_done(&r);
        page_sections_done(&s);
}

static void test_numbers(void **state)
{
        double whole[1000], noise[1000], times[1000], pages[1000], large[3] = {0, 0x1p60, 3};
        uint64_t random = 7;

        for (size_t i = 0; i < 1000; i++) {
                random = random * 6364136223846793005ull + 1442695040888963407ull;
                whole[i] = (double)(int64_t)(random >> 40) - 5000;
                noise[i] = (double)(random >> 11) / 0x1p53 * 300;
                times[i] = (double)i * 86.4 + (double)(random >> 50) / 1e6;
                pages[i] = (double)(random >> 30) * 4096;
        }
        whole[3] = noise[0] = noise[999] = pages[500] = pages[501] = NAN;
        check_numbers(whole, 1000, 0, 0);
        check_numbers(whole, 1000, 1, 0);
        check_numbers(pages, 1000, 1024, 0);
        check_numbers(noise, 1000, 0, 300.0 / 65000);
        check_numbers(noise, 1000, 0.001, 0.00051);
        check_numbers(times, 1000, 1e-6, 1e-6); /* 86,400 s in millionths: only the differences fit */
        check_numbers(large, 3, 1, 0);
        check_numbers(whole, 0, 0, 0);
        check_numbers((double[]){NAN, NAN}, 2, 0, 0);
        check_numbers((double[]){0.25}, 1, 0, 0.25 / 65000);
        check_numbers((double[]){65534, 65535, 0}, 3, 1, 0); /* 65535 is "unknown" in 16 bits */
        check_numbers((double[]){-2147483647, 2147483646}, 2, 1, 0);
}

/* Deflated columns of a page are worth deflating. */
static void test_shorter_than_plain(void **state)
{
        enum { N = 4800 };
        static double values[N];
        PageSections s;

        for (size_t i = 0; i < N; i++)
                values[i] = (double)(i * 512 % 90000) * 4096;
        assert_int_equal(page_sections_init(&s), 0);
        page_sections_add(&s, values, N, 1024);
        if (page_deflate_available())
                assert_true(s.items[0].deflated && s.items[0].size < N * 2);
        page_sections_done(&s);
}

static void test_same_once(void **state)
{
        const double a[] = {1, 2, 3, 4}, b[] = {1, 2, 3, 5};
        PageSections s;

        assert_int_equal(page_sections_init(&s), 0);
        size_t first = page_sections_add(&s, a, 4, 1), second = page_sections_add(&s, b, 4, 1);
        assert_int_not_equal(first, second);
        assert_int_equal(page_sections_add(&s, a, 4, 1), first);
        assert_int_not_equal(page_sections_add(&s, a, 4, 0.5), first);
        size_t size = s.data.size, n = s.n;
        page_sections_add(&s, (const double[]){9, 9}, 2, 1);
        assert_int_equal(s.n, n + 1);
        page_sections_truncate(&s, n);
        assert_int_equal(s.n, n);
        assert_int_equal(s.data.size, size);
        /* what was taken away is not pointed at */
        assert_int_equal(page_sections_add(&s, (const double[]){9, 9}, 2, 1), n);
        assert_true(s.data.size > size);
        page_sections_done(&s);
}

static void test_texts(void **state)
{
        static const struct {
                const char *text, *back;
                size_t size;
        } texts[] = {
                {"cc1 -quiet a.c", NULL, 0},
                {"", NULL, 0},
                {"two\nlines", NULL, 0},
                {"back\\slash\\n", NULL, 0},
                {"\\", NULL, 0},
                {"</script><!--", NULL, 0},
                {"\xe2\x80\xae" "right to left", NULL, 0},
                {"\x01\x1b[31m\x7f", NULL, 0},
                {"\xff" "a\xc3" "b\xe2\x80", "\xef\xbf\xbd" "a\xef\xbf\xbd" "b\xef\xbf\xbd\xef\xbf\xbd", 0},
        };
        String all = {0};
        PageSections s;
        Read r;
        size_t n_read = 0;

        for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
                page_text_add(&all, texts[i].text, strlen(texts[i].text));
        assert_int_equal(page_sections_init(&s), 0);
        size_t at = page_sections_add_text(&s, &all, ARRAY_LENGTH(texts));
        read_back(&s, &r);
        char **back = page_decode_texts(r.page, &r.data, at, &n_read);
        assert_non_null(back);
        assert_int_equal(n_read, ARRAY_LENGTH(texts));
        for (size_t i = 0; i < n_read; i++)
                assert_string_equal(back[i], texts[i].back ? texts[i].back : texts[i].text);
        page_decode_texts_free(back);
        read_done(&r);
        string_done(&all);
        page_sections_done(&s);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_numbers),
                cmocka_unit_test(test_shorter_than_plain),
                cmocka_unit_test(test_same_once),
                cmocka_unit_test(test_texts),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
