/* Which monitors a recording has. Each layer in turn says its word: what it declares is on, then
 * its `only`, `on` and `off`, then `enabled` of a monitor's own table; a later layer has the last. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/configuration.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/nearest.h"
#include "base/text.h"

/* The samples of processes are the recording itself; its name stands for "no other". */
#define PROCESS "process"

typedef struct Choice {
        const Monitor *monitor;
        const SettingRecord *declaration; /* NULL: of the registry */
        bool on, asked;
        const SettingSource *why; /* who last turned it on */
} Choice;

typedef struct Choices {
        Configuration *c;
        Choice *items;
        size_t n;
} Choices;

static Choice *find(const Choices *all, const char *name)
{
        for (size_t i = 0; i < all->n; i++)
                if (setting_name_equal(all->items[i].monitor->name, name))
                        return &all->items[i];
        return NULL;
}

/* ---- names ---- */

static void tell_unknown(const Choices *all, const SettingValue *list, const char *name)
{
        Nearest nearest = nearest_to(name);
        char hint[NEAREST_HINT_MAX];
        _cleanup_string_ String shown = {0};

        for (size_t i = 0; i < all->n; i++)
                nearest_offer(&nearest, all->items[i].monitor->name);
        nearest_hint(&nearest, "", hint);
        string_add_shown(&shown, name, 48, false);
        settings_note(all->c->settings, SETTING_PROBLEM, &list->source,
                      "%s names %s, which is no monitor%s",
                      list->source.place.line ? list->key->name : list->source.name,
                      string_get(&shown), hint[0] ? hint : "; vigia monitors lists them");
}

static bool names(const SettingValue *list, const char *name)
{
        for (size_t i = 0; list && i < list->n_texts; i++)
                if (setting_name_equal(list->texts[i], name))
                        return true;
        return false;
}

static void check_names(const Choices *all, const char *key)
{
        for (const SettingValue *v = settings_get(all->c->settings, key); v; v = v->earlier)
                for (size_t i = 0; i < v->n_texts; i++)
                        if (!text_equal(v->texts[i], PROCESS) && !find(all, v->texts[i]))
                                tell_unknown(all, v, v->texts[i]);
                        else if (text_equal(v->texts[i], PROCESS) && text_equal(key, "monitors.off"))
                                settings_note(all->c->settings, SETTING_PROBLEM, &v->source,
                                              "%s names process, without which there is no recording",
                                              v->source.place.line ? key : v->source.name);
}

/* ---- layer by layer ---- */

static const SettingValue *at_rank(const Settings *s, const char *key, unsigned rank)
{
        const SettingValue *v = settings_get(s, key);

        while (v && v->source.rank != rank)
                v = v->earlier;
        return v;
}

static void turn(Choice *choice, bool on, const SettingSource *why)
{
        choice->on = on;
        choice->asked = on && why;
        choice->why = on ? why : NULL;
}

static void apply_lists(Choices *all, unsigned rank)
{
        Settings *s = all->c->settings;
        const SettingValue *only = at_rank(s, "monitors.only", rank);
        const SettingValue *on = at_rank(s, "monitors.on", rank);
        const SettingValue *off = at_rank(s, "monitors.off", rank);

        for (size_t i = 0; i < all->n; i++) {
                Choice *choice = &all->items[i];
                const char *name = choice->monitor->name;
                if (choice->declaration && choice->declaration->source.rank == rank)
                        turn(choice, !choice->monitor->off, &choice->declaration->source);
                if (only)
                        turn(choice, names(only, name), &only->source);
                if (names(on, name))
                        turn(choice, true, &on->source);
                if (names(off, name))
                        turn(choice, false, NULL);
                if (names(on, name) && names(off, name))
                        settings_note(s, SETTING_PROBLEM, &off->source,
                                      "%s names %s, and so does %s; expected one of them",
                                      off->source.place.line ? off->key->name : off->source.name, name,
                                      on->source.place.line ? on->key->name : on->source.name);
        }
}

