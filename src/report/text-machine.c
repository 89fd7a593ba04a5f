/* What was left of the machine, how busy it was, and what its tasks waited for. */
#include "report/text-machine.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"

/* Less is not worth a word. */
#define WAITED_LEAST 0.01

static void add_part(String *to, const char *text)
{
        string_add(to, to->size ? "; " : "");
        string_add(to, text);
}

static void add_memory(const SummaryMachine *m, String *to)
{
        char least[FORMAT_MAX], total[FORMAT_MAX];
        _cleanup_string_ String part = {0};

        if (m->available_least_bytes == SUMMARY_UNKNOWN)
                return;
        format_bytes(least, m->available_least_bytes);
        if (m->total_bytes != SUMMARY_UNKNOWN) {
                const char *unit = strchr(least, ' ');
                const char *same = strchr(format_bytes(total, m->total_bytes), ' ');
                bool alike = unit && same && text_equal(unit, same);
                string_add_format(&part, "%.*s of %s", alike ? (int)(unit - least) : FORMAT_MAX, least,
                                  total);
        } else {
                string_add(&part, least);
        }
        string_add(&part, " left at least");
        add_part(to, string_get(&part));
        if (m->swap_most_bytes != SUMMARY_UNKNOWN && m->swap_most_bytes > 0) {
                string_clear(&part);
                string_add_format(&part, "%s of swap used", format_bytes(least, m->swap_most_bytes));
                add_part(to, string_get(&part));
        }
}

/* Whole percents: a tenth of one would pretend to a sharpness that a machine's load has not. */
static void add_share(String *to, const char *what, double ratio)
{
        string_add_format(to, "%s %.0f %%", what, ratio * 100);
}

static void add_waits(const SummaryMachine *m, String *to)
{
        static const char *const names[SUMMARY_PRESSURES] = {"CPU", "memory", "I/O"};
        _cleanup_string_ String part = {0};

        for (size_t i = 0; i < SUMMARY_PRESSURES; i++) {
                if (!(m->waited_ratio[i] >= WAITED_LEAST))
                        continue;
                string_add(&part, part.size ? ", " : "waits: ");
                add_share(&part, names[i], m->waited_ratio[i]);
        }
        if (part.size)
                add_part(to, string_get(&part));
}

void text_add_machine(Page *page)
{
        const SummaryMachine *m = &page->data->summary->machine;
        _cleanup_string_ String text = {0};

        add_memory(m, &text);
        if (!isnan(m->busy_ratio)) {
                _cleanup_string_ String part = {0};
                add_share(&part, "CPUs", m->busy_ratio);
                string_add(&part, " busy");
                add_part(&text, string_get(&part));
        }
        add_waits(m, &text);
        if (text.size > 0)
                page_text(page, "machine", PAGE_DIM, string_get(&text), 2);
        page->out->failed |= text.failed;
}
