/* The tree lies in an arena; one map finds (table, key) for the whole document. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "config/toml-internal.h"

struct TomlDocument {
        TomlValue root;
        Arena memory; /* of values and texts */
        Map *keys;
        size_t n_values;
};

int toml_document_new(TomlDocument **ret)
{
        TomlDocument *d = calloc(1, sizeof *d);

        if (!d)
                return -ENOMEM;
        d->root = (TomlValue){.kind = TOML_TABLE, .origin = TOML_BY_HEADER, .place = {1, 1}};
        if (map_new(&d->keys) < 0) {
                free(d);
                return -ENOMEM;
        }
        *ret = d;
        return 0;
}

TomlDocument *toml_document_free(TomlDocument *document)
{
        if (!document)
                return NULL;
        arena_done(&document->memory);
        map_free(document->keys);
        free(document);
        return NULL;
}

int toml_keep_text(TomlScan *s, TomlText *ret)
{
        const char *bytes = arena_copy(&s->document->memory, (const char *)s->text.data, s->text.size);

        if (!bytes)
                return toml_out_of_memory(s);
        *ret = (TomlText){bytes, s->text.size};
        return 0;
}

TomlValue *toml_root(TomlDocument *document)
{
        return &document->root;
}

static uint64_t key_hash(const TomlValue *table, TomlText key)
{
        return hash_bytes(key.bytes, key.size) ^ hash_u64((uintptr_t)table);
}

TomlValue *toml_find(const TomlDocument *document, const TomlValue *table, TomlText key)
{
        TomlValue *v = map_get(document->keys, key_hash(table, key));

        while (v && (v->parent != table || v->key.size != key.size ||
                     memcmp(v->key.bytes, key.bytes, key.size) != 0))
                v = v->same_hash;
        return v;
}

int toml_add(TomlScan *s, TomlValue *container, const TomlKey *key, TomlPlace place, TomlKind kind,
             TomlOrigin origin, TomlValue **ret)
{
        TomlDocument *d = s->document;
        bool nests = kind == TOML_TABLE || kind == TOML_ARRAY;
        TomlValue *v;

        if (nests && container->depth >= TOML_DEPTH_MAX)
                return toml_wrong(s, E2BIG, place, "nested too deeply; expected at most %d levels",
                                  TOML_DEPTH_MAX);
        if (d->n_values >= TOML_VALUES_MAX)
                return toml_wrong(s, E2BIG, place, "too many values; expected at most %d",
                                  TOML_VALUES_MAX);
        v = arena_allocate(&d->memory, sizeof *v);
        if (!v)
                return toml_out_of_memory(s);
        *v = (TomlValue){.kind = kind, .origin = origin, .depth = container->depth + 1,
                         .place = place, .parent = container};
        if (key) {
                uint64_t hash = key_hash(container, key->text);
                v->key = key->text;
                v->key_place = key->place;
                v->same_hash = map_get(d->keys, hash);
                if (map_put(d->keys, hash, v) < 0)
                        return toml_out_of_memory(s);
        }
        if (container->last)
                container->last->next = v;
        else
                container->first = v;
        container->last = v;
        container->count++;
        d->n_values++;
        *ret = v;
        return 0;
}

const TomlValue *toml_document_root(const TomlDocument *document)
{
        return &document->root;
}

const TomlValue *toml_table_get_sized(const TomlDocument *document, const TomlValue *table,
                                      const char *key, size_t size)
{
        return toml_find(document, table, (TomlText){key, size});
}

const TomlValue *toml_table_get(const TomlDocument *document, const TomlValue *table, const char *key)
{
        return toml_table_get_sized(document, table, key, strlen(key));
}

static bool is_container(const TomlValue *value)
{
        return value->kind == TOML_TABLE || value->kind == TOML_ARRAY;
}

const TomlValue *toml_first(const TomlValue *container)
{
        return is_container(container) ? container->first : NULL;
}

const TomlValue *toml_next(const TomlValue *value)
{
        return value->next;
}

size_t toml_count(const TomlValue *container)
{
        return is_container(container) ? container->count : 0;
}

TomlKind toml_kind(const TomlValue *value)
{
        return value->kind;
}

const char *toml_kind_name(TomlKind kind)
{
        static const char *const names[] = {
                [TOML_STRING] = "a string",
                [TOML_INTEGER] = "an integer",
                [TOML_FLOAT] = "a float",
                [TOML_BOOL] = "true or false",
                [TOML_OFFSET_DATE_TIME] = "a date and time with offset",
                [TOML_LOCAL_DATE_TIME] = "a local date and time",
                [TOML_LOCAL_DATE] = "a local date",
                [TOML_LOCAL_TIME] = "a local time",
                [TOML_ARRAY] = "an array",
                [TOML_TABLE] = "a table",
        };

        return names[kind];
}

TomlPlace toml_place(const TomlValue *value)
{
        return value->place;
}

TomlText toml_key(const TomlValue *value)
{
        return value->key;
}

TomlPlace toml_key_place(const TomlValue *value)
{
        return value->key_place;
}

bool toml_get_string(const TomlValue *value, TomlText *ret)
{
        if (value->kind != TOML_STRING)
                return false;
        *ret = value->text;
        return true;
}

bool toml_get_integer(const TomlValue *value, int64_t *ret)
{
        if (value->kind != TOML_INTEGER)
                return false;
        *ret = value->integer;
        return true;
}

bool toml_get_float(const TomlValue *value, double *ret)
{
        if (value->kind != TOML_FLOAT)
                return false;
        *ret = value->number;
        return true;
}

bool toml_get_bool(const TomlValue *value, bool *ret)
{
        if (value->kind != TOML_BOOL)
                return false;
        *ret = value->boolean;
        return true;
}

bool toml_get_time(const TomlValue *value, TomlTime *ret)
{
        if (value->kind < TOML_OFFSET_DATE_TIME || value->kind > TOML_LOCAL_TIME)
                return false;
        *ret = value->time;
        return true;
}
