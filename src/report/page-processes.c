/* The processes one by one, and what each held when. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "report/page-internal.h"

enum { SHORT_RUN_S = 120, SHORT_TEXT = 64 };

typedef enum Field {
        FIELD_START, FIELD_END, FIELD_PID, FIELD_PARENT, FIELD_CATEGORY, FIELD_CPU, FIELD_RSS, FIELD_PSS,
        FIELD_DEPTH, FIELD_NAME, FIELD_CODE, FIELD_SIGNAL, FIELDS,
} Field;

static const char *const field_names[FIELDS] = {"start_s", "end_s", "pid", "parent", "category", "cpu_s",
                                                "peak_rss_bytes", "peak_pss_bytes", "depth", "name",
                                                "exit_code", "exit_signal"};

static double or_unknown(uint64_t value, double scale)
{
        return value == SUMMARY_UNKNOWN ? NAN : (double)value * scale;
}

static double value_of(const ListedProcess *p, Field field, const uint32_t *categories)
{
        switch (field) {
        case FIELD_START:
                return (double)p->start_ns / 1e9;
        case FIELD_END:
                return p->end_ns == INT64_MAX ? NAN : (double)p->end_ns / 1e9;
        case FIELD_PID:
                return p->pid;
        case FIELD_PARENT:
                return p->parent;
        case FIELD_CATEGORY:
                return categories[p->group];
        case FIELD_CPU:
                return or_unknown(p->cpu_us, 1e-6);
        case FIELD_RSS:
                return or_unknown(p->peak_rss_bytes, 1);
        case FIELD_PSS:
                return or_unknown(p->peak_pss_bytes, 1);
        case FIELD_DEPTH:
                return p->depth;
        case FIELD_NAME:
                return p->name;
        case FIELD_CODE:
                return p->exit_code < 0 ? NAN : p->exit_code;
        default:
                return p->exit_signal;
        }
}

/* Which of the page's categories a group of the summary is: they go by the same names. */
static uint32_t *match_categories(const PageMaker *page)
{
        const CategorySeries *s = page->categories;
        uint32_t *to = calloc(page->processes.n_groups + 1, sizeof *to);

        for (size_t i = 0; to && i < page->processes.n_groups; i++) {
                const ListedGroup *g = &page->processes.groups[i];
                for (size_t k = 0; g->name && k < s->n_lines; k++)
                        if (text_equal(s->lines[k].name, g->name) && !s->lines[k].major == !g->major &&
                            (!g->major || text_equal(s->lines[k].major, g->major)))
                                to[i] = (uint32_t)k;
        }
        return to;
}

/* Times to the microsecond in short runs, else to ten: a lane on a screen shows no more. */
static double step_of(const PageMaker *page, Field field)
{
        if (field == FIELD_START || field == FIELD_END || field == FIELD_CPU)
                return page->end_ns < SHORT_RUN_S * (int64_t)NS_PER_SECOND ? 1e-6
                       : page->end_ns < 20000 * (int64_t)NS_PER_SECOND     ? 1e-5
                                                                            : 1e-3;
        return field == FIELD_RSS || field == FIELD_PSS ? 1024 : 1;
}

static int add_fields(PageMaker *page)
{
        const ProcessList *l = &page->processes;
        double *values = calloc(l->n + 1, sizeof *values);
        uint32_t *categories = match_categories(page);
        int r = values && categories ? 0 : -ENOMEM;

        for (size_t f = 0; r == 0 && f < FIELDS; f++) {
                for (size_t i = 0; i < l->n; i++)
                        values[i] = value_of(&l->rows[i], (Field)f, categories);
                size_t at = page_sections_add(&page->sections, values, l->n, step_of(page, (Field)f));
                string_add_format(&page->json, "\"%s\":%zu,", field_names[f], at);
                r = page->sections.error;
        }
        free(values);
        free(categories);
        return r;
}

static int add_names(PageMaker *page)
{
        _cleanup_string_ String texts = {0};
        const ProcessList *l = &page->processes;

        for (size_t i = 0; i < l->n_names; i++)
                page_text_add(&texts, l->names[i], strlen(l->names[i]));
        string_add_format(&page->json, "\"names\":%zu,", page_sections_add_text(&page->sections, &texts, l->n_names));
        return page->sections.error;
}

