/* Hostile TOML: a document or a sentence with a place, and a tree that hangs together. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/toml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const TomlDocument *document, const TomlValue *container, unsigned depth)
{
        size_t n = 0;

        bool nests = toml_kind(container) == TOML_TABLE || toml_kind(container) == TOML_ARRAY;
        if (depth > TOML_DEPTH_MAX && nests) /* the innermost may hold what holds nothing */
                abort();
        for (const TomlValue *v = toml_first(container); v; v = toml_next(v), n++) {
                TomlText key = toml_key(v), text;
                if ((toml_kind(container) == TOML_TABLE) != (key.bytes != NULL))
                        abort();
                if (key.bytes && toml_table_get_sized(document, container, key.bytes, key.size) != v)
                        abort();
                if (toml_place(v).line == 0 || toml_place(v).column == 0)
                        abort();
                if (toml_get_string(v, &text) && text.bytes[text.size] != '\0')
                        abort();
                walk(document, v, depth + 1);
        }
        if (n != toml_count(container))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(toml_document_freep) TomlDocument *document = NULL;
        Error err = {0};
        int rc = toml_parse((const char *)data, size, "f", &document, &err);

        if ((rc == 0) != (document != NULL) || (rc < 0) != (strncmp(err.message, "f:", 2) == 0))
                abort();
        if (document)
                walk(document, toml_document_root(document), 0);
        return 0;
}
