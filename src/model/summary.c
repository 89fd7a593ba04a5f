/* A summary's life: groups by name, dispatch by table, and the finished picture. */
#include "model/summary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "model/culprit.h"
#include "model/summary-builder.h"

static void process_done(SummaryProcess *p)
{
        free(p->comm);
        free(p->exe);
        free(p->cmdline);
        free(p->category);
}

Summary *summary_free(Summary *s)
{
        if (!s)
                return NULL;
        for (size_t i = 0; i < s->n_groups; i++) {
                free(s->groups[i].name);
                free(s->groups[i].major);
        }
        for (size_t i = 0; i < s->n_majors; i++)
                free(s->majors[i].name);
        free(s->majors);
        for (size_t i = 0; i < s->n_top; i++)
                process_done(&s->top[i]);
        for (size_t i = 0; i < s->n_failures; i++)
                process_done(&s->failures[i]);
        for (size_t i = 0; i < s->n_kept; i++) {
                free(s->kept[i].kind);
                free(s->kept[i].severity);
                free(s->kept[i].text);
        }
        free(s->groups);
        free(s->top);
        free(s->failures);
        free(s);
        return NULL;
}

int summary_new(SummaryBuilder **ret)
{
        _cleanup_(summary_builder_freep) SummaryBuilder *b = calloc(1, sizeof *b);

        if (!b)
                return -ENOMEM;
        b->summary = calloc(1, sizeof *b->summary);
        b->chunks = calloc(PROCESS_CHUNKS, sizeof *b->chunks);
        b->majors = calloc(SUMMARY_MAJORS, sizeof *b->majors);
        if (!b->summary || !b->chunks || !b->majors)
                return -ENOMEM;
        int r = map_new(&b->living);
        if (r < 0)
                return r;
        Summary *s = b->summary;
        b->root = COMMAND_ROOT_INIT;
        s->cpu_us = s->user_us = s->system_us = SUMMARY_UNKNOWN;
        s->peak_pss_bytes = s->peak_rss_bytes = s->peak_cgroup_bytes = SUMMARY_UNKNOWN;
        summary_machine_init(&s->machine);
        series_init(&s->memory, false);
        series_init(&s->cpu, true);
        s->top = calloc(SUMMARY_TOP, sizeof *s->top);
        s->failures = calloc(SUMMARY_FAILURES, sizeof *s->failures);
        if (!s->top || !s->failures)
                return -ENOMEM;
        *ret = TAKE(b);
        return 0;
}

static bool drop_living(uint64_t key, void *value, void *data)
{
        free(value);
        return true;
}

SummaryBuilder *summary_builder_free(SummaryBuilder *b)
{
        if (!b)
                return NULL;
        if (b->living)
                map_remove_if(b->living, drop_living, NULL);
        map_free(b->living);
        priority_queue_done(&b->by_end);
        for (size_t i = 0; b->chunks && i < PROCESS_CHUNKS; i++)
                free(b->chunks[i]);
        free(b->chunks);
        for (size_t i = 0; i < b->n_groups; i++) {
                free(b->groups[i].shown.name);
                free(b->groups[i].shown.major);
        }
        free(b->groups);
        for (size_t i = 0; i < b->n_majors; i++)
                free(b->majors[i].shown.name);
        free(b->majors);
        summary_labels_done(b);
        summary_free(b->summary);
        free(b);
        return NULL;
}

/* Past SUMMARY_MAJORS of them the last one, which is called Other. */
static int find_major(SummaryBuilder *b, const char *name, size_t size, uint16_t *ret)
{
        for (unsigned pass = 0;; pass++) {
                for (size_t i = 0; i < b->n_majors; i++)
                        if (strncmp(b->majors[i].shown.name, name, size) == 0 &&
                            b->majors[i].shown.name[size] == '\0') {
                                *ret = (uint16_t)i;
                                return 0;
                        }
                if (pass > 0 || b->n_majors + 1 < SUMMARY_MAJORS)
                        break;
                name = "Other";
                size = strlen(name);
        }
        GroupState *m = &b->majors[b->n_majors];
        *m = (GroupState){.shown = {.largest_bytes = SUMMARY_UNKNOWN, .peak_bytes = SUMMARY_UNKNOWN},
                          .major = NO_MAJOR};
        m->shown.name = strndup(name, size);
        if (!m->shown.name)
                return -ENOMEM;
        *ret = (uint16_t)b->n_majors++;
        return 0;
}

