/* Pids, expressions, a cgroup or all: parsed, and put into words for run.json. */
#include "app/scope-options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/cgroup-find.h"

size_t scope_options(ScopeOptions *s, Option *to)
{
        const Option all[SCOPE_OPTIONS] = {
                {'p', "pid", "PID", "this process; may be repeated", OPTION_LIST, &s->pids},
                {'n', "name", "REGEX", "processes whose command line matches", OPTION_LIST, &s->names},
                {'g', "cgroup", "NAME", "a cgroup's path or a unit: nginx.service", OPTION_TEXT,
                 &s->cgroup},
                {'a', "all", NULL, "the whole machine", OPTION_FLAG, &s->all},
                {'d', "duration", "TIME", "end after this time", OPTION_DURATION, &s->duration_ns},
                {0, "no-descendants", NULL, "without what they fork", OPTION_FLAG, &s->alone},
        };

        memcpy(to, all, sizeof all);
        return SCOPE_OPTIONS;
}

static int parse_pids(ScopeOptions *s, const char *command, Error *err)
{
        s->numbers = calloc(s->pids.n + 1, sizeof *s->numbers);
        if (!s->numbers)
                return error_set(err, ENOMEM, "out of memory");
        for (size_t i = 0; i < s->pids.n; i++) {
                uint64_t pid;
                if (parse_u64z(s->pids.items[i], &pid) < 0 || pid == 0 || pid > 1 << 22)
                        return error_set(err, EINVAL, "%s: -p %s: expected a process id", command,
                                         s->pids.items[i]);
                s->numbers[i] = (pid_t)pid;
        }
        return 0;
}

/* Several -n are alternatives of one expression; --match is one more. */
static int join_names(ScopeOptions *s, Recording *r)
{
        for (size_t i = 0; i < s->names.n; i++)
                string_add_format(&s->joined, "%s(?:%s)", i ? "|" : "", s->names.items[i]);
        if (r->match && s->names.n > 0)
                string_add_format(&s->joined, "|(?:%s)", r->match);
        if (s->joined.size > 0)
                r->match = string_get(&s->joined);
        return s->joined.failed ? -ENOMEM : 0;
}

static int find_cgroup(ScopeOptions *s, const char *command, Error *err)
{
        _cleanup_(host_freep) Host *host = NULL;
        char path[CGROUP_PATH_MAX];

        if (!s->cgroup)
                return 0;
        int r = host_new(NULL, &host);
        if (r < 0)
                return error_set_errno(err, r, "/");
        r = cgroup_find(host, s->cgroup, path, err);
        if (r < 0)
                return error_prefix(err, -EINVAL, "%s: -g %s", command, s->cgroup);
        s->cgroup_path = strdup(path);
        return s->cgroup_path ? 0 : error_set(err, ENOMEM, "out of memory");
}

static char *scope_in_words(const ScopeOptions *s)
{
        String words = {0};

        if (s->all)
                string_add(&words, "the whole machine");
        for (size_t i = 0; i < s->pids.n; i++)
                string_add_format(&words, "%s-p %s", words.size ? " " : "", s->pids.items[i]);
        for (size_t i = 0; i < s->names.n; i++)
                string_add_format(&words, "%s-n %s", words.size ? " " : "", s->names.items[i]);
        if (s->cgroup)
                string_add_format(&words, "%s-g %s", words.size ? " " : "", s->cgroup);
        return string_take(&words);
}

int scope_check(ScopeOptions *s, Recording *r, const char *command, Error *err)
{
        int e = parse_pids(s, command, err);

        if (e == 0)
                e = join_names(s, r);
        if (e == 0)
                e = find_cgroup(s, command, err);
        if (e < 0)
                return e;
        r->options.all = s->all;
        r->options.pids = s->numbers;
        r->options.n_pids = s->pids.n;
        r->options.descendants = !s->alone;
        r->options.duration_ns = s->duration_ns;
        r->options.scope_cgroup = s->cgroup_path;
        r->info.scope = scope_in_words(s);
        r->label_default = s->all ? "machine" : s->cgroup ? s->cgroup : "attach";
        return 0;
}

void scope_done(ScopeOptions *s)
{
        text_list_done(&s->pids);
        text_list_done(&s->names);
        string_done(&s->joined);
        free(s->numbers);
        free(s->cgroup_path);
        *s = (ScopeOptions){0};
}
