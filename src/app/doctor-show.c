/* The facts for a person: the verdict, what to do, then the evidence. */
#include "app/doctor.h"

#include <string.h>

#include "app/doctor-show.h"

enum { LABEL = 12 };

static void add_line(Page *page, const String *text)
{
        page_add_line(page, string_get(text));
}

/* ---- the verdict ---- */

static void add_way(String *to, const DoctorSource *source, const char *before)
{
        if (source->run[0])
                string_add_format(to, "\n%s, run:\n\n    %s\n", before, source->run);
        else if (source->hint[0]) {
                string_add_format(to, "\n%s: ", before);
                page_add_words(to, source->hint, strlen(before) + 2, 2);
        }
}

static void show_verdict(Page *page, const Doctor *d)
{
        const DoctorSource *best = doctor_best(d);

        if (!best)
                page_add_verdict(page, STYLE_RED, "vigia can record nothing here.");
        else if (!best->exact)
                page_add_verdict(page, STYLE_YELLOW, "Short processes will be missed here (poll).");
        else if (best != &d->sources[0])
                page_add_verdict(page, STYLE_GREEN,
                        "vigia can record every process here (perf); memory peaks are sampled.");
        else
                page_add_verdict(page, STYLE_GREEN, "vigia can record everything here (bpf).");
        doctor_show_tight(page, d);
        if (best != &d->sources[0])
                add_way(page->to, &d->sources[0],
                        "For every process with exact figures, peaks included");
        if (!best || !best->exact)
                add_way(page->to, &d->sources[1], "For every process, peaks sampled");
        string_add_char(page->to, '\n');
}

/* ---- the evidence ---- */

static void show_sources(Page *page, const Doctor *d)
{
        static const char *const what[DOCTOR_SOURCES] = {"every process, all figures exact",
                                                         "every process, memory peaks sampled",
                                                         "short processes are missed"};
        char took[FORMAT_MAX];

        page->label = "capture";
        for (size_t i = 0; i < DOCTOR_SOURCES; i++) {
                const DoctorSource *s = &d->sources[i];
                String text = {0};
                page_add_label(page);
                string_add_format(page->to, "%-6s", s->name);
                if (s->works)
                        string_add_format(&text, "works: %s; ready in %s", what[i],
                                          format_duration(took, s->open_us * 1000));
                else
                        string_add_format(&text, "does not work: %s", s->why.message);
                page_add_words(page->to, string_get(&text), LABEL + 6, LABEL + 6);
                string_done(&text);
        }
}

static void show_monitors(Page *page, const Doctor *d)
{
        _cleanup_string_ String text = {0};

        page->label = "monitors";
        if (d->monitors_work == d->monitors)
                string_add_format(&text, "all %zu work", d->monitors);
        else
                string_add_format(&text, "%zu of %zu work; not", d->monitors_work, d->monitors);
        for (size_t i = 0; d->monitors_absent[i]; i++)
                string_add_format(&text, "%s %s", i ? "," : "", d->monitors_absent[i]);
        if (d->monitors_absent[0])
                string_add(&text, " (vigia monitors probe tells why)");
        add_line(page, &text);
}

static void show_cgroup(Page *page, const Doctor *d)
{
        char took[FORMAT_MAX];
        String text = {0};

        page->label = "cgroup";
        if (d->cgroup) {
                string_add_shown(&text, d->cgroup_shown, PAGE_WIDTH - LABEL - 1, false);
                string_add_format(&text, ": peak memory by the kernel's own account; made in %s",
                                  format_duration(took, d->cgroup_us * 1000));
        } else
                string_add_format(&text, "none for the command: %s", d->cgroup_why.message);
        add_line(page, &text);
        string_done(&text);
}

static void show_kernel(Page *page, const Doctor *d)
{
        String text = {0};

        page->label = "kernel";
        string_add_format(&text, "%s %s, %s, %s", d->release, d->machine,
                          d->btf ? "BTF" : "no BTF (bpf needs it)",
                          d->psi ? "memory pressure (PSI)"
                                 : "no memory pressure (boot with psi=1)");
        if (d->perf_event_paranoid != DOCTOR_UNKNOWN)
                string_add_format(&text, ", perf_event_paranoid %llu",
                                  (unsigned long long)d->perf_event_paranoid);
        if (d->lockdown[0] && !text_equal(d->lockdown, "none"))
                string_add_format(&text, ", lockdown %s", d->lockdown);
        add_line(page, &text);
        string_done(&text);
}

static void show_build(Page *page, const Doctor *d)
{
        String text = {0};
        const char *before = "; without ";

        for (size_t i = 0; i < DOCTOR_LIBRARIES && d->libraries[i].name; i++)
                if (d->libraries[i].present)
                        string_add_format(&text, "%s%s", text.size ? " " : "",
                                          d->libraries[i].name);
        for (size_t i = 0; i < DOCTOR_LIBRARIES && d->libraries[i].name; i++) {
                if (d->libraries[i].present)
                        continue;
                string_add_format(&text, "%s%s (%s)", before, d->libraries[i].name,
                                  d->libraries[i].use);
                before = ", ";
        }
        page->label = "build";
        add_line(page, &text);
        string_done(&text);
}

static void show_places(Page *page, const Doctor *d)
{
        char free_bytes[FORMAT_MAX], total[FORMAT_MAX];
        String text = {0};

        page->label = "/proc";
        if (d->hidepid[0] && d->uid != 0)
                string_add_format(&text, "hidepid=%s: other users' processes are hidden from you",
                                  d->hidepid);
        else if (d->hidepid[0])
                string_add_format(&text, "hidepid=%s, which does not bind root", d->hidepid);
        else
                string_add(&text, "every user's processes are visible");
        add_line(page, &text);
        string_clear(&text);
        page->label = "runs";
        string_add(&text, d->runs ? d->runs : "no place: neither HOME nor VIGIA_DIR is set");
        if (d->runs_total_bytes != DOCTOR_UNKNOWN)
                string_add_format(&text, ": %s free of %s%s",
                                  format_bytes(free_bytes, d->runs_free_bytes),
                                  format_bytes(total, d->runs_total_bytes),
                                  d->runs_writable ? "" : ", but you may not write there");
        add_line(page, &text);
        string_done(&text);
}

void doctor_show(const Doctor *doctor, bool colour, String *to)
{
        Page page = {to, colour, LABEL, ""};

        show_verdict(&page, doctor);
        show_sources(&page, doctor);
        show_monitors(&page, doctor);
        doctor_show_room(&page, doctor);
        show_cgroup(&page, doctor);
        show_kernel(&page, doctor);
        show_places(&page, doctor);
        show_build(&page, doctor);
}
