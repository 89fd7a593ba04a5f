/* A map from the hash of both names to a list of labels that share it. */
#include "rules/label-table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"

/* Columns of a program's name in a label. */
enum { NAME_COLUMNS = 48, NAME_BYTES = 256 };

typedef struct Entry Entry;
struct Entry {
        Label label; /* first: who has the label has the entry */
        Entry *next; /* of the same hash */
        char texts[];
};

struct LabelTable {
        Map *entries;
        size_t n_made;
        String name; /* of the label being made */
};

int label_table_new(LabelTable **ret)
{
        LabelTable *table = calloc(1, sizeof *table);

        if (!table)
                return -ENOMEM;
        if (map_new(&table->entries) < 0) {
                free(table);
                return -ENOMEM;
        }
        *ret = table;
        return 0;
}

LabelTable *label_table_free(LabelTable *table)
{
        size_t position = 0;
        void *value;

        if (!table)
                return NULL;
        while (map_next(table->entries, &position, NULL, &value)) {
                for (Entry *e = value, *next; e; e = next) {
                        next = e->next;
                        free(e);
                }
        }
        map_free(table->entries);
        string_done(&table->name);
        free(table);
        return NULL;
}

static uint64_t hash_of(const char *major, const char *category)
{
        return hash_bytes(major, strlen(major)) ^ hash_u64(hash_bytes(category, strlen(category)));
}

static Entry *find(const LabelTable *table, uint64_t hash, const char *major, const char *category)
{
        Entry *e = map_get(table->entries, hash);

        while (e && (!text_equal(e->label.major, major) || !text_equal(e->label.category, category)))
                e = e->next;
        return e;
}

static const Label *add(LabelTable *table, uint64_t hash, const char *major, const char *category)
{
        size_t n = strlen(major) + 1, m = strlen(category) + 1;
        Entry *e = malloc(sizeof *e + n + m);

        if (!e)
                return NULL;
        memcpy(e->texts, major, n);
        memcpy(e->texts + n, category, m);
        e->label = (Label){e->texts, e->texts + n};
        e->next = map_get(table->entries, hash);
        if (map_put(table->entries, hash, e) < 0) {
                free(e);
                return NULL;
        }
        return &e->label;
}

const Label *label_table_get(LabelTable *table, const char *major, const char *category)
{
        uint64_t hash = hash_of(major, category);
        const Entry *e = find(table, hash, major, category);

        return e ? &e->label : add(table, hash, major, category);
}

const Label *label_table_make(LabelTable *table, const char *major, const char *category, TextPart program,
                              const Label *otherwise)
{
        String *name = &table->name;
        const char *at = strstr(category, "$program");
        char bounded[NAME_BYTES + 1];

        string_clear(name);
        name->failed = false;
        size_t size = MIN(program.size, (size_t)NAME_BYTES);
        memcpy(bounded, size ? program.text : "", size);
        bounded[size] = '\0';
        string_add_bytes(name, category, at ? (size_t)(at - category) : strlen(category));
        string_add_shown(name, bounded, NAME_COLUMNS, false);
        if (at)
                string_add(name, at + strlen("$program"));
        if (name->failed)
                return otherwise;
        uint64_t hash = hash_of(major, string_get(name));
        const Entry *e = find(table, hash, major, string_get(name));
        if (e)
                return &e->label;
        if (table->n_made >= LABELS_MADE_MAX)
                return otherwise;
        const Label *made = add(table, hash, major, string_get(name));
        table->n_made += made != NULL;
        return made ? made : otherwise;
}
