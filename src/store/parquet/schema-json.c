/* Roles and units by name; what a stranger's file leaves open is guessed from its names. */
#include "store/parquet/schema-json.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/macros.h"

void schema_json_write(String *to, const Schema *schema)
{
        Json j = {.out = to, .compact = true};

        json_open_object(&j, NULL, JSON_ONE_LINE);
        json_add_text(&j, "table", schema->table ? schema->table : "");
        json_open_array(&j, "columns", JSON_ONE_LINE);
        for (size_t i = 0; i < schema->n_columns; i++) {
                const Column *column = &schema->columns[i];
                json_open_object(&j, NULL, JSON_ONE_LINE);
                if (column->role != ROLE_GAUGE)
                        json_add_text(&j, "role", column_role_name(column->role));
                if (column->unit != UNIT_NONE)
                        json_add_text(&j, "unit", unit_name(column->unit));
                json_close(&j);
        }
        json_close(&j);
        json_close(&j);
}

static void apply_role(Column *column, const char *name)
{
        column->role = ROLE_GAUGE;
        for (int i = 0; name && i <= ROLE_TEXT; i++)
                if (text_equal(name, column_role_name((ColumnRole)i)))
                        column->role = (ColumnRole)i;
}

static void apply_unit(Column *column, const char *name)
{
        column->unit = UNIT_NONE;
        for (int i = UNIT_NONE; name && i <= UNIT_LAST; i++)
                if (text_equal(name, unit_name((Unit)i)))
                        column->unit = (Unit)i;
}

static int apply(json_t *root, char **table, Column *columns, size_t n_columns)
{
        const char *name = json_string_value(json_object_get(root, "table"));
        json_t *list = json_object_get(root, "columns");

        if (!json_is_array(list) || json_array_size(list) != n_columns)
                return 0;
        if (name) {
                char *copy = strdup(name);
                if (!copy)
                        return -ENOMEM;
                free(*table);
                *table = copy;
        }
        for (size_t i = 0; i < n_columns; i++) {
                json_t *entry = json_array_get(list, i);
                if (!json_is_object(entry))
                        continue;
                apply_role(&columns[i], json_string_value(json_object_get(entry, "role")));
                apply_unit(&columns[i], json_string_value(json_object_get(entry, "unit")));
        }
        return 0;
}

int schema_json_apply(const char *json, char **table, Column *columns, size_t n_columns)
{
        json_t *root = json_loads(json, 0, NULL);

        if (!root)
                return 0;
        int r = apply(root, table, columns, n_columns);
        json_decref(root);
        return r;
}

ColumnRole schema_guess_role(const Column *column)
{
        if (column->type == COLUMN_TEXT)
                return ROLE_TEXT;
        if (column->type == COLUMN_TIME || text_equal(column->name, "t_ns"))
                return ROLE_KEY;
        return ROLE_GAUGE;
}

Unit schema_guess_unit(const Column *column)
{
        static const struct {
                const char *ending;
                Unit unit;
        } endings[] = {
                {"_bytes", UNIT_BYTES}, {"_ns", UNIT_NS},       {"_us", UNIT_US},
                {"_ms", UNIT_MS},       {"_ratio", UNIT_RATIO}, {"_c", UNIT_CELSIUS},
        };

        if (column->type == COLUMN_TEXT || column->type == COLUMN_BOOL)
                return UNIT_NONE;
        for (size_t i = 0; i < ARRAY_LENGTH(endings); i++)
                if (text_ends_with(column->name, endings[i].ending))
                        return endings[i].unit;
        return UNIT_NONE;
}
