/* Found by hash: files with thousands of columns in changing order stay linear. */
#include "export/column-set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int column_set_init(ColumnSet *set)
{
        *set = (ColumnSet){0};
        return map_new(&set->by_name);
}

void column_set_done(ColumnSet *set)
{
        for (size_t i = 0; i < set->n; i++)
                free(set->names[i]);
        free(set->names);
        free(set->guesses);
        free(set->columns);
        map_free(set->by_name);
        *set = (ColumnSet){0};
}

static bool name_is(const ColumnSet *set, size_t i, const char *name, size_t size)
{
        return strncmp(set->names[i], name, size) == 0 && set->names[i][size] == '\0';
}

int column_set_find(const ColumnSet *set, const char *name, size_t size, size_t hint, size_t *ret)
{
        if (hint < set->n && name_is(set, hint, name, size)) {
                *ret = hint;
                return 0;
        }
        uintptr_t found = (uintptr_t)map_get(set->by_name, hash_bytes(name, size));
        if (found > 0 && name_is(set, found - 1, name, size)) {
                *ret = found - 1;
                return 0;
        }
        for (size_t i = 0; found > 0 && i < set->n; i++) /* two names of one hash */
                if (name_is(set, i, name, size)) {
                        *ret = i;
                        return 0;
                }
        return -ENOENT;
}

int column_set_add(ColumnSet *set, const char *name, size_t size)
{
        if (set->n >= COLUMNS_MAX)
                return -E2BIG;
        if (set->n == set->capacity) {
                size_t capacity = set->capacity ? set->capacity * 2 : 32;
                char **names = realloc(set->names, capacity * sizeof *names);
                if (!names)
                        return -ENOMEM;
                set->names = names;
                TypeGuess *guesses = realloc(set->guesses, capacity * sizeof *guesses);
                if (!guesses)
                        return -ENOMEM;
                set->guesses = guesses;
                set->capacity = capacity;
        }
        char *copy = strndup(name, size);
        if (!copy)
                return -ENOMEM;
        set->names[set->n] = copy;
        set->guesses[set->n++] = (TypeGuess){0};
        uint64_t key = hash_bytes(name, size);
        return map_get(set->by_name, key) ? 0 : map_put(set->by_name, key, (void *)(uintptr_t)set->n);
}

int column_set_finish(ColumnSet *set, const char *table)
{
        set->columns = calloc(set->n ? set->n : 1, sizeof *set->columns);
        if (!set->columns)
                return -ENOMEM;
        for (size_t i = 0; i < set->n; i++) {
                ColumnType type = type_guess_result(&set->guesses[i]);
                set->columns[i] = (Column){
                        .name = set->names[i],
                        .type = type,
                        .role = type == COLUMN_TEXT ? ROLE_TEXT : ROLE_GAUGE,
                        .unit = type == COLUMN_TEXT ? UNIT_NONE : unit_of_name(set->names[i]),
                };
        }
        set->schema = (Schema){table, set->columns, set->n};
        return 0;
}
