/* A document is lines: a header, which names the table, or an entry in the table named last. */
#include "config/toml.h"

#include <errno.h>
#include <string.h>

#include "config/toml-internal.h"

/* A table on the way to the one that a header names; of [[arrays]], the newest element. */
static int enter(TomlScan *s, TomlValue **table, const TomlKey *key)
{
        TomlValue *found = toml_find(s->document, *table, key->text);

        if (!found)
                return toml_add(s, *table, key, key->place, TOML_TABLE, TOML_BY_PATH, table);
        if (found->origin == TOML_BY_ARRAY) {
                *table = found->last;
                return 0;
        }
        if (found->kind != TOML_TABLE)
                return toml_wrong_key(s, key, "already has a value", found->key_place,
                                      "a table before the dot");
        if (found->origin == TOML_BY_VALUE)
                return toml_wrong_key(s, key, "is already a complete table", found->key_place,
                                      "its keys there");
        *table = found;
        return 0;
}

static int open_table(TomlScan *s, TomlValue **table, const TomlKey *key)
{
        TomlValue *found = toml_find(s->document, *table, key->text);

        if (!found)
                return toml_add(s, *table, key, key->place, TOML_TABLE, TOML_BY_HEADER, table);
        if (found->origin != TOML_BY_PATH)
                return toml_wrong_key(s, key, "is already defined", found->key_place,
                                      "each table once");
        found->origin = TOML_BY_HEADER;
        found->place = found->key_place = key->place;
        *table = found;
        return 0;
}

static int open_element(TomlScan *s, TomlValue **table, const TomlKey *key)
{
        TomlValue *array = toml_find(s->document, *table, key->text);

        if (array && array->origin != TOML_BY_ARRAY)
                return toml_wrong_key(s, key, "is already defined", array->key_place,
                                      "a new name, or an array begun with [[");
        if (!array) {
                int rc = toml_add(s, *table, key, key->place, TOML_ARRAY, TOML_BY_ARRAY, &array);
                if (rc < 0)
                        return rc;
        }
        return toml_add(s, array, NULL, key->place, TOML_TABLE, TOML_BY_HEADER, table);
}

static int scan_header(TomlScan *s, TomlValue **ret)
{
        TomlValue *table = toml_root(s->document);
        bool element = s->end - s->at > 1 && s->at[1] == '[';
        TomlKey key;

        toml_skip(s, element ? 2 : 1);
        toml_skip_blank(s);
        int rc = toml_scan_path(s, enter, &table, &key);
        if (rc < 0)
                return rc;
        for (int brackets = element ? 2 : 1; brackets > 0; brackets--) {
                if (toml_peek(s) != ']')
                        return toml_unexpected(s, element ? ". or ]] behind the key"
                                                          : ". or ] behind the key");
                toml_skip(s, 1);
        }
        rc = element ? open_element(s, &table, &key) : open_table(s, &table, &key);
        *ret = table;
        return rc;
}

static int scan_document(TomlScan *s)
{
        TomlValue *table = toml_root(s->document);
        int rc;

        for (;;) {
                toml_skip_blank(s);
                int c = toml_peek(s);
                if (c == '[')
                        rc = scan_header(s, &table);
                else if (c >= 0 && c != '#' && !toml_at_newline(s))
                        rc = toml_scan_entry(s, table);
                else
                        rc = 0;
                if (rc < 0)
                        return rc;
                toml_skip_blank(s);
                toml_skip_comment(s);
                if (toml_peek(s) < 0)
                        return 0;
                if (!toml_at_newline(s))
                        return toml_unexpected(s, "the end of the line");
                toml_skip_newline(s);
        }
}

int toml_parse(const char *text, size_t size, const char *shown_path, TomlDocument **ret, Error *err)
{
        _cleanup_(toml_document_freep) TomlDocument *document = NULL;
        TomlScan s = {.place = {1, 1}, .shown_path = shown_path, .err = err};

        if (size > TOML_BYTES_MAX)
                return toml_wrong(&s, E2BIG, s.place, "the file has more than %d MiB; expected at most that",
                                  TOML_BYTES_MAX >> 20);
        if (toml_document_new(&document) < 0)
                return toml_out_of_memory(&s);
        if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
                text += 3;
                size -= 3;
        }
        s.document = document;
        s.at = text;
        s.end = text + size;
        int rc = toml_check_bytes(&s);
        if (rc == 0)
                rc = scan_document(&s);
        buffer_done(&s.text);
        if (rc == 0)
                *ret = TAKE(document);
        return rc;
}
