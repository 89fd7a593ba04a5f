/* From the data of every report; only what is shown of it, and in which order, is decided here. */
#include "report/why.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/last-lines.h"
#include "report/next-run.h"
#include "report/report-json.h"
#include "report/report-words.h"
#include "report/text-verdict.h"

enum {
        WHY_FINDINGS = 12, /* told with all there is to say */
        WHY_OUTPUT = 8,    /* lines of the command's output */
        WHY_INDENT = 12,
};

static bool failed(const ReportData *d)
{
        return d->info->exit_signal > 0 || d->info->exit_code > 0 || d->info->timed_out;
}

/* What may be the cause of a failure: not what is only worth knowing. */
static size_t count_causes(const ReportData *d)
{
        size_t n = 0;

        for (size_t i = 0; i < d->n_findings; i++)
                n += d->findings[i].severity != SEVERITY_INFO;
        return n;
}

/* ---- the last of the output ---- */

static void read_output(const ReportData *d, String *to)
{
        _cleanup_close_ int dir = d->path ? open(d->path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

        if (dir >= 0)
                file_add_last_lines(dir, "output.log", WHY_OUTPUT, to);
}

static void add_output(Page *p)
{
        _cleanup_string_ String lines = {0};

        read_output(p->data, &lines);
        if (lines.size == 0)
                return;
        string_add(p->out, "\nThe last it wrote:\n\n");
        for (const char *at = string_get(&lines); *at; at += strcspn(at, "\n") + 1) {
                _cleanup_string_ String line = {0};
                string_add_bytes(&line, at, strcspn(at, "\n"));
                string_add(p->out, "  ");
                string_add_shown(p->out, string_get(&line), p->columns - 2, p->ascii);
                string_add_char(p->out, '\n');
        }
        p->out->failed |= lines.failed;
}

/* ---- findings ---- */

/* Words are wrapped; what follows the first line end is to be pasted, so it stays as it is. */
static void add_advice(Page *p, const char *advice)
{
        _cleanup_string_ String words = {0};

        string_add_bytes(&words, advice, strcspn(advice, "\n"));
        page_text(p, "do", PAGE_DIM, string_get(&words), 6);
        for (const char *at = advice + strcspn(advice, "\n"); *at; at += strcspn(at, "\n")) {
                _cleanup_string_ String line = {0};
                string_add_bytes(&line, at + 1, strcspn(at + 1, "\n"));
                at++;
                if (line.size == 0)
                        continue;
                for (unsigned i = 0; i < WHY_INDENT + 2; i++)
                        string_add_char(p->out, ' ');
                string_add_shown(p->out, string_get(&line), 0, p->ascii);
                string_add_char(p->out, '\n');
        }
}

static void add_title(Page *p, const Finding *f)
{
        _cleanup_string_ String text = {0};
        char at[FORMAT_MAX];
        PageStyle style = f->severity == SEVERITY_CRITICAL ? PAGE_RED
                          : f->severity == SEVERITY_WARNING ? PAGE_YELLOW
                                                            : PAGE_DIM;

        if (f->t_ns != FINDING_NO_TIME)
                string_add_format(&text, "at %s: ", format_duration(at, f->t_ns > 0 ? (uint64_t)f->t_ns : 0));
        string_add(&text, f->title);
        if (f->sure != SURE_CERTAIN)
                string_add_format(&text, " (%s)", sureness_name(f->sure));
        page_text(p, f->severity == SEVERITY_INFO ? "note" : severity_name(f->severity), style, string_get(&text), 4);
        p->out->failed |= text.failed;
}

static void add_finding(Page *p, const Finding *f)
{
        string_add_char(p->out, '\n');
        add_title(p, f);
        if (f->evidence)
                page_text(p, "evidence", PAGE_DIM, f->evidence, 8);
        if (f->meaning)
                page_text(p, "means", PAGE_DIM, f->meaning, 6);
        if (f->advice)
                add_advice(p, f->advice);
}

static void add_findings(Page *p)
{
        const ReportData *d = p->data;

        for (size_t i = 0; i < d->n_findings && i < WHY_FINDINGS; i++)
                add_finding(p, &d->findings[i]);
        if (d->n_findings > WHY_FINDINGS)
                string_add_format(p->out, "\n  and %zu more: vigia why --json\n", d->n_findings - WHY_FINDINGS);
}

/* Not more than is known: what no monitor looked at may still have been the cause. */
static void add_no_cause(Page *p)
{
        if (!failed(p->data) || text_could_not_start(p->data))
                string_add(p->out, p->data->n_findings > 0 ? "" : "\nNothing stood out.\n");
        else
                string_add(p->out, "\nNothing around the command explains it, as far as was recorded: it seems to have\n"
                                   "failed by itself.\n");
}

static void add_culprit(Page *p)
{
        _cleanup_string_ String line = {0};

        if (!report_culprit_words(p->data, page_room(p), p->ascii, &line))
                return;
        string_add_char(p->out, '\n');
        page_text(p, "failed", PAGE_DIM, string_get(&line), 2);
        p->out->failed |= line.failed;
}

static void add_next_run(Page *p)
{
        _cleanup_string_ String text = {0};
        Page next = *p;

        next.out = &text;
        next_run_add_text(&next, BRIEF_SETTINGS);
        if (text.size > 0)
                string_add_format(p->out, "\n%s", string_get(&text));
        p->out->failed |= text.failed;
}

static int write_text(const ReportData *d, const ReportOptions *options, String *out)
{
        Page page = {d, out, options->color, options->ascii, MAX(options->columns ? options->columns : 80u, (unsigned)PAGE_LEAST)};
        _cleanup_string_ String verdict = {0};
        PageStyle style = text_verdict(d, page.columns, page.ascii, &verdict);
        size_t causes = count_causes(d);

        page_begin_style(&page, style);
        string_add(out, string_get(&verdict));
        page_end_style(&page, style);
        string_add_char(out, '\n');
        if (!text_could_not_start(d))
                add_culprit(&page);
        if (causes == 0)
                add_no_cause(&page);
        add_findings(&page);
        add_next_run(&page);
        if (failed(d))
                add_output(&page);
        return out->failed || verdict.failed ? -ENOMEM : 0;
}

int report_why(RunReader *reader, const ReportLabels *labels, const ReportOptions *options, String *out, Error *err)
{
        ReportData data;
        int r = report_data_load_advised(&data, reader, labels, NULL, err);

        if (r == 0 && write_text(&data, options, out) < 0)
                r = error_set(err, ENOMEM, "out of memory");
        report_data_done(&data);
        return r;
}

/* ---- JSON ---- */

static void write_json(const ReportData *d, String *out)
{
        Json j = {.out = out};
        _cleanup_string_ String verdict = {0}, culprit = {0}, output = {0};

        text_verdict(d, 400, false, &verdict);
        json_open_object(&j, NULL, JSON_LINES);
        json_add_text(&j, "verdict", string_get(&verdict));
        json_add_text(&j, "failed", report_culprit_words(d, 400, false, &culprit) ? string_get(&culprit) : NULL);
        report_add_findings_json(&j, d);
        next_run_add_json(&j, d);
        if (failed(d))
                read_output(d, &output);
        json_open_array(&j, "output", JSON_LINES);
        for (const char *at = string_get(&output); *at; at += strcspn(at, "\n") + 1)
                json_add_bytes(&j, NULL, at, strcspn(at, "\n"));
        json_close(&j);
        json_close(&j);
        string_add_char(out, '\n');
        out->failed |= verdict.failed || culprit.failed || output.failed;
}

int report_why_json(RunReader *reader, const ReportLabels *labels, String *out, Error *err)
{
        ReportData data;
        int r = report_data_load_advised(&data, reader, labels, NULL, err);

        if (r == 0) {
                write_json(&data, out);
                if (out->failed)
                        r = error_set(err, ENOMEM, "out of memory");
        }
        report_data_done(&data);
        return r;
}

int report_worst(RunReader *reader, const ReportLabels *labels, Severity *ret, Error *err)
{
        ReportData data;
        int r = report_data_load_labelled(&data, reader, labels, err);

        if (r == 0 && data.n_findings > 0) {
                *ret = SEVERITY_INFO;
                for (size_t i = 0; i < data.n_findings; i++)
                        *ret = MAX(*ret, data.findings[i].severity);
                r = 1;
        }
        report_data_done(&data);
        return r;
}