/* A key of a monitor's own table: its name behind "monitors.NAME.", NULL if it is none. */
static const char *own_key(const SettingKey *key, const Monitor *monitor)
{
        static const char before[] = "monitors.";
        const char *p = key->name + sizeof before - 1;
        size_t n = strlen(monitor->name);

        if (!text_starts_with(key->name, before) || strlen(p) <= n || p[n] != '.')
                return NULL;
        for (size_t i = 0; i < n; i++)
                if (p[i] != (monitor->name[i] == '-' ? '_' : monitor->name[i]))
                        return NULL;
        return p + n + 1;
}

static void apply_enabled(Choices *all, unsigned rank)
{
        for (size_t k = 0; k < all->c->schema->n_keys; k++) {
                const SettingValue *v = settings_get_at(all->c->settings, k);
                while (v && v->source.rank != rank)
                        v = v->earlier;
                for (size_t i = 0; v && i < all->n; i++) {
                        const char *own = own_key(v->key, all->items[i].monitor);
                        if (own && text_equal(own, "enabled"))
                                turn(&all->items[i], v->number, &v->source);
                }
        }
}

/* ---- what follows ---- */

static int make_plan(const Choices *all)
{
        Configuration *c = all->c;

        c->plan = calloc(all->n + 1, sizeof *c->plan);
        c->plan_why = calloc(all->n + 1, sizeof *c->plan_why);
        if (!c->plan || !c->plan_why)
                return -ENOMEM;
        for (size_t i = 0; i < all->n; i++) {
                const Choice *choice = &all->items[i];
                if (!choice->on)
                        continue;
                c->plan[c->n_plan] = (MonitorPlan){choice->monitor, choice->monitor->interval_us,
                                                   choice->asked};
                c->plan_why[c->n_plan++] = choice->why;
        }
        return 0;
}

static void set_interval(Configuration *c, const Monitor *monitor, uint64_t interval_us)
{
        for (size_t i = 0; i < c->n_plan; i++)
                if (c->plan[i].monitor == monitor)
                        c->plan[i].interval_us = interval_us;
}

static void add_setting(Configuration *c, const Monitor *monitor, const char *key,
                        const SettingValue *v)
{
        const char *name = key;
        uint64_t number = v->key->kind == SETTING_DURATION ? v->number / NS_PER_US : v->number;

        /* As the monitor itself spells it. */
        for (const MonitorKey *own = monitor->keys; own && own->name; own++)
                if (setting_name_equal(own->name, key))
                        name = own->name;
        c->monitor_settings[c->n_monitor_settings++] =
                (MonitorSetting){monitor->name, name, v->texts, v->n_texts, number};
}

static int take_settings(const Choices *all)
{
        Configuration *c = all->c;

        c->monitor_settings = calloc(c->schema->n_keys + 1, sizeof *c->monitor_settings);
        if (!c->monitor_settings)
                return -ENOMEM;
        for (size_t k = 0; k < c->schema->n_keys; k++) {
                const SettingValue *v = settings_get_at(c->settings, k);
                for (size_t i = 0; v && i < all->n; i++) {
                        const Monitor *monitor = all->items[i].monitor;
                        const char *own = own_key(v->key, monitor);
                        if (own && text_equal(own, "interval"))
                                set_interval(c, monitor, v->number / NS_PER_US);
                        else if (own && !text_equal(own, "enabled"))
                                add_setting(c, monitor, own, v);
                }
        }
        return 0;
}

static size_t count(const Monitor *const *list)
{
        size_t n = 0;

        while (list[n])
                n++;
        return n;
}

int monitors_plan(Configuration *c)
{
        size_t n = count(monitors);
        _cleanup_free_ Choice *items = calloc(n + c->n_declared + 1, sizeof *items);
        Choices all = {c, items, n + c->n_declared};

        if (!items)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                items[i] = (Choice){monitors[i], NULL, !monitors[i]->off, false, NULL};
        for (size_t i = 0; i < c->n_declared; i++)
                items[n + i] = (Choice){c->declared[i], c->declarations[i], false, false, NULL};
        check_names(&all, "monitors.only");
        check_names(&all, "monitors.on");
        check_names(&all, "monitors.off");
        for (unsigned rank = 1; rank <= settings_last_rank(c->settings); rank++) {
                apply_lists(&all, rank);
                apply_enabled(&all, rank);
        }
        int r = make_plan(&all);
        return r < 0 ? r : take_settings(&all);
}
