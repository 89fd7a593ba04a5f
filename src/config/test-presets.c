/* The presets are in the binary, byte for byte, and are TOML. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/test-source.h"
#include "base/text.h"
#include "config/presets.h"
#include "config/toml.h"

static void test_are_the_files(void **state)
{
        char path[SOURCE_PATH_MAX];
        size_t n = 0;

        for (const Preset *p = presets; p->name; p++, n++) {
                Buffer text = {0};
                source_path(path, "rules/presets/%s.toml", p->name);
                assert_int_equal(file_read_path(AT_FDCWD, path, 1 << 20, &text, NULL), 0);
                assert_int_equal(text.size, p->size);
                assert_memory_equal(text.data, p->text, p->size);
                assert_int_equal(p->text[p->size], '\0');
                buffer_done(&text);
        }
        assert_true(n >= 3);
}

static void test_are_toml(void **state)
{
        for (const Preset *p = presets; p->name; p++) {
                TomlDocument *document = NULL;
                Error err = {0};
                if (toml_parse(p->text, p->size, p->name, &document, &err) < 0)
                        fail_msg("%s", err.message);
                assert_true(toml_count(toml_document_root(document)) > 0);
                assert_true(strlen(p->help) > 10);
                toml_document_free(document);
        }
}

static void test_are_found(void **state)
{
        size_t size = 7;
        const char *text = preset_find("kdevops", &size);

        assert_non_null(text);
        assert_int_equal(size, strlen(text));
        assert_non_null(strstr(text, "name = \"folio_migration\""));
        size = 7;
        assert_null(preset_find("kdev", &size));
        assert_null(preset_find("", &size));
        assert_int_equal(size, 7);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_are_the_files),
                cmocka_unit_test(test_are_toml),
                cmocka_unit_test(test_are_found),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
