/* The first line: what the run was and how it ended. */
#include "report/text-verdict.h"

#include <signal.h>
#include <string.h>

#include "report/shown-command.h"

/* Spelled out, as sigabbrev_np(3) is missing from older C libraries. */
static const char *signal_word(int number)
{
        static const struct {
                int number;
                const char *word;
        } names[] = {{SIGHUP, "SIGHUP"},   {SIGINT, "SIGINT"},   {SIGQUIT, "SIGQUIT"},
                     {SIGILL, "SIGILL"},   {SIGTRAP, "SIGTRAP"}, {SIGABRT, "SIGABRT"},
                     {SIGBUS, "SIGBUS"},   {SIGFPE, "SIGFPE"},   {SIGKILL, "SIGKILL"},
                     {SIGUSR1, "SIGUSR1"}, {SIGSEGV, "SIGSEGV"}, {SIGUSR2, "SIGUSR2"},
                     {SIGPIPE, "SIGPIPE"}, {SIGALRM, "SIGALRM"}, {SIGTERM, "SIGTERM"},
                     {SIGXCPU, "SIGXCPU"}, {SIGXFSZ, "SIGXFSZ"}, {SIGSYS, "SIGSYS"}};

        for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
                if (names[i].number == number)
                        return names[i].word;
        return NULL;
}

void string_add_signal(String *out, int number)
{
        const char *word = signal_word(number);

        if (word)
                string_add(out, word);
        else
                string_add_format(out, "signal %d", number);
}

/* argv with the program's folder left out; attach: what was watched. */
static void add_title(const RunInfo *info, size_t columns, bool ascii, String *out)
{
        _cleanup_string_ String text = {0};

        for (char **word = info->command; word && *word; word++) {
                const char *slash = word == info->command ? strrchr(*word, '/') : NULL;
                if (word != info->command)
                        string_add_char(&text, ' ');
                const char *shown = slash && slash[1] ? slash + 1 : *word;
                bool blanks = !*shown || strpbrk(shown, " \t\n");
                string_add_format(&text, blanks && !strchr(shown, '\'') ? "'%s'" : "%s", shown);
        }
        if (text.size == 0)
                string_add(&text, info->scope ? info->scope : info->label ? info->label : "the run");
        string_add_shown(out, string_get(&text), columns, ascii);
}

bool text_could_not_start(const ReportData *d)
{
        return (d->info->exit_code == 126 || d->info->exit_code == 127) &&
               d->info->exit_signal <= 0 && d->summary->executed == 0;
}

static PageStyle add_ending(const ReportData *d, const char *wall, String *out)
{
        const RunInfo *info = d->info;

        if (info->timed_out) {
                string_add_format(out, "was stopped after %s: over its time limit", wall);
        } else if (text_could_not_start(d)) {
                string_add_format(out, "could not be started: %s (exit %d)",
                                  info->exit_code == 127 ? "not found" : "cannot execute",
                                  info->exit_code);
        } else if (info->exit_signal > 0) {
                string_add(out, "was killed by ");
                string_add_signal(out, info->exit_signal);
                string_add_format(out, " after %s", wall);
        } else if (info->exit_code > 0) {
                string_add_format(out, "failed (exit %d%s) after %s", info->exit_code,
                                  info->exit_code == 127   ? ": a command was not found"
                                  : info->exit_code == 126 ? ": a command cannot be executed"
                                                           : "",
                                  wall);
        } else if (info->exit_code == 0) {
                string_add_format(out, "succeeded in %s", wall);
                return PAGE_GREEN;
        } else {
                string_add_format(out, "ended after %s; how is not known", wall);
                return PAGE_YELLOW;
        }
        return PAGE_RED;
}

/* The kernel said so, or else what a finding makes of its counters. */
static bool was_out_of_memory(const ReportData *d)
{
        for (size_t i = 0; i < d->n_findings; i++)
                if (text_equal(d->findings[i].id, "oom") && d->findings[i].severity == SEVERITY_CRITICAL)
                        return true;
        return d->summary->oom_kills > 0;
}

PageStyle text_verdict(const ReportData *d, size_t columns, bool ascii, String *out)
{
        const RunInfo *info = d->info;
        _cleanup_string_ String ending = {0};
        char buffer[FORMAT_MAX];
        uint64_t wall_ns = report_wall_ns(d);
        const char *wall = wall_ns == RUN_UNKNOWN ? "an unknown time" : format_duration(buffer, wall_ns);
        PageStyle style = PAGE_YELLOW;
        bool watched = !info->command;

        if (d->recording)
                string_add_format(&ending, "%s, %s so far", watched ? "" : " is running", wall);
        else if (info->snapshot_of && !info->complete)
                string_add_format(&ending, ": a snapshot after %s; it went on", wall);
        else if (!info->complete && wall_ns == RUN_UNKNOWN)
                string_add(&ending, ": the recorder died at once; outcome unknown");
        else if (!info->complete)
                string_add_format(&ending, ": the recorder died after %s; outcome unknown",
                                  wall);
        else if (watched) {
                string_add_format(&ending, " for %s", wall);
                style = PAGE_GREEN;
        } else {
                string_add_char(&ending, ' ');
                style = add_ending(d, wall, &ending);
        }
        if (style == PAGE_RED && was_out_of_memory(d))
                string_add(&ending, ": out of memory");
        else if (style == PAGE_GREEN && was_out_of_memory(d)) {
                string_add(&ending, ", but a process was killed: out of memory");
                style = PAGE_YELLOW;
        }
        const char *what = !watched ? "" : d->recording ? "watching " : "watched ";
        size_t used = strlen(what) + text_width(string_get(&ending));
        string_add(out, what);
        add_title(info, columns > used + 16 ? columns - used : 16, ascii, out);
        string_add(out, string_get(&ending));
        return style;
}