/* Cut to `most` bytes, again in the middle. */
static void add_cmdline(const ProcessList *l, const ListedProcess *p, size_t most, String *to)
{
        size_t size;
        const char *text = process_list_cmdline(l, p, &size);

        if (size <= most) {
                page_text_add(to, text, size);
                return;
        }
        _cleanup_string_ String cut = {0};
        string_add_bytes(&cut, text, most * 2 / 3);
        string_add(&cut, "\xe2\x80\xa6");
        string_add_bytes(&cut, text + size - most / 3, most / 3);
        page_text_add(to, string_get(&cut), cut.size);
}

/* As much of the command lines as there is room for; they come last. */
static int add_cmdlines(PageMaker *page)
{
        const ProcessList *l = &page->processes;
        size_t before = page->sections.n, at = 0;

        for (size_t most = PROCESS_LIST_TEXT_MAX;; most /= 4) {
                _cleanup_string_ String texts = {0};
                for (size_t i = 0; i < l->n; i++)
                        if (most >= SHORT_TEXT)
                                add_cmdline(l, &l->rows[i], most, &texts);
                        else
                                string_add_char(&texts, '\n');
                at = page_sections_add_text(&page->sections, &texts, l->n);
                if (page->sections.error < 0)
                        return page->sections.error;
                bool fits = page_fits(page, 1);
                if (fits && most < SHORT_TEXT)
                        page_leave_out(page, "command lines");
                else if (fits && most < PROCESS_LIST_TEXT_MAX)
                        page_leave_out(page, "the middle of command lines of more than %zu bytes", most);
                if (fits || most < SHORT_TEXT)
                        break;
                page_sections_truncate(&page->sections, before);
        }
        string_add_format(&page->json, "\"cmdline\":%zu},", at);
        return 0;
}

static int add_samples(PageMaker *page, String *json)
{
        const ProcessList *l = &page->processes;
        double *values = calloc(l->n_samples + 1, sizeof *values);
        size_t sections = page->sections.n, at[3];

        if (!values)
                return -ENOMEM;
        for (size_t i = 0; i < l->n_samples; i++)
                values[i] = l->samples[i].row;
        at[0] = page_sections_add(&page->sections, values, l->n_samples, 1);
        for (size_t i = 0; i < l->n_samples; i++)
                values[i] = (double)l->samples[i].t_ns / 1e9;
        at[1] = page_sections_add(&page->sections, values, l->n_samples, 1e-3);
        for (size_t i = 0; i < l->n_samples; i++)
                values[i] = (double)l->samples[i].bytes;
        at[2] = page_sections_add(&page->sections, values, l->n_samples, (double)MAX(l->sample_least / 16, 1024u));
        free(values);
        if (page->sections.error == 0 && l->n_samples > 0 && page_fits(page, PAGE_SHARE_SAMPLES)) {
                string_add_format(json, "\"samples\":{\"process\":%zu,\"t\":%zu,\"bytes\":%zu},", at[0], at[1],
                                  at[2]);
                return 0;
        }
        if (l->n_samples > 0)
                page_leave_out(page, "memory of single processes over time");
        page_sections_truncate(&page->sections, sections);
        string_add(json, "\"samples\":null,");
        return page->sections.error;
}

/* What may be left out for size comes behind what must be there. */
int page_write_processes(PageMaker *page)
{
        const ProcessList *l = &page->processes;
        String *json = &page->json;

        string_add_format(json, "\"processes\":{\"count\":%llu,\"told\":%zu,", (unsigned long long)l->seen, l->n);
        int r = add_fields(page);
        if (r == 0)
                r = add_names(page);
        page->reserved = 0;
        if (r < 0)
                return r;
        if (l->n < l->seen)
                page_leave_out(page, "the %llu lightest of %llu processes", (unsigned long long)(l->seen - l->n),
                               (unsigned long long)l->seen);
        _cleanup_string_ String samples = {0};
        r = add_samples(page, &samples);
        if (r == 0)
                r = add_cmdlines(page);
        string_add(json, string_get(&samples));
        return samples.failed ? -ENOMEM : r;
}
