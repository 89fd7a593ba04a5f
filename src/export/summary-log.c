/* Majors by their peak, and below each its categories. */
#include "export/summary-log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/macros.h"

enum { JOBS_MAX = 65536, WORD_MAX = 256 };

/* ---- how parallel it was ---- */

static bool parse_jobs(const char *text, unsigned *ret)
{
        uint64_t n;

        if (parse_u64z(text, &n) < 0 || n == 0 || n > JOBS_MAX)
                return false;
        *ret = (unsigned)n;
        return true;
}

/* "-j8", "-j" and "8", "--jobs=8", "MAKEFLAGS=-j8", … *expected: the next word is the number. */
static void take_word(const char *word, bool *expected, unsigned *jobs)
{
        static const char *const options[] = {"--jobs", "--parallel", "--max-jobs"};
        static const char *const variables[] = {"CMAKE_BUILD_PARALLEL_LEVEL=", "CARGO_BUILD_JOBS="};

        if (*expected)
                parse_jobs(word, jobs);
        *expected = text_equal(word, "-j");
        if (text_starts_with(word, "MAKEFLAGS="))
                word += strlen("MAKEFLAGS=");
        if (text_starts_with(word, "-j"))
                parse_jobs(word + 2, jobs);
        for (size_t i = 0; i < ARRAY_LENGTH(options); i++) {
                size_t length = strlen(options[i]);
                if (strncmp(word, options[i], length) != 0)
                        continue;
                if (word[length] == '=')
                        parse_jobs(word + length + 1, jobs);
                *expected |= word[length] == '\0';
        }
        for (size_t i = 0; i < ARRAY_LENGTH(variables); i++)
                if (text_starts_with(word, variables[i]))
                        parse_jobs(word + strlen(variables[i]), jobs);
}

/* The words of a shell's script are near enough: what is quoted there loses its quotes. */
static void take_text(const char *text, bool *expected, unsigned *jobs)
{
        char word[WORD_MAX];
        size_t size = 0;

        for (const char *p = text;; p++) {
                bool end = !*p || strchr(" \t\n;&|()", *p) != NULL;
                if (!end && *p != '"' && *p != '\'' && size < sizeof word - 1)
                        word[size++] = *p;
                if (end && size > 0) {
                        word[size] = '\0';
                        take_word(word, expected, jobs);
                        size = 0;
                }
                if (!*p)
                        return;
        }
}

unsigned summary_log_jobs(const char *const *command)
{
        unsigned jobs = 0;
        bool expected = false;

        for (; command && *command; command++)
                take_text(*command, &expected, &jobs);
        return jobs;
}

/* A sweep's run is labelled PROJECT-jN. Returns where "-jN" begins, or the end. */
static size_t find_label_jobs(const char *label, unsigned *jobs)
{
        const char *dash = strrchr(label, '-');

        if (dash && dash > label && dash[1] == 'j' && parse_jobs(dash + 2, jobs))
                return (size_t)(dash - label);
        return strlen(label);
}

/* ---- the lines ---- */

static uint64_t kb_of(const SummaryGroup *g)
{
        uint64_t bytes = g->peak_bytes != SUMMARY_UNKNOWN ? g->peak_bytes : g->largest_bytes;

        return bytes == SUMMARY_UNKNOWN ? bytes : bytes / 1024;
}

/* Over before the first tick that saw it, a run has no sum: its largest process then. */
static uint64_t overall_kb(const Summary *s, bool pss)
{
        uint64_t bytes = pss ? s->peak_pss_bytes : s->peak_rss_bytes, kb = SUMMARY_UNKNOWN;

        if (bytes != SUMMARY_UNKNOWN && bytes > 0)
                return bytes / 1024;
        for (size_t i = 0; i < s->n_groups; i++)
                if (kb_of(&s->groups[i]) != SUMMARY_UNKNOWN && (kb == SUMMARY_UNKNOWN || kb_of(&s->groups[i]) > kb))
                        kb = kb_of(&s->groups[i]);
        return kb;
}

static void add_kb(String *out, uint64_t kb)
{
        if (kb == SUMMARY_UNKNOWN)
                string_add(out, "unknown");
        else
                string_add_format(out, "%llu KB", (unsigned long long)kb);
}

