/* The answer for a person, 80 columns: what leaks first, what does not only counted. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/leak-command.h"
#include "base/clock.h"
#include "base/macros.h"
#include "detect/leak-words.h"

enum {
        WORD = 6,     /* "  slow" and a blank */
        RATE = 8,
        RANGE = 15,
        OVER = 8,
        NOW = 9,
        PID = 7,
        ROWS_MAX = 40,  /* of growing processes; --all: of all */
        SHORT_MAX = 5,  /* of those too short to tell */
        LEAST_COLUMNS = 60,
};

#define SHORT_LEAST_MINUTES (5 / 60.0)

typedef struct Show {
        const LeakAsked *asked;
        const LeakSource *source;
        const LeakReport *report;
        const ReportOptions *to;
        String *out;
        size_t columns;
} Show;

static void add_styled(const Show *s, const char *style, const char *text)
{
        string_add_format(s->out, s->to->color ? "\x1b[%sm%s\x1b[0m" : "%.0s%s", style, text);
}

static void add_padded(String *out, const char *text, size_t width)
{
        size_t n = text_width(text);

        string_add(out, text);
        string_add_format(out, "%*s", n < width ? (int)(width - n) : 1, "");
}

/* Without the folder of its program: there is little room, and what is cut is the middle. */
static void add_name(const Show *s, const LeakProcess *p, size_t room)
{
        const char *text = p->cmdline && *p->cmdline ? p->cmdline : p->comm ? p->comm : "?";
        const char *slash = memrchr(text, '/', strcspn(text, " "));

        string_add_shown(s->out, *text == '/' && slash[1] && slash[1] != ' ' ? slash + 1 : text, room, s->to->ascii);
}

static const char *class_word(const LeakVerdict *v)
{
        return v->class == LEAK_UNKNOWN ? "short" : v->class == LEAK_NORMAL ? "fine" : leak_class_name(v->class);
}

static const char *class_style(LeakClass class)
{
        return class == LEAK_LEAK ? "1;31" : class == LEAK_SLOW ? "33" : "0";
}

/* "  leak  3.12    3.05 to 3.19   29m 10s 412 MiB  4121   python3 server/main.py" */
static void add_row(const Show *s, const LeakProcess *p, const LeakVerdict *v, const char *now)
{
        _cleanup_string_ String range = {0};
        char one[FORMAT_MAX], other[FORMAT_MAX], text[FORMAT_MAX];

        string_add(s->out, "  ");
        add_styled(s, class_style(v->class), class_word(v));
        string_add_format(s->out, "%*s", (int)(WORD - MIN(strlen(class_word(v)), (size_t)WORD - 1)), "");
        add_padded(s->out, leak_rate_words(one, v->rate), RATE);
        if (isfinite(v->low) && isfinite(v->high))
                string_add_format(&range, "%s to %s", leak_rate_words(one, v->low), leak_rate_words(other, v->high));
        else
                string_add(&range, "unknown");
        add_padded(s->out, string_get(&range), RANGE);
        add_padded(s->out, leak_minutes_words(one, v->minutes), OVER);
        add_padded(s->out, now, NOW);
        snprintf(text, sizeof text, "%d", p->pid);
        add_padded(s->out, text, PID);
        size_t used = 2 + WORD + RATE + RANGE + OVER + NOW + PID;
        add_name(s, p, s->columns > used + 8 ? s->columns - used : 8);
        string_add_char(s->out, '\n');
}

static void add_heading(const Show *s, const char *rate, const char *now)
{
        _cleanup_string_ String line = {0};

        string_add(&line, "  ");
        add_padded(&line, "", WORD);
        add_padded(&line, rate, RATE);
        add_padded(&line, "95 %", RANGE);
        add_padded(&line, "over", OVER);
        add_padded(&line, now, NOW);
        add_padded(&line, "pid", PID);
        string_add(&line, "process");
        string_add(s->out, "\n");
        add_styled(s, "2", string_get(&line));
        string_add_char(s->out, '\n');
}

static void add_detail(const Show *s, const String *words)
{
        string_add_format(s->out, "%*s", 2 + WORD, "");
        string_add_shown(s->out, string_get(words), s->columns - 2 - WORD, s->to->ascii);
        string_add_char(s->out, '\n');
}

