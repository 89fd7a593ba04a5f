/* The standard's own examples, at every border of a block. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/sha256.h"

static void hash(const char *text, size_t size, size_t step, char ret[SHA256_TEXT])
{
        Sha256 sha;

        sha256_init(&sha);
        for (size_t at = 0; at < size; at += step)
                sha256_add(&sha, text + at, MIN(step, size - at));
        sha256_end(&sha, ret);
}

/* FIPS 180-4, and the same by sha256sum. */
static void test_known(void **state)
{
        static const struct {
                const char *text, *sum;
        } known[] = {
                {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
                {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
                {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        };
        char sum[SHA256_TEXT];

        for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
                size_t size = 0;
                while (known[i].text[size])
                        size++;
                hash(known[i].text, size, 64, sum);
                assert_string_equal(sum, known[i].sum);
        }
}

static void test_million(void **state)
{
        static char a[1000000];
        char sum[SHA256_TEXT];
        static const size_t steps[] = {1000000, 64, 63, 65, 7};

        for (size_t i = 0; i < sizeof a; i++)
                a[i] = 'a';
        for (size_t i = 0; i < ARRAY_LENGTH(steps); i++) {
                hash(a, sizeof a, steps[i], sum);
                assert_string_equal(sum, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
        }
}

/* However it comes in pieces: all lengths around one and two blocks. */
static void test_borders(void **state)
{
        char text[200], one[SHA256_TEXT], pieces[SHA256_TEXT];

        for (size_t i = 0; i < sizeof text; i++)
                text[i] = (char)(i * 7);
        for (size_t n = 50; n < sizeof text; n++) {
                hash(text, n, n, one);
                hash(text, n, 3, pieces);
                assert_string_equal(one, pieces);
        }
        hash(text, 55, 55, one); /* padding in the same block, and just not */
        assert_string_equal(one, "576a1bf8d4478657e6dc4af9398544765c2a92cde28478b019235cfed315fc09");
        hash(text, 56, 56, one);
        assert_string_equal(one, "9b20501dfd1d99161c257950f3444f3e49230c351c5c8e0943ef369f85f5205d");
        hash(text, 119, 119, one);
        assert_string_equal(one, "7a6589821178918ca8d9edaba5abfc1e9b2669564f4469b66885379c1530b2c8");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_known),
                cmocka_unit_test(test_million),
                cmocka_unit_test(test_borders),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
