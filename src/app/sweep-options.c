/* What was said for the recordings of a sweep is kept in sweep.json, so that the runs of a resumed
 * one are made like those before. */
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/sweep-command.h"
#include "base/text.h"

#define KEPT(name, member) {name, offsetof(SweepCommand, member)}

typedef struct Kept {
        const char *name;
        size_t offset;
} Kept;

static const Kept texts[] = {
        KEPT("interval", recording.interval),       KEPT("source", recording.source),
        KEPT("pss_budget", recording.pss_budget),   KEPT("compression", recording.compression),
        KEPT("preset", recording.configured.preset), KEPT("config", recording.configured.file),
        KEPT("match", recording.match),             KEPT("user", user),
        KEPT("rules", recording.rules),
};
static const Kept lists[] = {
        KEPT("monitor", recording.configured.on),
        KEPT("without", recording.configured.off),
        KEPT("only", recording.configured.only),
};
static const Kept flags[] = {
        KEPT("threads", recording.configured.threads),
        KEPT("no_cgroup", no_cgroup),
        KEPT("no_report", recording.no_report),
        KEPT("html", recording.html),
};

enum { KEPT_MAX = ARRAY_LENGTH(texts) + ARRAY_LENGTH(lists) + ARRAY_LENGTH(flags) };

static int add(char **to, size_t *n, const char *name, const char *value)
{
        if (asprintf(&to[*n], "%s=%s", name, value) < 0) {
                to[*n] = NULL;
                return -ENOMEM;
        }
        ++*n;
        return 0;
}

static int add_list(char **to, size_t *n, const char *name, const TextList *list)
{
        _cleanup_string_ String text = {0};

        for (size_t i = 0; i < list->n; i++)
                string_add_format(&text, "%s%s", i ? "," : "", list->items[i]);
        return list->n == 0 ? 0 : text.failed ? -ENOMEM : add(to, n, name, string_get(&text));
}

int sweep_keep_options(const SweepCommand *c, Sweep *sweep)
{
        char **to = calloc(KEPT_MAX + 1, sizeof *to);
        char path[PATH_MAX];
        size_t n = 0;
        int r = to ? 0 : -ENOMEM;

        for (size_t i = 0; i < ARRAY_LENGTH(texts) && r == 0; i++) {
                const char *text = *(const char *const *)((const char *)c + texts[i].offset);
                bool is_file = text_equal(texts[i].name, "config") || text_equal(texts[i].name, "rules");
                if (text && is_file && realpath(text, path))
                        text = path;
                r = text ? add(to, &n, texts[i].name, text) : 0;
        }
        for (size_t i = 0; i < ARRAY_LENGTH(lists) && r == 0; i++)
                r = add_list(to, &n, lists[i].name, (const TextList *)((const char *)c + lists[i].offset));
        for (size_t i = 0; i < ARRAY_LENGTH(flags) && r == 0; i++)
                if (*(const bool *)((const char *)c + flags[i].offset))
                        r = add(to, &n, flags[i].name, "yes");
        sweep->options = to;
        return r;
}

/* The value of "name=value"; NULL: another name. */
static const char *value_of(const char *option, const char *name)
{
        size_t n = strlen(name);

        return strncmp(option, name, n) == 0 && option[n] == '=' ? option + n + 1 : NULL;
}

static int restore(SweepCommand *c, const char *option, Error *err)
{
        const char *value;

        for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
                if ((value = value_of(option, texts[i].name))) {
                        *(const char **)((char *)c + texts[i].offset) = value;
                        return 0;
                }
        for (size_t i = 0; i < ARRAY_LENGTH(flags); i++)
                if (value_of(option, flags[i].name)) {
                        *(bool *)((char *)c + flags[i].offset) = true;
                        return 0;
                }
        for (size_t i = 0; i < ARRAY_LENGTH(lists); i++)
                if ((value = value_of(option, lists[i].name))) {
                        TextList *list = (TextList *)((char *)c + lists[i].offset);
                        list->items = calloc(2, sizeof *list->items);
                        if (!list->items)
                                return error_set(err, ENOMEM, "out of memory");
                        list->items[0] = value;
                        list->n = 1;
                        return 0;
                }
        return error_set(err, EBADMSG, SWEEP_FILE ": unknown option %.60s", option);
}

int sweep_restore_options(SweepCommand *c, const Sweep *sweep, Error *err)
{
        int r = 0;

        for (size_t i = 0; sweep->options && sweep->options[i] && r == 0; i++)
                r = restore(c, sweep->options[i], err);
        return r;
}
