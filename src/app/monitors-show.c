/* The monitors for a person: what can be mended first, what merely works last. */
#include <string.h>

#include "app/monitors.h"
#include "app/page.h"

enum { NAME_WIDTH_MIN = 11, NAME_WIDTH_MAX = 24, INTERVAL_WIDTH = 6 };

/* Where text begins: behind the widest name. */
static size_t text_column(const MonitorTrials *trials)
{
        size_t width = NAME_WIDTH_MIN;

        for (size_t i = 0; i < trials->n; i++)
                width = MAX(width, text_width(trials->items[i].monitor->name));
        return 2 + MIN(width, (size_t)NAME_WIDTH_MAX) + 2;
}

/* ---- the list ---- */

static size_t list_some(Page *page, const MonitorTrials *trials, bool enabled, const char *heading)
{
        size_t n = 0;

        for (size_t i = 0; i < trials->n; i++) {
                const MonitorTrial *t = &trials->items[i];
                char interval[FORMAT_MAX];
                if (t->enabled != enabled)
                        continue;
                if (n++ == 0) {
                        string_add(page->to, heading);
                        string_add(page->to, "\n\n");
                }
                page->label = t->monitor->name;
                page_add_label(page);
                string_add_format(page->to, "%*s  ", INTERVAL_WIDTH,
                                  monitor_interval_text(interval, t->interval_us));
                page_add_words(page->to, t->monitor->what, page->indent + INTERVAL_WIDTH + 2,
                               page->indent + INTERVAL_WIDTH + 2);
        }
        return n;
}

void monitors_show_list(const MonitorTrials *trials, bool colour, String *to)
{
        Page page = {to, colour, text_column(trials), ""};

        if (list_some(&page, trials, true, "In every recording, where they work here:") > 0)
                string_add_char(to, '\n');
        if (list_some(&page, trials, false, "When asked for:") > 0)
                string_add_char(to, '\n');
        string_add(to, "vigia monitors probe    tells which work here, and what would enable others\n"
                       "vigia monitors NAME     tells the columns of one, and what can be set\n");
}

/* ---- what became of trying them ---- */

/* How many of those that count could be mended by a command. */
static size_t count_mendable(const MonitorTrials *trials, bool enabled)
{
        size_t n = 0;

        for (size_t i = 0; i < trials->n; i++) {
                const MonitorTrial *t = &trials->items[i];
                n += t->tried && !t->works && t->fix.message[0] && (!enabled || t->enabled);
        }
        return n;
}

/* What cannot be mended is how the machine is: no reason for a warning. */
static void show_verdict(Page *page, const MonitorTrials *trials, bool all)
{
        size_t n = monitor_trials_count(trials, all, false);
        size_t works = monitor_trials_count(trials, all, true);
        size_t mendable = count_mendable(trials, all);
        bool fine = all ? mendable == 0 && works > 0 : works == n;
        _cleanup_string_ String text = {0};

        if (!all && trials->n == 1)
                string_add_format(&text, "%s %s here.", trials->items[0].monitor->name,
                                  works ? "works" : "does not work");
        else if (works == n)
                string_add_format(&text, "All %zu %smonitors work here.", n,
                                  all ? "default " : "");
        else
                string_add_format(&text, "%zu of %zu %smonitors work here", works, n,
                                  all ? "default " : "");
        if (mendable > 0 && trials->n > 1)
                string_add_format(&text, "; a command enables %s.",
                                  mendable == 1 ? "one more" : "more");
        else if (works < n && trials->n > 1)
                string_add_char(&text, '.');
        page_add_verdict(page, fine ? STYLE_GREEN : STYLE_YELLOW, string_get(&text));
}

static bool belongs(const MonitorTrial *t, bool mendable, bool enabled)
{
        return t->tried && !t->works && (t->fix.message[0] != '\0') == mendable &&
               t->enabled == enabled;
}

/* One that does not work: why, and on a line of its own, so that it can be pasted, what to run. */
static void show_absent(Page *page, const MonitorTrial *t)
{
        page_add_line(page, t->why.message);
        if (!t->fix.message[0])
                return;
        page_add_blanks(page->to, page->indent);
        string_add_shown(page->to, t->fix.message, 0, false);
        string_add_char(page->to, '\n');
}

static void show_group(Page *page, const MonitorTrials *trials, bool mendable, const char *heading)
{
        size_t n = 0;

        for (int pass = 0; pass < 2; pass++)
                for (size_t i = 0; i < trials->n; i++) {
                        const MonitorTrial *t = &trials->items[i];
                        if (!belongs(t, mendable, pass == 0))
                                continue;
                        if (n++ == 0)
                                string_add_format(page->to, "\n%s\n\n", heading);
                        page->label = t->monitor->name;
                        show_absent(page, t);
                }
}

static void show_working(Page *page, const MonitorTrials *trials, bool enabled, const char *label)
{
        _cleanup_string_ String names = {0};

        for (size_t i = 0; i < trials->n; i++) {
                const MonitorTrial *t = &trials->items[i];
                if (t->works && t->enabled == enabled)
                        string_add_format(&names, "%s%s", names.size ? ", " : "",
                                          t->monitor->name);
        }
        if (names.size == 0)
                return;
        page->label = label;
        page_add_line(page, string_get(&names));
}