static void add_memory_row(const Show *s, const LeakProcess *p)
{
        _cleanup_string_ String words = {0}, room = {0};
        char now[FORMAT_MAX];

        add_row(s, p, &p->memory, p->memory_bytes == LEAK_NO_BYTES ? "" : format_bytes(now, p->memory_bytes));
        leak_shape_words(&p->memory, &words);
        if (p->memory.class == LEAK_UNKNOWN)
                return;
        if (p->memory.peaks_kept > 1 && p->memory.class > LEAK_NORMAL)
                string_add_format(&words, "; %zu of %zu peaks not given back", p->memory.peaks_kept, p->memory.peaks);
        add_detail(s, &words);
        if (p->step)
                string_add(&room, "a step of a build: what it takes it gives back when it ends");
        else if (p->over && p->memory.class > LEAK_NORMAL)
                string_add(&room, "it ended meanwhile, and so gave it back");
        leak_exhaustion_words(s->report, &p->exhaustion, &room);
        if (room.size > 0)
                add_detail(s, &room);
}

static bool is_shown(const Show *s, const LeakProcess *p, size_t n_short)
{
        if (s->asked->all || p->memory.class >= LEAK_SLOW)
                return true;
        /* What lived for a moment grew in it, and says nothing. */
        if (p->memory.minutes < MAX(s->report->minutes / 2, SHORT_LEAST_MINUTES))
                return false;
        return p->memory.class == LEAK_UNKNOWN && p->memory.rate >= s->asked->options.memory.slow &&
               p->memory.low > 0 && p->memory.last - p->memory.first >= s->asked->options.memory.least_growth &&
               n_short < SHORT_MAX;
}

static size_t add_memory(const Show *s)
{
        size_t n = 0, n_short = 0;

        for (size_t i = 0; i < s->report->n; i++) {
                const LeakProcess *p = &s->report->processes[i];
                if (!is_shown(s, p, n_short))
                        continue;
                if (n == 0)
                        add_heading(s, "MB/min", "now");
                n_short += p->memory.class == LEAK_UNKNOWN;
                if (n++ < ROWS_MAX || s->asked->all)
                        add_memory_row(s, p);
        }
        if (n > ROWS_MAX && !s->asked->all)
                string_add_format(s->out, "  and %zu more; --all shows them\n", n - ROWS_MAX);
        return n;
}

static const LeakVerdict *fds_of(const LeakProcess *p)
{
        return &p->fds;
}

static const LeakVerdict *threads_of(const LeakProcess *p)
{
        return &p->threads;
}

static void add_counts(const Show *s, const char *rate, const LeakVerdict *(*of)(const LeakProcess *))
{
        size_t n = 0;

        for (size_t i = 0; i < s->report->n; i++) {
                const LeakProcess *p = &s->report->processes[i];
                char now[FORMAT_MAX];
                if (of(p)->class < LEAK_SLOW)
                        continue;
                if (n == 0)
                        add_heading(s, rate, "now");
                if (n++ < ROWS_MAX)
                        add_row(s, p, of(p), format_count(now, (uint64_t)MAX(of(p)->last, 0.0)));
        }
}

static void add_verdict(const Show *s)
{
        _cleanup_string_ String line = {0};
        const LeakReport *r = s->report;
        const LeakProcess *p = r->n > 0 ? &r->processes[0] : NULL;
        char number[FORMAT_MAX], low[FORMAT_MAX], high[FORMAT_MAX], over[FORMAT_MAX];
        LeakClass class = LEAK_UNKNOWN;
        size_t more = r->n_leaking > 0 ? r->n_leaking - 1 : 0;

        if (p && p->memory.class >= LEAK_SLOW && !p->step) {
                class = p->memory.class;
                string_add_shown(&line, p->comm ? p->comm : "process", 24, s->to->ascii);
                string_add_format(&line, " (%d) %s %s MB a minute (%s to %s)%s", p->pid,
                                  p->over ? "grew by" : class == LEAK_LEAK ? "leaks" : "grows slowly,", leak_rate_words(number, p->memory.rate),
                                  leak_rate_words(low, p->memory.low), leak_rate_words(high, p->memory.high), p->over ? " until it ended" : "");
        } else if (r->n_leaking > 0) {
                class = MAX(p->fds.class, p->threads.class);
                string_add_shown(&line, p->comm ? p->comm : "process", 24, s->to->ascii);
                string_add_format(&line, " (%d) keeps more and more %s", p->pid,
                                  p->fds.class >= LEAK_SLOW ? "open files" : "threads");
        } else if (r->n == 0) {
                string_add(&line, "no process was sampled");
        } else if (r->n_short == r->n) {
                string_add_format(&line, "too short to tell: %s of samples; %s are needed",
                                  leak_minutes_words(number, r->minutes), leak_minutes_words(over, s->asked->options.memory.least_minutes));
        } else {
                string_add(&line, "nothing leaks");
                class = LEAK_NORMAL;
        }
        if (more > 0)
                string_add_format(&line, "; %s more", format_count(number, more));
        add_styled(s, class == LEAK_LEAK ? "1;31" : class == LEAK_SLOW ? "1;33" : class == LEAK_NORMAL ? "1;32" : "1", string_get(&line));
        string_add_char(s->out, '\n');
}

