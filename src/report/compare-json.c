/* A comparison as data: docs/compare.schema.json. Figures are in the units that they name. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/compare-internal.h"

enum { JSON_FORMAT = 1 };

/* One member a call; lists and objects of one line, to be read by programs and by grep(1). */
static void add_key(String *out, const char *key)
{
        if (out->size > 0 && !strchr("{[\n", out->text[out->size - 1]))
                string_add(out, ", ");
        if (key)
                string_add_format(out, "\"%s\": ", key);
}

static void add_text(String *out, const char *key, const char *text)
{
        add_key(out, key);
        if (!text) {
                string_add(out, "null");
                return;
        }
        string_add_char(out, '"');
        string_add_json(out, text, strlen(text));
        string_add_char(out, '"');
}

static void add_number(String *out, const char *key, double value)
{
        char digits[48];

        add_key(out, key);
        if (!isfinite(value)) {
                string_add(out, "null");
                return;
        }
        snprintf(digits, sizeof digits, "%.12g", value);
        string_add(out, digits);
}

static void add_bool(String *out, const char *key, bool value)
{
        add_key(out, key);
        string_add(out, value ? "true" : "false");
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

static void add_run(String *out, const ComparedRun *run)
{
        string_add(out, "\n      {");
        add_text(out, "id", run->id);
        add_text(out, "path", run->path);
        add_text(out, "label", run->label);
        add_text(out, "command", run->command);
        add_text(out, "host", run->host);
        add_text(out, "kernel", run->kernel);
        add_number(out, "cpus", run->cpus > 0 ? run->cpus : NAN);
        add_number(out, "jobs", run->jobs > 0 ? run->jobs : NAN);
        add_text(out, "source", run->source);
        add_number(out, "exit_code", run->exit_code >= 0 ? run->exit_code : NAN);
        add_number(out, "exit_signal", run->exit_signal > 0 ? run->exit_signal : NAN);
        add_bool(out, "failed", compared_run_failed(run));
        add_bool(out, "complete", run->complete);
        add_bool(out, "partial", run->partial);
        string_add_char(out, '}');
}

static void add_groups(String *out, const Comparison *c)
{
        string_add(out, "  \"groups\": [");
        for (size_t i = 0, n = 0; i < c->n_groups; i++) {
                size_t runs = 0;
                string_add(out, n++ > 0 ? ",\n    {" : "\n    {");
                add_text(out, "name", c->groups[i].name);
                add_number(out, "jobs", c->groups[i].jobs > 0 ? c->groups[i].jobs : NAN);
                add_key(out, "runs");
                string_add_char(out, '[');
                for (size_t k = 0; k < c->n_runs; k++) {
                        if (c->runs[k].group != i)
                                continue;
                        string_add(out, runs++ > 0 ? "," : "");
                        add_run(out, &c->runs[k]);
                }
                string_add(out, "]}");
        }
        string_add(out, "\n  ],\n");
}

static void add_notes(String *out, const Comparison *c)
{
        string_add(out, "  \"notes\": [");
        for (size_t i = 0; i < c->n_notes; i++) {
                string_add(out, i > 0 ? ",\n    {" : "\n    {");
                add_text(out, "severity", c->notes[i].warning ? "warning" : "info");
                add_text(out, "text", c->notes[i].text);
                string_add_char(out, '}');
        }
        string_add(out, c->n_notes > 0 ? "\n  ],\n" : "],\n");
}

static void add_spread(String *out, const char *key, const Spread *s)
{
        add_key(out, key);
        string_add_char(out, '{');
        add_number(out, "n", (double)s->n);
        add_number(out, "unknown", (double)s->unknown);
        add_number(out, "mean", s->mean);
        add_number(out, "sd", s->sd);
        add_number(out, "median", s->median);
        add_number(out, "quartile_low", s->quartile_low);
        add_number(out, "quartile_high", s->quartile_high);
        add_number(out, "min", s->min);
        add_number(out, "max", s->max);
        string_add_char(out, '}');
}

static void add_figure(String *out, const ComparedFigure *f, const ComparedDifference *d)
{
        const Difference *x = &d->difference;
        bool category = f->section == FIGURE_CATEGORY || f->section == FIGURE_MAJOR;

        string_add_char(out, '{');
        add_text(out, "section", figure_section_name(f->section));
        add_text(out, "name", f->name);
        add_text(out, "major", category ? f->within : NULL);
        add_text(out, "monitor", f->section == FIGURE_MONITOR ? f->within : NULL);
        add_text(out, "of", f->thing);
        add_text(out, "statistic", statistic_name(f->statistic));
        add_text(out, "unit", f->unit == UNIT_SECONDS ? "s" : unit_name(f->unit));
        add_spread(out, "base", &d->a);
        add_spread(out, "other", &d->b);
        add_number(out, "change", x->change);
        add_number(out, "change_low", x->change_interval.low);
        add_number(out, "change_high", x->change_interval.high);
        add_number(out, "ratio", x->ratio);
        add_number(out, "ratio_low", x->ratio_interval.low);
        add_number(out, "ratio_high", x->ratio_interval.high);
        add_text(out, "interval", interval_method_name(x->change_interval.method));
        add_text(out, "verdict", verdict_name(f, d->verdict));
        string_add_char(out, '}');
}

static void add_pair(String *out, const Comparison *c, const ComparedPair *pair)
{
        const ComparedGroup *a = &c->groups[pair->base], *b = &c->groups[pair->other];
        size_t n = 0;

        string_add_char(out, '{');
        add_text(out, "base", a->name);
        add_text(out, "other", b->name);
        add_number(out, "jobs", c->per_jobs && a->jobs > 0 ? a->jobs : NAN);
        add_key(out, "figures");
        string_add_char(out, '[');
        for (size_t i = 0; i < c->n_figures; i++) {
                if (isnan(pair->differences[i].difference.a) && isnan(pair->differences[i].difference.b))
                        continue;
                string_add(out, n++ > 0 ? ",\n      " : "\n      ");
                add_figure(out, &c->figures[i], &pair->differences[i]);
        }
        string_add(out, "\n    ]}");
}

static const char *judgement_name(Judgement judgement)
{
        static const char *const names[] = {"fine", "worse", "not-sure", "unknown"};

        return names[judgement];
}

static void add_regression(String *out, const Comparison *c, const CompareOptions *options)
{
        const RegressionCheck *check = options->check;
        size_t n = 0;

        string_add(out, "  \"regression\": ");
        if (!check) {
                string_add(out, "null\n");
                return;
        }
        string_add_char(out, '{');
        add_number(out, "bound_ratio", check->bound);
        add_text(out, "judgement", judgement_name(regression_judge_all(check, c)));
        add_key(out, "figures");
        string_add_char(out, '[');
        for (size_t i = 0; i < c->n_pairs; i++)
                for (size_t f = 0; f < RUN_FIGURES; f++) {
                        size_t at = regression_figure(&c->pairs[i], f);
                        if (!check->figures[f])
                                continue;
                        string_add(out, n++ > 0 ? ",\n    {" : "\n    {");
                        add_text(out, "name", c->figures[at].name);
                        add_text(out, "base", c->groups[c->pairs[i].base].name);
                        add_text(out, "other", c->groups[c->pairs[i].other].name);
                        add_text(out, "judgement",
                                 judgement_name(regression_judge(check, &c->pairs[i].differences[at])));
                        string_add_char(out, '}');
                }
        string_add(out, "]}\n");
}

int compare_write_json(const Comparison *c, const CompareOptions *options, String *out)
{
        _cleanup_string_ String answer = {0};

        compare_answer(c, options, &answer);
        string_add_format(out, "{\n  \"format\": %d,\n  \"answer\": \"", JSON_FORMAT);
        string_add_json(out, string_get(&answer), answer.size);
        string_add(out, "\",\n");
        add_groups(out, c);
        add_notes(out, c);
        string_add(out, "  \"comparisons\": [");
        for (size_t i = 0; i < c->n_pairs; i++) {
                string_add(out, i > 0 ? ",\n    " : "\n    ");
                add_pair(out, c, &c->pairs[i]);
        }
        string_add_format(out, "\n  ],\n  \"figures_left_out\": %zu,\n", c->figures_left_out);
        add_regression(out, c, options);
        string_add(out, "}\n");
        return out->failed || answer.failed ? -ENOMEM : 0;
}
