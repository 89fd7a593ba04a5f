/* Kinds of processes by what they took and held, as many as fit on a line. */
#include "report/text-groups.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define MAJORS_SHOWN 4u

/* What no rule knows is called by its program's name. */
const char *text_group_name(const SummaryGroup *g)
{
        static const char prefix[] = "Other_";
        bool other = g->major && text_equal(g->major, "Other") && g->name[sizeof prefix - 1] &&
                     strncmp(g->name, prefix, sizeof prefix - 1) == 0;

        return other ? g->name + sizeof prefix - 1 : g->name;
}

static int compare_at_peak(const void *a, const void *b)
{
        const SummaryGroup *const *x = a, *const *y = b;

        if ((*x)->at_peak_bytes != (*y)->at_peak_bytes)
                return (*x)->at_peak_bytes < (*y)->at_peak_bytes ? 1 : -1;
        return strcmp((*x)->name, (*y)->name);
}

void text_add_composition(Page *p, uint64_t peak, size_t columns)
{
        const Summary *s = p->data->summary;
        _cleanup_free_ const SummaryGroup **groups = calloc(s->n_groups + 1, sizeof *groups);
        char whole[FORMAT_MAX], part[FORMAT_MAX];
        size_t used = 0;

        if (!groups) {
                p->out->failed = true;
                return;
        }
        for (size_t i = 0; i < s->n_groups; i++)
                groups[i] = &s->groups[i];
        qsort(groups, s->n_groups, sizeof *groups, compare_at_peak);
        const char *unit = strchr(format_bytes(whole, peak), ' ');
        for (size_t i = 0; i < s->n_groups && i < 4; i++) {
                const SummaryGroup *g = groups[i];
                _cleanup_string_ String item = {0};
                if (g->at_peak_bytes == 0 || g->at_peak_bytes < peak / 50)
                        break;
                string_add_shown(&item, text_group_name(g), 16, p->ascii);
                if (g->at_peak_processes > 1)
                        string_add_format(&item, " %s%u", p->ascii ? "x" : "×", g->at_peak_processes);
                char *own = strchr(format_bytes(part, g->at_peak_bytes), ' ');
                if (own && unit && text_equal(own, unit))
                        *own = '\0';
                string_add_format(&item, " %s", part);
                size_t width = text_width(string_get(&item)) + (used ? 2 : 0);
                if (used + width > columns)
                        break;
                string_add(p->out, used ? ", " : "  ");
                string_add(p->out, string_get(&item));
                used += width;
        }
}

static int compare_cpu(const void *a, const void *b)
{
        const SummaryGroup *const *x = a, *const *y = b;

        if ((*x)->cpu_us != (*y)->cpu_us)
                return (*x)->cpu_us < (*y)->cpu_us ? 1 : -1;
        return strcmp((*x)->name, (*y)->name);
}

/* What it took and held. */
static void add_major(const Page *p, const SummaryGroup *g, uint64_t total_us, bool first, String *item)
{
        char figure[FORMAT_MAX];
        double share = (double)g->cpu_us / (double)total_us;

        string_add_shown(item, g->name, 20, p->ascii);
        if (share > 0 && share < 0.005)
                string_add(item, " under 1 %");
        else
                string_add_format(item, " %.0f %%", share * 100);
        string_add(item, first ? " of CPU" : "");
        if (g->peak_bytes != SUMMARY_UNKNOWN && g->peak_bytes > 0)
                string_add_format(item, first ? ", at most %s" : ", %s", format_bytes(figure, g->peak_bytes));
}

void text_add_majors(Page *p)
{
        const Summary *s = p->data->summary;
        _cleanup_free_ const SummaryGroup **majors = calloc(s->n_majors + 1, sizeof *majors);
        _cleanup_string_ String line = {0};
        uint64_t total = 0;
        size_t n = 0;

        if (!majors) {
                p->out->failed = true;
                return;
        }
        for (size_t i = 0; i < s->n_majors; i++)
                if (!text_equal(s->majors[i].name, "Ignored"))
                        majors[n++] = &s->majors[i];
        for (size_t i = 0; i < s->n_groups; i++)
                total += s->groups[i].cpu_us;
        if (n < 2 || total == 0)
                return;
        qsort(majors, n, sizeof *majors, compare_cpu);
        for (size_t i = 0; i < MIN(n, MAJORS_SHOWN) && (i == 0 || majors[i]->cpu_us * 100 >= total); i++) {
                string_add(&line, i ? "; " : "");
                add_major(p, majors[i], total, i == 0, &line);
        }
        page_text(p, "work", PAGE_DIM, string_get(&line), 2);
        p->out->failed |= line.failed;
}

void text_add_programs(Page *p)
{
        const Summary *s = p->data->summary;
        _cleanup_free_ const SummaryGroup **groups = calloc(s->n_groups + 1, sizeof *groups);
        uint64_t total = 0;
        size_t used = 0, shown = 0;
        char count[FORMAT_MAX];

        if (!groups) {
                p->out->failed = true;
                return;
        }
        for (size_t i = 0; i < s->n_groups; i++) {
                groups[i] = &s->groups[i];
                total += groups[i]->cpu_us;
        }
        if (s->n_groups < 2 || total == 0)
                return;
        qsort(groups, s->n_groups, sizeof *groups, compare_cpu);
        page_label(p, "programs", PAGE_DIM);
        for (; shown < s->n_groups && shown < 5; shown++) {
                const SummaryGroup *g = groups[shown];
                _cleanup_string_ String item = {0};
                double share = (double)g->cpu_us / (double)total;
                if (shown > 0 && share < 0.01)
                        break;
                string_add_format(&item, shown ? ", %.0f %% " : "%.0f %% of CPU in ", share * 100);
                string_add_shown(&item, text_group_name(g), 16, p->ascii);
                if (g->processes > 1)
                        string_add_format(&item, " %s%s", p->ascii ? "x" : "×",
                                          format_count(count, g->processes));
                size_t width = text_width(string_get(&item));
                if (used + width + 12 > page_room(p)) /* and the others */
                        break;
                string_add(p->out, string_get(&item));
                used += width;
        }
        if (shown < s->n_groups)
                string_add_format(p->out, "%s%zu %s", shown ? ", " : "", s->n_groups - shown,
                                  s->n_groups - shown == 1 ? "other" : "others");
        string_add_char(p->out, '\n');
}
