/* The monitors of this build in Markdown, for docs/monitors.md: what they show, their tables, what
 * can be set. `monitor-docs names` prints their names, each with "on" or "off". */
#include <stdio.h>

#include "app/monitors.h"

static void print_cell(const char *text)
{
        for (; text && *text; text++)
                printf(*text == '|' ? "\\|" : "%c", *text);
}

static void print_columns(const Schema *schema)
{
        printf("\n| column | type | unit | role | meaning |\n|---|---|---|---|---|\n");
        for (size_t i = 0; i < schema->n_columns; i++) {
                const Column *c = &schema->columns[i];
                if (i == MONITOR_TIME || i == MONITOR_T_NS)
                        continue;
                printf("| `%s` | %s | %s | %s | ", c->name, column_type_name(c->type),
                       unit_name(c->unit), column_role_name(c->role));
                print_cell(c->help);
                printf(" |\n");
        }
}

static void print_keys(const Monitor *m)
{
        if (!m->keys || !m->keys[0].name)
                return;
        printf("\n| key of `[monitors.%s]` | value | meaning |\n|---|---|---|\n", m->name);
        for (const MonitorKey *k = m->keys; k->name; k++) {
                printf("| `%s` | %s | ", k->name, monitor_key_kind_name(k->kind));
                print_cell(k->help);
                printf(" |\n");
        }
}

static void print_monitor(const Monitor *m)
{
        char interval[FORMAT_MAX];

        printf("\n## %s\n\n", m->name);
        print_cell(m->what);
        if (m->interval_us > 0)
                printf(". Every %s", monitor_interval_text(interval, m->interval_us));
        else
                printf(". When something happens");
        printf("%s%s.", m->off ? ", when asked for" : "", m->early ? ", from the first instruction" : "");
        if (!m->schema)
                printf(" Its columns are those of what it reads.\n");
        else if (text_equal(m->schema->table, m->name))
                printf(" Table `%s`.\n", m->schema->table);
        else
                printf(" Rows of table `%s`.\n", m->schema->table);
        if (m->schema && text_equal(m->schema->table, m->name))
                print_columns(m->schema);
        print_keys(m);
}

static void print_list(void)
{
        char interval[FORMAT_MAX];

        printf("\n| monitor | shows | every | by default |\n|---|---|---|---|\n");
        for (size_t i = 0; monitors[i]; i++) {
                const Monitor *m = monitors[i];
                printf("| [%s](#%s) | ", m->name, m->name);
                print_cell(m->what);
                printf(" | %s | %s |\n", monitor_interval_text(interval, m->interval_us),
                       m->off ? "off" : "on");
        }
}

int main(int argc, char **argv)
{
        if (argc > 1 && text_equal(argv[1], "names")) {
                for (size_t i = 0; monitors[i]; i++)
                        printf("%s %s\n", monitors[i]->name, monitors[i]->off ? "off" : "on");
                return 0;
        }
        print_list();
        for (size_t i = 0; monitors[i]; i++)
                print_monitor(monitors[i]);
        return 0;
}
