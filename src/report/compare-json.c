/* A comparison as data: docs/compare.schema.json. Figures are in the units that they name. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "report/compare-internal.h"

enum { JSON_FORMAT = 1 };

static void add_number(Json *j, const char *key, double value)
{
        json_add_number(j, key, value, 12);
}

static const char *verdict_name(const ComparedFigure *f, Verdict verdict)
{
        switch (verdict) {
        case VERDICT_ALIKE:
                return "alike";
        case VERDICT_UNSURE:
                return "unsure";
        case VERDICT_UNCLEAR:
                return "unclear";
        case VERDICT_MORE:
                return f->judged ? "worse" : "more";
        case VERDICT_LESS:
                return f->judged ? "better" : "less";
        default:
                return "unknown";
        }
}

/* At most so many bytes of it; 0: all. */
static void add_cut(Json *j, const char *key, const char *text, size_t most)
{
        if (!text || most == 0)
                json_add_text(j, key, text);
        else
                json_add_bytes(j, key, text, strnlen(text, most));
}

static void add_run(Json *j, const ComparedRun *run, size_t most)
{
        json_open_object(j, NULL, JSON_ONE_LINE);
        add_cut(j, "id", run->id, most);
        add_cut(j, "path", run->path, most);
        add_cut(j, "label", run->label, most);
        add_cut(j, "command", run->command, most);
        add_cut(j, "host", run->host, most);
        add_cut(j, "kernel", run->kernel, most);
        add_number(j, "cpus", run->cpus > 0 ? run->cpus : NAN);
        add_number(j, "jobs", run->jobs > 0 ? run->jobs : NAN);
        json_add_text(j, "source", run->source);
        add_number(j, "exit_code", run->exit_code >= 0 ? run->exit_code : NAN);
        add_number(j, "exit_signal", run->exit_signal > 0 ? run->exit_signal : NAN);
        json_add_bool(j, "failed", compared_run_failed(run));
        json_add_bool(j, "complete", run->complete);
        json_add_bool(j, "partial", run->partial);
        json_close(j);
}

static void add_groups(Json *j, const Comparison *c, size_t most)
{
        json_open_array(j, "groups", JSON_LINES);
        for (size_t i = 0; i < c->n_groups; i++) {
                json_open_object(j, NULL, JSON_LINES);
                add_cut(j, "name", c->groups[i].name, most);
                add_number(j, "jobs", c->groups[i].jobs > 0 ? c->groups[i].jobs : NAN);
                json_open_array(j, "runs", JSON_LINES);
                for (size_t k = 0; k < c->n_runs; k++)
                        if (c->runs[k].group == i)
                                add_run(j, &c->runs[k], most);
                json_close(j);
                json_close(j);
        }
        json_close(j);
}

static void add_notes(Json *j, const Comparison *c)
{
        json_open_array(j, "notes", JSON_LINES);
        for (size_t i = 0; i < c->n_notes; i++) {
                json_open_object(j, NULL, JSON_ONE_LINE);
                json_add_text(j, "severity", c->notes[i].warning ? "warning" : "info");
                json_add_text(j, "text", c->notes[i].text);
                json_close(j);
        }
        json_close(j);
}

static void add_spread(Json *j, const char *key, const Spread *s)
{
        json_open_object(j, key, JSON_ONE_LINE);
        add_number(j, "n", (double)s->n);
        add_number(j, "unknown", (double)s->unknown);
        add_number(j, "mean", s->mean);
        add_number(j, "sd", s->sd);
        add_number(j, "median", s->median);
        add_number(j, "quartile_low", s->quartile_low);
        add_number(j, "quartile_high", s->quartile_high);
        add_number(j, "min", s->min);
        add_number(j, "max", s->max);
        json_close(j);
}

