/* `vigia advise` for a person: one sentence, the table, settings to paste, what is not known. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "app/advise-command.h"
#include "report/text-page.h"

enum { TIME_COLUMN = 6, MEMORY_COLUMN = 26, CORES_COLUMN = 50, WORDS_COLUMN = 58 };

static void pad_to(String *line, size_t column)
{
        do
                string_add_char(line, ' ');
        while (text_width(string_get(line)) < column);
}

static void add_words(const Forecast *f, size_t i, String *line)
{
        const ForecastLevel *l = &f->levels[i];

        if (i == f->best)
                string_add(line, "advised");
        if (l->recorded)
                string_add(line, i == f->best ? ", recorded" : "recorded");
        if (!l->fits)
                string_add(line, l->recorded ? ", too large" : "too large");
}

static void add_table(Page *p, const Forecast *f)
{
        bool memory = false;

        for (size_t i = 0; i < f->n; i++)
                memory |= f->levels[i].peak_bytes.expected > 0;
        string_add_format(p->out, "    -j  %-20s%-24s%s\n", "time", memory ? "memory" : "", "CPUs");
        for (size_t i = 0; i < f->n; i++) {
                _cleanup_string_ String line = {0};
                const ForecastLevel *l = &f->levels[i];
                string_add_format(&line, "%4u", l->jobs);
                pad_to(&line, TIME_COLUMN);
                advice_add_times(&l->wall_s, &line);
                pad_to(&line, MEMORY_COLUMN);
                if (memory)
                        advice_add_bytes(&l->peak_bytes, &line);
                pad_to(&line, CORES_COLUMN);
                string_add_format(&line, "%4.1f", l->busy_cpus);
                pad_to(&line, WORDS_COLUMN);
                add_words(f, i, &line);
                while (line.size > 0 && line.text[line.size - 1] == ' ')
                        line.text[--line.size] = '\0';
                string_add(p->out, "  "); /* not behind labels: "recorded, too large" is to fit into 80 columns */
                if (i == f->best)
                        page_begin_style(p, PAGE_GREEN);
                string_add_shown(p->out, string_get(&line), 0, p->ascii);
                if (i == f->best)
                        page_end_style(p, PAGE_GREEN);
                string_add_char(p->out, '\n');
        }
}

static void add_floor(Page *p, const Plan *plan, const Forecast *f)
{
        _cleanup_string_ String text = {0};
        char chain[FORMAT_MAX], cpu[FORMAT_MAX], all[FORMAT_MAX], jobs[FORMAT_MAX];

        string_add_format(&text, "%s of CPU time on %.3g CPU%s take %s; the longest chain of %s jobs that wait for each other, %s",
                          format_duration(cpu, (uint64_t)(plan->cpu_s * 1e9)), f->cpus, f->cpus == 1 ? "" : "s",
                          format_duration(all, (uint64_t)(f->cpu_floor_s * 1e9)), format_count(jobs, plan->n_jobs),
                          format_duration(chain, (uint64_t)(f->chain_s * 1e9)));
        page_text(p, "at best", PAGE_DIM, string_get(&text), 3);
}

/* A part of a sentence to a line, so that no figure is torn from its unit. */
static void add_parts(Page *p, const char *text)
{
        for (const char *at = text; *at;) {
                const char *end = strstr(at, "; ");
                _cleanup_string_ String part = {0};
                string_add_bytes(&part, at, end ? (size_t)(end - at) : strlen(at));
                page_text(p, "", PAGE_DIM, string_get(&part), 2);
                at = end ? end + 2 : at + strlen(at);
        }
}

/* As many parts of the sentence on a line as fit. */
static void add_verdict(Page *p, const char *text, PageStyle style)
{
        size_t used = 0;

        page_begin_style(p, style);
        for (const char *at = text; *at;) {
                const char *end = strstr(at, "; ");
                _cleanup_string_ String part = {0};
                string_add_bytes(&part, at, end ? (size_t)(end - at) + 1 : strlen(at));
                size_t width = text_width(string_get(&part));
                if (used > 0) {
                        bool fits = used + 1 + width <= p->columns;
                        string_add(p->out, fits ? " " : "\n");
                        used = fits ? used + 1 : 0;
                }
                string_add_shown(p->out, string_get(&part), 0, p->ascii);
                used += width;
                at = end ? end + 2 : at + strlen(at);
        }
        page_end_style(p, style);
        string_add(p->out, "\n\n");
}

/* Each line as it is: it is there to be copied. */
static void add_snippet(Page *p, const Advice *a)
{
        const char *at = a->snippet;

        string_add_char(p->out, '\n');
        for (bool first = true; at; first = false) {
                const char *end = strchr(at, '\n');
                _cleanup_string_ String line = {0};
                string_add_bytes(&line, at, end ? (size_t)(end - at) : strlen(at));
                page_label(p, first ? a->tool : "", PAGE_DIM);
                string_add_shown(p->out, string_get(&line), 0, p->ascii);
                string_add_char(p->out, '\n');
                at = end ? end + 1 : NULL;
        }
        page_text(p, "", PAGE_DIM, a->reason, 3);
        add_parts(p, a->evidence);
}

static int add_note(const char *sentence, void *data)
{
        page_text(data, "note", PAGE_DIM, sentence, 3);
        return 0;
}

int advise_show_text(const AdviseShown *shown, unsigned columns, bool color, bool ascii, String *to)
{
        const Advise *a = shown->advise;
        Page p = {.out = to, .color = color, .ascii = ascii, .columns = columns};
        _cleanup_string_ String verdict = {0};

        if (a->plan) {
                advice_add_verdict(&a->forecast, &verdict);
                add_verdict(&p, string_get(&verdict), a->forecast.best == SIZE_MAX ? PAGE_YELLOW : PAGE_GREEN);
                add_table(&p, &a->forecast);
                string_add_char(to, '\n');
                add_floor(&p, a->plan, &a->forecast);
        } else {
                page_text(&p, "advice", PAGE_DIM, advise_refusal(a), 3);
        }
        advise_notes(a, add_note, &p);
        for (size_t i = 0; i < a->list.n; i++)
                add_snippet(&p, &a->list.items[i]);
        if (a->list.n == 0 && shown->tool) {
                string_add_char(to, '\n');
                string_add_format(to, "nothing to advise for %s: the run gives no reason\n", shown->tool);
        }
        return to->failed || verdict.failed ? -ENOMEM : 0;
}