static int group_add(SummaryBuilder *b, const char *name, size_t size, const char *major,
                     size_t major_size)
{
        GroupState *groups = array_grow(b->groups, &b->groups_capacity, b->n_groups, sizeof *groups);
        if (!groups)
                return -ENOMEM;
        b->groups = groups;
        GroupState *g = &b->groups[b->n_groups];
        *g = (GroupState){.shown = {.largest_bytes = SUMMARY_UNKNOWN, .peak_bytes = SUMMARY_UNKNOWN},
                          .major = NO_MAJOR};
        int r = major ? find_major(b, major, major_size, &g->major) : 0;
        if (r < 0)
                return r;
        g->shown.name = strndup(name, size);
        g->shown.major = major ? strndup(major, major_size) : NULL;
        if (!g->shown.name || (major && !g->shown.major)) {
                free(g->shown.name);
                free(g->shown.major);
                return -ENOMEM;
        }
        b->n_groups++;
        return 0;
}

int summary_group(SummaryBuilder *b, const char *name, size_t size, const char *major,
                  size_t major_size, uint16_t *ret)
{
        size_t mask = ARRAY_LENGTH(b->group_slots) - 1;

        size = MIN(size, (size_t)SUMMARY_TEXT_MAX);
        major_size = MIN(major_size, (size_t)SUMMARY_TEXT_MAX);
        if (size == 0) {
                name = "unnamed";
                size = strlen(name);
        }
        for (unsigned pass = 0;; pass++) {
                size_t i = hash_bytes(name, size) & mask;
                for (; b->group_slots[i]; i = (i + 1) & mask) {
                        SummaryGroup *g = &b->groups[b->group_slots[i] - 1].shown;
                        if (strncmp(g->name, name, size) == 0 && g->name[size] == '\0' &&
                            (!major || !g->major ||
                             (strncmp(g->major, major, major_size) == 0 && !g->major[major_size]))) {
                                *ret = (uint16_t)(b->group_slots[i] - 1);
                                return 0;
                        }
                }
                if (pass > 0 || b->n_groups + 1 < SUMMARY_GROUPS) {
                        int r = group_add(b, name, size, major, major_size);
                        if (r < 0)
                                return r;
                        b->group_slots[i] = (uint16_t)b->n_groups;
                        *ret = (uint16_t)(b->n_groups - 1);
                        return 0;
                }
                name = "other";
                size = strlen(name);
                major = NULL;
        }
}

int cells_copy_text(const Batch *rows, Cells c, size_t row, char **ret)
{
        uint64_t unused;
        size_t size;

        *ret = NULL;
        if (!cells_get(c, row, &unused))
                return 0;
        const char *text = batch_text(rows, (size_t)c.column, row, &size);
        *ret = strndup(text, MIN(size, (size_t)SUMMARY_TEXT_MAX));
        return *ret ? 0 : -ENOMEM;
}

int summary_observe(SummaryBuilder *b, const char *table, const Batch *rows)
{
        static const struct {
                const char *table;
                int (*observe)(SummaryBuilder *b, const Batch *rows);
        } observers[] = {
                {"processes", summary_observe_processes}, {"totals", summary_observe_totals},
                {"events", summary_observe_events},       {"samples", summary_observe_samples},
                {"memory", summary_observe_memory},       {"cpu", summary_observe_cpu},
                {"pressure", summary_observe_pressure},
        };

        for (size_t i = 0; batch_rows(rows) > 0 && i < ARRAY_LENGTH(observers); i++)
                if (text_equal(table, observers[i].table))
                        return observers[i].observe(b, rows);
        return 0;
}