static void add_figure(Json *j, const ComparedFigure *f, const ComparedDifference *d)
{
        const Difference *x = &d->difference;
        bool category = f->section == FIGURE_CATEGORY || f->section == FIGURE_MAJOR;

        json_open_object(j, NULL, JSON_ONE_LINE);
        json_add_text(j, "section", figure_section_name(f->section));
        json_add_text(j, "name", f->name);
        json_add_text(j, "major", category ? f->within : NULL);
        json_add_text(j, "monitor", f->section == FIGURE_MONITOR ? f->within : NULL);
        json_add_text(j, "of", f->thing);
        json_add_text(j, "statistic", statistic_name(f->statistic));
        json_add_text(j, "unit", f->unit == UNIT_SECONDS ? "s" : unit_name(f->unit));
        add_spread(j, "base", &d->a);
        add_spread(j, "other", &d->b);
        add_number(j, "change", x->change);
        add_number(j, "change_low", x->change_interval.low);
        add_number(j, "change_high", x->change_interval.high);
        add_number(j, "ratio", x->ratio);
        add_number(j, "ratio_low", x->ratio_interval.low);
        add_number(j, "ratio_high", x->ratio_interval.high);
        json_add_text(j, "interval", interval_method_name(x->change_interval.method));
        json_add_text(j, "verdict", verdict_name(f, d->verdict));
        json_close(j);
}

/* 0 or -ENOMEM. */
static int add_pair(Json *j, const Comparison *c, const ComparedPair *pair, const CompareOptions *options)
{
        _cleanup_free_ bool *told = NULL;
        size_t most = options->figures_most;
        const ComparedGroup *a = &c->groups[pair->base], *b = &c->groups[pair->other];

        if (most > 0) {
                told = calloc(c->n_figures + 1, sizeof *told);
                if (!told || compare_choose(c, pair, most, told) < 0)
                        return -ENOMEM;
        }
        json_open_object(j, NULL, JSON_LINES);
        add_cut(j, "base", a->name, options->text_most);
        add_cut(j, "other", b->name, options->text_most);
        add_number(j, "jobs", c->per_jobs && a->jobs > 0 ? a->jobs : NAN);
        json_open_array(j, "figures", JSON_LINES);
        for (size_t i = 0; i < c->n_figures; i++)
                if ((!told || told[i]) &&
                    (!isnan(pair->differences[i].difference.a) || !isnan(pair->differences[i].difference.b)))
                        add_figure(j, &c->figures[i], &pair->differences[i]);
        json_close(j);
        json_close(j);
        return 0;
}

static const char *judgement_name(Judgement judgement)
{
        static const char *const names[] = {"fine", "worse", "not-sure", "unknown"};

        return names[judgement];
}

static void add_regression(Json *j, const Comparison *c, const CompareOptions *options)
{
        const RegressionCheck *check = options->check;

        if (!check) {
                json_add_null(j, "regression");
                return;
        }
        json_open_object(j, "regression", JSON_LINES);
        add_number(j, "bound_ratio", check->bound);
        json_add_text(j, "judgement", judgement_name(regression_judge_all(check, c)));
        json_open_array(j, "figures", JSON_LINES);
        for (size_t i = 0; i < c->n_pairs; i++)
                for (size_t f = 0; f < RUN_FIGURES; f++) {
                        size_t at = regression_figure(&c->pairs[i], f);
                        if (!check->figures[f])
                                continue;
                        json_open_object(j, NULL, JSON_ONE_LINE);
                        json_add_text(j, "name", c->figures[at].name);
                        json_add_text(j, "base", c->groups[c->pairs[i].base].name);
                        json_add_text(j, "other", c->groups[c->pairs[i].other].name);
                        json_add_text(j, "judgement",
                                      judgement_name(regression_judge(check, &c->pairs[i].differences[at])));
                        json_close(j);
                }
        json_close(j);
        json_close(j);
}

int compare_write_json(const Comparison *c, const CompareOptions *options, String *out)
{
        _cleanup_string_ String answer = {0};
        Json j = {.out = out};
        int r = 0;

        compare_answer(c, options, &answer);
        json_open_object(&j, NULL, JSON_LINES);
        json_add_u64(&j, "format", JSON_FORMAT);
        json_add_text(&j, "answer", string_get(&answer));
        add_groups(&j, c, options->text_most);
        add_notes(&j, c);
        json_open_array(&j, "comparisons", JSON_LINES);
        for (size_t i = 0; r == 0 && i < c->n_pairs; i++)
                r = add_pair(&j, c, &c->pairs[i], options);
        json_close(&j);
        json_add_u64(&j, "figures_left_out", c->figures_left_out);
        add_regression(&j, c, options);
        json_close(&j);
        string_add_char(out, '\n');
        return r < 0 || out->failed || answer.failed ? -ENOMEM : 0;
}
