/* A bounded list, looked through from the front: runs have few findings. */
#include "detect/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *severity_name(Severity severity)
{
        static const char *const names[] = {"info", "warning", "critical"};

        return names[severity];
}

const char *sureness_name(Sureness sure)
{
        static const char *const names[] = {"certain", "likely", "possible"};

        return names[sure];
}

void finding_done(Finding *f)
{
        free(f->subject);
        free(f->title);
        free(f->evidence);
        free(f->meaning);
        free(f->advice);
        *f = (Finding){0};
}

static void say(char **to, const char *format, va_list arguments)
{
        char text[FINDING_TEXT_MAX];

        vsnprintf(text, sizeof text, format, arguments);
        char *copy = strdup(text);
        if (copy) {
                free(*to);
                *to = copy;
        }
}

void finding_title(Finding *f, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        if (f)
                say(&f->title, format, arguments);
        va_end(arguments);
}

void finding_evidence(Finding *f, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        if (f)
                say(&f->evidence, format, arguments);
        va_end(arguments);
}

void finding_meaning(Finding *f, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        if (f)
                say(&f->meaning, format, arguments);
        va_end(arguments);
}

void finding_advice(Finding *f, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        if (f)
                say(&f->advice, format, arguments);
        va_end(arguments);
}

/* ---- those of a run ---- */

static bool is_about(const Finding *f, const char *id, const char *subject)
{
        if (!text_equal(f->id, id) || !f->subject != !subject)
                return false;
        return !subject || strncmp(f->subject, subject, FINDING_SUBJECT_MAX) == 0;
}

Finding *findings_find(const Findings *findings, const char *id, const char *subject)
{
        for (size_t i = 0; i < findings->n; i++)
                if (is_about(findings->items[i], id, subject))
                        return findings->items[i];
        return NULL;
}

static size_t count_of(const Findings *findings, const char *id)
{
        size_t n = 0;

        for (size_t i = 0; i < findings->n; i++)
                n += text_equal(findings->items[i]->id, id);
        return n;
}

static Finding *add(Findings *findings, const char *id, const char *subject)
{
        Finding **items = realloc(findings->items, (findings->n + 1) * sizeof(Finding *));

        if (items)
                findings->items = items;
        Finding *f = items ? calloc(1, sizeof *f) : NULL;
        if (f && subject && !(f->subject = strndup(subject, FINDING_SUBJECT_MAX))) {
                free(f);
                f = NULL;
        }
        if (!f) {
                findings->failed = true;
                return NULL;
        }
        text_copy(f->id, sizeof f->id, id);
        f->pid = -1;
        findings->items[findings->n++] = f;
        return f;
}

Finding *findings_raise(Findings *findings, const char *id, const char *subject, Severity severity,
                        Sureness sure, int64_t t_ns)
{
        Finding *f = findings_find(findings, id, subject);

        if (f) {
                if (severity > f->severity)
                        f->severity = severity;
                return f;
        }
        if (findings->n >= FINDINGS_MAX || count_of(findings, id) >= FINDINGS_OF_ID_MAX) {
                findings->left_out++;
                return NULL;
        }
        f = add(findings, id, subject);
        if (!f)
                return NULL;
        f->severity = severity;
        f->sure = sure;
        f->t_ns = t_ns;
        f->until_ns = FINDING_NO_TIME;
        return f;
}

static bool is_cause(const Finding *f)
{
        return f->cause && f->severity != SEVERITY_INFO;
}

bool finding_outweighs(const Finding *a, const Finding *b)
{
        return is_cause(a) != is_cause(b) ? is_cause(a) : a->severity > b->severity;
}

static bool comes_before(const Finding *a, const Finding *b)
{
        if (is_cause(a) != is_cause(b) || a->severity != b->severity)
                return finding_outweighs(a, b);
        if (a->cause != b->cause)
                return a->cause;
        if (a->sure != b->sure)
                return a->sure < b->sure;
        return a->t_ns != FINDING_NO_TIME && (b->t_ns == FINDING_NO_TIME || a->t_ns < b->t_ns);
}

void findings_sort(Findings *findings)
{
        for (size_t i = 1; i < findings->n; i++) {
                Finding *f = findings->items[i];
                size_t k = i;
                for (; k > 0 && comes_before(f, findings->items[k - 1]); k--)
                        findings->items[k] = findings->items[k - 1];
                findings->items[k] = f;
        }
}

void findings_done(Findings *findings)
{
        for (size_t i = 0; i < findings->n; i++) {
                finding_done(findings->items[i]);
                free(findings->items[i]);
        }
        free(findings->items);
        *findings = (Findings){0};
}