/* Unknown counts as nothing when ordering. */
static uint64_t known(uint64_t value)
{
        return value == SUMMARY_UNKNOWN ? 0 : value;
}

static int compare_groups(const void *a, const void *b)
{
        const SummaryGroup *x = a, *y = b;
        uint64_t px = MAX(known(x->peak_bytes), known(x->largest_bytes));
        uint64_t py = MAX(known(y->peak_bytes), known(y->largest_bytes));

        if (px != py)
                return px < py ? 1 : -1;
        if (x->cpu_us != y->cpu_us)
                return x->cpu_us < y->cpu_us ? 1 : -1;
        return strcmp(x->name, y->name);
}

static uint64_t process_peak(const SummaryProcess *p)
{
        return MAX(known(p->peak_rss_bytes), p->peak_rss_bytes == SUMMARY_UNKNOWN
                                                     ? known(p->peak_pss_bytes)
                                                     : 0);
}

static int compare_processes(const void *a, const void *b)
{
        const SummaryProcess *x = a, *y = b;

        if (process_peak(x) != process_peak(y))
                return process_peak(x) < process_peak(y) ? 1 : -1;
        if (known(x->cpu_us) != known(y->cpu_us))
                return known(x->cpu_us) < known(y->cpu_us) ? 1 : -1;
        return x->process < y->process ? -1 : x->process > y->process;
}

int summary_finish(SummaryBuilder *b, Summary **ret)
{
        Summary *s = b->summary;

        if (b->split_unknown)
                s->user_us = s->system_us = SUMMARY_UNKNOWN;
        s->root_pid = b->root.pid;
        summary_finish_totals(b);
        summary_finish_machine(b);
        summary_finish_samples(b);
        if (b->n_groups > 0) {
                s->groups = calloc(b->n_groups, sizeof *s->groups);
                if (!s->groups)
                        return -ENOMEM;
        }
        for (size_t i = 0; i < b->n_groups; i++)
                s->groups[i] = b->groups[i].shown; /* with its texts */
        s->n_groups = b->n_groups;
        b->n_groups = 0;
        if (b->n_majors > 0) {
                s->majors = calloc(b->n_majors, sizeof *s->majors);
                if (!s->majors)
                        return -ENOMEM;
        }
        for (size_t i = 0; i < b->n_majors; i++)
                s->majors[i] = b->majors[i].shown;
        s->n_majors = b->n_majors;
        b->n_majors = 0;
        if (s->n_majors > 1)
                qsort(s->majors, s->n_majors, sizeof *s->majors, compare_groups);
        if (s->n_groups > 1)
                qsort(s->groups, s->n_groups, sizeof *s->groups, compare_groups);
        if (s->n_top > 1)
                qsort(s->top, s->n_top, sizeof *s->top, compare_processes);
        *ret = TAKE(b->summary);
        return 0;
}

void summary_program_name(const char **name, size_t *size, const char *file, size_t file_size)
{
        enum { COMM_MAX = 15 };
        const char *slash = file ? memrchr(file, '/', file_size) : NULL;

        if (slash) {
                file_size -= (size_t)(slash + 1 - file);
                file = slash + 1;
        }
        if (file_size > 0 && (*size == 0 || (*size == COMM_MAX && file_size > COMM_MAX &&
                                             memcmp(file, *name, COMM_MAX) == 0))) {
                *name = file;
                *size = file_size;
        }
}

const SummaryProcess *summary_culprit(const Summary *s)
{
        Ending endings[SUMMARY_FAILURES];
        const size_t n = MIN(s->n_failures, (size_t)SUMMARY_FAILURES);

        for (size_t i = 0; i < n; i++) {
                const SummaryProcess *p = &s->failures[i];
                const char *comm = p->comm ? p->comm : "";
                endings[i] = (Ending){p->pid, p->ppid, p->end_ns, p->exit_code, p->exit_signal, culprit_kind(comm, strlen(comm))};
        }
        size_t found = culprit_find(endings, n, s->root_pid);
        return found != CULPRIT_NONE ? &s->failures[found] : NULL;
}