void monitors_show_trials(const MonitorTrials *trials, bool all, bool colour, String *to)
{
        Page page = {to, colour, text_column(trials), ""};

        show_verdict(&page, trials, all);
        show_group(&page, trials, true, "With these commands more would work:");
        show_group(&page, trials, false, "Not here:");
        if (!all && trials->n == 1)
                return;
        if (monitor_trials_count(trials, false, true) > 0)
                string_add_char(to, '\n');
        show_working(&page, trials, true, all ? "recorded" : "works");
        show_working(&page, trials, false, all ? "if asked for" : "works");
}

/* ---- one, in full ---- */

typedef struct Widths {
        size_t name, type, unit;
} Widths;

static Widths widths_of(const Schema *schema)
{
        Widths w = {strlen("column"), strlen("type"), strlen("unit")};

        for (size_t i = 0; i < schema->n_columns; i++) {
                const Column *c = &schema->columns[i];
                w.name = MAX(w.name, text_width(c->name));
                w.type = MAX(w.type, strlen(column_type_name(c->type)));
                w.unit = MAX(w.unit, strlen(unit_name(c->unit)));
        }
        w.name = MIN(w.name, (size_t)32);
        return w;
}

static void show_column(Page *page, const Column *c, const Widths *w)
{
        size_t width = text_width(c->name), over = width > w->name ? width - w->name : 0;
        size_t column = 2 + w->name + 2 + w->type + 2 + w->unit + 2;
        _cleanup_string_ String help = {0};

        string_add(&help, c->help ? c->help : "");
        if (c->role == ROLE_COUNTER)
                string_add(&help, help.size ? " (counter)" : "counter");
        page_add_blanks(page->to, 2);
        string_add_shown(page->to, c->name, 0, false);
        page_add_blanks(page->to, w->name + over - width);
        string_add_format(page->to, "  %-*s  %-*s  ", (int)w->type, column_type_name(c->type),
                          (int)w->unit, unit_name(c->unit));
        page_add_words(page->to, string_get(&help), column + over, column);
}

static void show_columns(Page *page, const Schema *schema)
{
        _cleanup_string_ String head = {0};

        if (!schema) {
                string_add(page->to, "\nIts columns are known where it works.\n");
                return;
        }
        const Widths w = widths_of(schema);
        string_add_format(&head, "\n  %-*s  %-*s  %-*s  %s", (int)w.name, "column", (int)w.type,
                          "type", (int)w.unit, "unit", "meaning");
        page_add_dim(page, string_get(&head));
        string_add_char(page->to, '\n');
        for (size_t i = 0; i < schema->n_columns; i++)
                show_column(page, &schema->columns[i], &w);
}

static void show_key(Page *page, size_t width, const char *name, const char *kind, const char *help)
{
        string_add_format(page->to, "  %-*s  %-13s  ", (int)width, name, kind);
        page_add_words(page->to, help, width + 19, width + 19);
}

static void show_keys(Page *page, const MonitorTrial *t)
{
        _cleanup_string_ String interval = {0}, enabled = {0};
        const MonitorKey *keys = t->monitor->keys;
        char buffer[FORMAT_MAX];
        size_t width = strlen("interval");

        for (size_t i = 0; keys && keys[i].name; i++)
                width = MAX(width, strlen(keys[i].name));
        string_add_format(page->to, "\n[monitors.%s] of a configuration takes\n\n",
                          t->monitor->name);
        string_add_format(&enabled, "whether it is recorded (%s)", t->monitor->off ? "false" : "true");
        show_key(page, width, "enabled", "true or false", string_get(&enabled));
        if (t->monitor->interval_us > 0) {
                string_add_format(&interval, "time between rows (%s)",
                                  monitor_interval_text(buffer, t->monitor->interval_us));
                show_key(page, width, "interval", "duration", string_get(&interval));
        }
        for (size_t i = 0; keys && keys[i].name; i++)
                show_key(page, width, keys[i].name, monitor_key_kind_name(keys[i].kind),
                         keys[i].help);
}

void monitors_show_one(const MonitorTrial *t, const Schema *schema, bool colour, String *to)
{
        Page page = {to, colour, 12, ""};
        _cleanup_string_ String text = {0};
        char interval[FORMAT_MAX];

        string_add_shown(to, t->monitor->name, 0, false);
        string_add(to, ": ");
        page_add_words(to, t->monitor->what, text_width(t->monitor->name) + 2, 2);
        string_add_char(to, '\n');
        if (t->interval_us > 0)
                string_add_format(&text, "every %s", monitor_interval_text(interval, t->interval_us));
        else
                string_add(&text, "when something happens");
        string_add_format(&text, t->enabled ? "; -x %s leaves it out" : ", if asked for: -m %s",
                          t->monitor->name);
        page.label = "recorded";
        page_add_line(&page, string_get(&text));
        page.label = "here";
        if (t->works)
                page_add_line(&page, "works");
        else
                show_absent(&page, t);
        show_columns(&page, schema);
        show_keys(&page, t);
}
