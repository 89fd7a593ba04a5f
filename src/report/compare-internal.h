/* What the forms of a comparison share. */
#pragma once

#include "report/compare.h"
#include "report/text-page.h"

/* A figure as a person reads it: "45.3 s", "3.9 GiB", "12 °C", "unknown". Within `as` bytes. */
enum { COMPARE_VALUE_MAX = 48 };
const char *compare_value(char buffer[COMPARE_VALUE_MAX], double value, Unit unit, bool ascii);

/* "+12 %", "-0.4 %", "×3.2", "same", "new" (from nothing); "" where nothing is known. */
const char *compare_change(char buffer[COMPARE_VALUE_MAX], const ComparedDifference *d, Unit unit, bool ascii);

/* "+9 … +15 %" of the interval, "×1.2 … ×12" of a wide one, of temperatures "+8.1 … +12 °C"; "" without one. */
const char *compare_interval(char buffer[COMPARE_VALUE_MAX], const ComparedDifference *d, Unit unit, bool ascii);

/* "wall time", "cc1plus peak", "memory available mean": not yet made safe. */
void compare_figure_name(const ComparedFigure *figure, String *to);

/* Whether a difference is worth a line when not all are asked for. */
bool compare_is_notable(const ComparedFigure *figure, const ComparedDifference *d);

/* The figures of a section that are to be shown of a pair, those that differ most first for monitors,
 * the weightiest first for categories. Owned array of indices. 0 or -ENOMEM. */
int compare_pick(const Comparison *comparison, const ComparedPair *pair, FigureSection section,
                 Statistic statistic, bool all, size_t **ret, size_t *ret_n);

/* Marks the figures of a pair that say most, `most` of them but at least those of the run: `told` has one
 * a figure. 0 or -ENOMEM. */
int compare_choose(const Comparison *comparison, const ComparedPair *pair, size_t most, bool *told);

/* What the text and Markdown show, in this order. */
typedef struct CompareTable {
        const char *title; /* NULL: none */
        FigureSection section;
        Statistic statistic; /* of monitors: all of theirs */
        bool all_only;
} CompareTable;
enum { COMPARE_TABLES = 8 };
extern const CompareTable compare_tables[COMPARE_TABLES];

/* The answer, in one sentence or two, not yet made safe. */
PageStyle compare_answer(const Comparison *comparison, const CompareOptions *options, String *to);

/* "3 runs each", "one run each: no spread known", "3 runs and 1: no spread known". */
void compare_runs_words(const Comparison *comparison, const ComparedPair *pair, String *to);

/* What was asked with --fail-on-regression, and what came of it. */
Judgement compare_regression_words(const Comparison *comparison, const CompareOptions *options, String *to);

/* "baseline (-j4)": a group's name where its -j is not part of it already. */
void compare_pair_name(const Comparison *comparison, const ComparedPair *pair, String *to);