static void add_label(const Show *s, const char *label)
{
        _cleanup_string_ String text = {0};

        string_add(&text, "  ");
        add_padded(&text, label, 10);
        add_styled(s, "2", string_get(&text));
}

/* How many of what, where there are any. */
static void add_others(const Show *s, size_t n_shown)
{
        const LeakReport *r = s->report;
        size_t n_flat = 0;
        char number[FORMAT_MAX], time[FORMAT_MAX];

        for (size_t i = 0; i < r->n; i++)
                n_flat += r->processes[i].memory.class == LEAK_NORMAL;
        add_label(s, "others");
        string_add_format(s->out, "%s %s not grow", format_count(number, n_flat), n_flat == 1 ? "does" : "do");
        if (r->n_short > 0)
                string_add_format(s->out, ", %s too short to tell (%s needed)", format_count(number, r->n_short),
                                  leak_minutes_words(time, s->asked->options.memory.least_minutes));
        string_add_char(s->out, '\n');
        if (r->unwatched + r->left_out == 0)
                return;
        add_label(s, "");
        string_add_format(s->out, "%s not looked at: over between two samples, or not asked for\n", format_count(number, r->unwatched + r->left_out));
}

static void add_orphans(const Show *s)
{
        size_t n = 0;

        for (size_t i = 0; i < s->report->n; i++)
                n += s->report->processes[i].orphan;
        if (n == 0)
                return;
        add_label(s, "orphans");
        string_add_format(s->out, "%zu outlived %s parent:", n, n == 1 ? "its" : "their");
        for (size_t i = 0, told = 0; i < s->report->n && told < 4; i++) {
                const LeakProcess *p = &s->report->processes[i];
                if (!p->orphan)
                        continue;
                string_add_format(s->out, "%s ", told++ ? "," : "");
                string_add_shown(s->out, p->comm ? p->comm : "?", 12, s->to->ascii);
                string_add_format(s->out, " (%d)", p->pid);
        }
        string_add(s->out, n > 4 ? " …\n" : "\n");
}

static void add_totals(const Show *s)
{
        _cleanup_string_ String words = {0};
        char number[FORMAT_MAX];
        size_t n = 0;

        for (size_t i = 0; i < s->report->n; i++)
                n += s->report->processes[i].memory.class >= LEAK_SLOW && !s->report->processes[i].step && !s->report->processes[i].over;
        if (n < 2)
                return;
        add_label(s, "together");
        string_add_format(s->out, "%s MB a minute\n", leak_rate_words(number, s->report->mb_per_min));
        leak_exhaustion_words(s->report, &s->report->exhaustion, &words);
        if (words.size == 0)
                return;
        add_label(s, "");
        string_add_format(s->out, "%s\n", string_get(&words));
}

static void add_source(const Show *s)
{
        char number[FORMAT_MAX];

        add_label(s, s->source->is_log ? "log" : "run");
        string_add_shown(s->out, string_get(&s->source->name), s->columns - 24, s->to->ascii);
        string_add_format(s->out, ", %s%s\n", leak_minutes_words(number, s->report->minutes),
                          s->source->recording ? ", still recording" : "");
        if (s->source->bad_rows > 0) {
                add_label(s, "");
                string_add_format(s->out, "%s bad rows left out\n", format_count(number, s->source->bad_rows));
        }
        if (s->report->n > 0 && s->report->processes[0].is_estimate) {
                add_label(s, "");
                string_add(s->out, "what is private is not known: this is memory as the log has it\n");
        }
        if (s->source->partial) {
                add_label(s, "");
                string_add(s->out, "partial: processes may have been missed\n");
        }
}

void leak_show(const LeakAsked *asked, const LeakSource *source, const LeakReport *report, const ReportOptions *to,
               String *out)
{
        Show s = {asked, source, report, to, out, MAX(to->columns ? to->columns : 80u, (unsigned)LEAST_COLUMNS)};

        add_verdict(&s);
        size_t n = add_memory(&s);
        add_counts(&s, "fds/min", fds_of);
        add_counts(&s, "thr/min", threads_of);
        string_add_char(out, '\n');
        add_totals(&s);
        if (report->n > 0)
                add_others(&s, n);
        add_orphans(&s);
        leak_show_threads(report, source->groups, source->n_groups, to, out);
        add_source(&s);
}