static void add_head(String *out, const RunInfo *info, const Summary *s, uint64_t wall_ns)
{
        const char *label = info->label && *info->label ? info->label : "unknown";
        bool pss = s->peak_pss_bytes != SUMMARY_UNKNOWN;
        uint64_t ticks = info->ticks != RUN_UNKNOWN ? info->ticks : s->ticks;
        unsigned jobs = 0;
        _cleanup_string_ String name = {0};

        string_add_bytes(&name, label, find_label_jobs(label, &jobs));
        string_add(out, "Project: ");
        string_add_shown(out, string_get(&name), 0, false);
        if (jobs == 0)
                jobs = summary_log_jobs((const char *const *)info->command);
        string_add(out, "\nParallelism: -j");
        if (jobs > 0)
                string_add_format(out, "%u\n", jobs);
        else
                string_add(out, "?\n");
        if (wall_ns != RUN_UNKNOWN)
                string_add_format(out, "Total Build & Monitoring Duration: %.1fs (%.2f seconds)\n",
                                  (double)wall_ns / (double)NS_PER_SECOND,
                                  (double)wall_ns / (double)NS_PER_SECOND);
        else
                string_add(out, "Total Build & Monitoring Duration: unknown\n");
        string_add_format(out, "Peak Overall Memory (%s): ", pss ? "PSS_KB" : "RSS_KB");
        add_kb(out, overall_kb(s, pss));
        string_add_format(out, "\nSamples Collected: %llu\n", (unsigned long long)ticks);
        string_add(out, "Build Exit Code: ");
        if (info->exit_signal > 0) /* as a shell says it */
                string_add_format(out, "%d\n", 128 + info->exit_signal);
        else if (info->exit_code >= 0)
                string_add_format(out, "%d\n", info->exit_code);
        else
                string_add(out, "unknown\n");
}

/* A major category or a category, as it is told. */
typedef struct Line {
        const char *name;
        uint64_t kb, pids;         /* kb: SUMMARY_UNKNOWN */
} Line;

static const char *major_of(const SummaryGroup *g)
{
        return g->major && *g->major ? g->major : "Other";
}

/* Highest first, the unknown last. */
static int compare_lines(const void *a, const void *b)
{
        const Line *x = a, *y = b;

        if (x->kb != y->kb)
                return x->kb + 1 < y->kb + 1 ? 1 : -1;
        return strcmp(x->name, y->name);
}

/* The highest sum of the major at one tick; no less than what one of its categories held. */
static Line major_line(const Summary *s, const char *name)
{
        Line line = {.name = name, .kb = SUMMARY_UNKNOWN};

        for (size_t i = 0; i < s->n_majors; i++)
                if (text_equal(s->majors[i].name, name))
                        line.kb = kb_of(&s->majors[i]);
        for (size_t i = 0; i < s->n_groups; i++) {
                if (!text_equal(major_of(&s->groups[i]), name))
                        continue;
                uint64_t kb = kb_of(&s->groups[i]);
                line.pids += s->groups[i].processes;
                if (kb != SUMMARY_UNKNOWN && (line.kb == SUMMARY_UNKNOWN || kb > line.kb))
                        line.kb = kb;
        }
        return line;
}

static bool has_line(const Line *lines, size_t n, const char *name)
{
        for (size_t i = 0; i < n; i++)
                if (text_equal(lines[i].name, name))
                        return true;
        return false;
}

static void add_categories(String *out, const Summary *s, const Line *major, Line *lines)
{
        size_t n = 0;

        for (size_t i = 0; i < s->n_groups; i++)
                if (text_equal(major_of(&s->groups[i]), major->name))
                        lines[n++] = (Line){s->groups[i].name, kb_of(&s->groups[i]), s->groups[i].processes};
        qsort(lines, n, sizeof *lines, compare_lines);
        string_add_char(out, '\n');
        string_add_shown(out, major->name, 0, false);
        string_add(out, ":\n  Total Peak Memory: ");
        add_kb(out, major->kb);
        string_add_format(out, " (%llu total pids)\n", (unsigned long long)major->pids);
        for (size_t i = 0; i < n; i++) {
                string_add(out, "    ");
                string_add_shown(out, lines[i].name, 0, false);
                string_add(out, ": ");
                add_kb(out, lines[i].kb);
                string_add_format(out, " (%llu pids)\n", (unsigned long long)lines[i].pids);
        }
}

int summary_log_add(const RunInfo *info, const Summary *summary, uint64_t wall_ns, String *out)
{
        _cleanup_free_ Line *majors = calloc(summary->n_groups + 1, sizeof *majors);
        _cleanup_free_ Line *lines = calloc(summary->n_groups + 1, sizeof *lines);
        size_t n = 0;

        if (!majors || !lines)
                return -ENOMEM;
        for (size_t i = 0; i < summary->n_groups; i++)
                if (!has_line(majors, n, major_of(&summary->groups[i])))
                        majors[n++] = major_line(summary, major_of(&summary->groups[i]));
        qsort(majors, n, sizeof *majors, compare_lines);

        add_head(out, info, summary, wall_ns);
        string_add(out, "\n--- Category Peak Memory Usage ---\n");
        for (size_t i = 0; i < n; i++)
                add_categories(out, summary, &majors[i], lines);
        return out->failed ? -ENOMEM : 0;
}
