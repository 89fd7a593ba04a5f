/* What was seen, how it is known, and how it would be taken in: no more is claimed than that. */
#include "report/text-outside.h"

enum { SHOWN = 3, NAME_WIDTH = 24, ADDRESS_WIDTH = 40 };

/* For a shell: the expression holds no quote (outside_add_match). */
static void add_advice(String *line, const OutsideWorker *w)
{
        if (w->match)
                string_add_format(line, "; add --match '%s'", w->match);
        if (w->note)
                string_add_format(line, "%s %s", w->match ? "" : ";", w->note);
}

void report_outside_words(const OutsideWorker *w, bool ascii, String *line)
{
        _cleanup_string_ String name = {0}, address = {0};
        char cpu[FORMAT_MAX];

        string_add_shown(&name, w->name ? w->name : "a process of another user", w->name ? NAME_WIDTH : 0, ascii);
        if (w->address)
                string_add_shown(&address, w->address, ADDRESS_WIDTH, ascii);
        if (w->cpu_us != OUTSIDE_UNKNOWN)
                format_duration(cpu, w->cpu_us * 1000);
        switch (w->how) {
        case OUTSIDE_CONNECTED:
                string_add(line, string_get(&name));
                if (w->pid > 0)
                        string_add_format(line, " (pid %d)", (int)w->pid);
                string_add_format(line, " answered the run at %s", string_get(&address));
                if (w->cpu_us != OUTSIDE_UNKNOWN)
                        string_add_format(line, " and used %s of CPU", cpu);
                break;
        case OUTSIDE_CLIENT:
                string_add_shown(line, w->client, NAME_WIDTH, ascii);
                string_add_format(line, " ran: its work is probably done by %s, not seen in this run", string_get(&name));
                break;
        case OUTSIDE_BUSY:
                string_add_format(line, "busy meanwhile, perhaps for this run: %s (pid %d), %s of CPU",
                                  string_get(&name), (int)w->pid, cpu);
                break;
        }
        add_advice(line, w);
        line->failed |= name.failed || address.failed;
}

static void add_worker(Page *p, const char *label, const OutsideWorker *w)
{
        _cleanup_string_ String line = {0};

        report_outside_words(w, p->ascii, &line);
        page_text(p, label, PAGE_DIM, string_get(&line), 3);
        p->out->failed |= line.failed;
}

void text_add_outside(Page *p)
{
        const Outside *o = p->data->outside;
        char count[FORMAT_MAX], cpu[FORMAT_MAX];
        _cleanup_string_ String line = {0};

        if (!o)
                return;
        for (size_t i = 0; i < o->n && i < SHOWN; i++)
                add_worker(p, i == 0 ? "outside" : "", &o->workers[i]);
        if (o->n > SHOWN) {
                string_add_format(&line, "and %zu more, in vigia report --json", o->n - SHOWN);
                page_text(p, "", PAGE_DIM, string_get(&line), 1);
        }
        if (o->matched_processes == 0)
                return;
        string_clear(&line);
        string_add_format(&line, "%s process%s with %s of CPU not begun by the command %s in the run by --match",
                          format_count(count, o->matched_processes), o->matched_processes == 1 ? "" : "es",
                          format_duration(cpu, o->matched_cpu_us * 1000), o->matched_processes == 1 ? "is" : "are");
        page_text(p, o->n == 0 ? "outside" : "", PAGE_DIM, string_get(&line), 2);
}
