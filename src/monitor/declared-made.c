/* A Monitor that owns a copy of its declaration. It is held by whoever made it and by every start: a
 * thread that hangs in a dead file system may outlive the one, and still looks at it. */
#include "monitor/declared-internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/macros.h"

struct DeclaredMade {
        Monitor monitor; /* first: it is what others know */
        DeclaredMonitor declaration;
        unsigned holds;  /* atomic */
        void **owned;    /* everything that is copied */
        size_t n_owned;
        bool failed;
};

DeclaredMade *declared_made_hold(const Monitor *monitor)
{
        DeclaredMade *made = (DeclaredMade *)(void *)monitor;

        if (monitor->sample != declared_sample || monitor->data != &made->declaration)
                return NULL;
        __atomic_add_fetch(&made->holds, 1, __ATOMIC_RELAXED);
        return made;
}

DeclaredMade *declared_made_release(DeclaredMade *made)
{
        if (!made || __atomic_sub_fetch(&made->holds, 1, __ATOMIC_ACQ_REL) > 0)
                return NULL;
        for (size_t i = 0; i < made->n_owned; i++)
                free(made->owned[i]);
        free(made->owned);
        free(made);
        return NULL;
}

/* ---- copying ---- */

static void *own(DeclaredMade *m, size_t size)
{
        void *memory = calloc(1, size ? size : 1);
        void **more = reallocarray(m->owned, m->n_owned + 1, sizeof *more);

        if (more)
                m->owned = more;
        if (!memory || !more) {
                free(memory);
                m->failed = true;
                return NULL;
        }
        m->owned[m->n_owned++] = memory;
        return memory;
}

static const char *copy_text(DeclaredMade *m, const char *text)
{
        size_t size = text ? strlen(text) + 1 : 0;
        char *copy = text ? own(m, size) : NULL;

        return copy ? memcpy(copy, text, size) : NULL;
}

static const char *const *copy_texts(DeclaredMade *m, const char *const *texts)
{
        size_t n = 0;

        if (!texts)
                return NULL;
        while (texts[n])
                n++;
        const char **copy = own(m, (n + 1) * sizeof *copy);
        for (size_t i = 0; copy && i < n; i++)
                copy[i] = copy_text(m, texts[i]);
        return copy;
}

static const DeclaredColumn *copy_columns(DeclaredMade *m, const DeclaredMonitor *from)
{
        DeclaredColumn *copy = own(m, from->n_columns * sizeof *copy);

        for (size_t i = 0; copy && i < from->n_columns; i++) {
                copy[i] = from->columns[i];
                copy[i].name = copy_text(m, copy[i].name);
                copy[i].source = copy_text(m, copy[i].source);
                copy[i].unit = copy_text(m, copy[i].unit);
                copy[i].help = copy_text(m, copy[i].help);
        }
        return copy;
}

static void copy_declaration(DeclaredMade *m, const DeclaredMonitor *from)
{
        DeclaredMonitor *d = &m->declaration;

        *d = *from;
        const char **texts[] = {&d->name, &d->help,    &d->file,      &d->shell,   &d->host_prefix,
                                &d->unit, &d->pattern, &d->separator, &d->comment, &d->key};
        for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
                *texts[i] = copy_text(m, *texts[i]);
        d->command = copy_texts(m, from->command);
        d->environment = copy_texts(m, from->environment);
        d->columns = copy_columns(m, from);
}

/* ---- making ---- */

static const char *what_it_is(DeclaredMade *m)
{
        const DeclaredMonitor *d = &m->declaration;
        _cleanup_string_ String text = {0};

        if (d->help)
                return d->help;
        string_add(&text, "declared: ");
        string_add_shown(&text, d->file ? d->file : d->shell ? d->shell : d->command[0], 46, false);
        return copy_text(m, string_get(&text));
}

int declared_monitor_new(const DeclaredMonitor *declaration, Monitor **ret, Error *err)
{
        int r = declared_monitor_check(declaration, NULL, err);

        if (r < 0)
                return r;
        DeclaredMade *made = calloc(1, sizeof *made);
        if (!made)
                return error_set(err, ENOMEM, "out of memory");
        made->holds = 1;
        copy_declaration(made, declaration);
        const DeclaredMonitor *d = &made->declaration;
        if (made->failed) {
                declared_made_release(made);
                return error_set(err, ENOMEM, "out of memory");
        }
        made->monitor = (Monitor){
                .name = d->name,
                .what = what_it_is(made),
                .interval_us = d->interval_us ? d->interval_us : DECLARED_INTERVAL_US,
                .off = d->off,
                .blocking = true,
                .state_size = DECLARED_STATE_SIZE,
                .data = d,
                .probe = declared_probe,
                .start = declared_start,
                .table = declared_table,
                .sample = declared_sample,
                .stop = declared_stop,
        };
        if (made->failed) {
                declared_made_release(made);
                return error_set(err, ENOMEM, "out of memory");
        }
        *ret = &made->monitor;
        return 0;
}

Monitor *declared_monitor_free(Monitor *monitor)
{
        if (monitor)
                declared_made_release((DeclaredMade *)(void *)monitor);
        return NULL;
}

/* ---- many ---- */

/* Names are compared as their tables are named. */
static bool is_same_table(const char *a, const char *b)
{
        char x[DECLARED_NAME_MAX], y[DECLARED_NAME_MAX];

        declared_safe_name(a, strlen(a), x);
        declared_safe_name(b, strlen(b), y);
        return text_equal(x, y);
}

/* Whose name it is already, in words; NULL: nobody's. */
static const char *taken_by(const DeclaredMonitor *declarations, size_t n)
{
        static const char *const tables[] = {"process", "processes", "samples", "totals",
                                             "threads", "events",    "findings"};
        const char *name = declarations[n].name;

        for (size_t i = 0; i < ARRAY_LENGTH(tables); i++)
                if (is_same_table(tables[i], name))
                        return "a table of every run";
        for (size_t i = 0; monitors[i]; i++)
                if (is_same_table(monitors[i]->name, name))
                        return "a monitor that vigia brings along";
        for (size_t i = 0; i < n; i++)
                if (is_same_table(declarations[i].name, name))
                        return "another declared monitor";
        return NULL;
}

int declared_monitors_new(const DeclaredMonitor *declarations, size_t n, Monitor ***ret,
                          size_t *ret_failed, DeclaredFault *fault, Error *err)
{
        Monitor **made = calloc(n + 1, sizeof *made);
        DeclaredFault ignored;
        int r = made ? 0 : error_set(err, ENOMEM, "out of memory");
        size_t i = 0;

        if (!fault)
                fault = &ignored;
        *fault = (DeclaredFault){NULL, SIZE_MAX};
        for (; r == 0 && i < n; i++) {
                r = declared_monitor_check(&declarations[i], fault, err);
                const char *other = r == 0 ? taken_by(declarations, i) : NULL;
                if (other) {
                        *fault = (DeclaredFault){"name", SIZE_MAX};
                        r = error_set(err, EEXIST, "monitor %s: the name is that of %s",
                                      declarations[i].name, other);
                }
                if (r == 0)
                        r = declared_monitor_new(&declarations[i], &made[i], err);
        }
        if (r < 0) {
                if (ret_failed)
                        *ret_failed = i > 0 ? i - 1 : 0;
                declared_monitors_free(made);
                return r;
        }
        *ret = made;
        return 0;
}

Monitor **declared_monitors_free(Monitor **monitors_made)
{
        for (size_t i = 0; monitors_made && monitors_made[i]; i++)
                declared_monitor_free(monitors_made[i]);
        free(monitors_made);
        return NULL;
}
