/*
 * A comparison as a page for a browser (docs/page-data.md, kind "compare"): its figures, and what its runs did
 * over time beside each other. Runs are told one after the other, each within its part of the page's size; of
 * more than COMPARE_PAGE_RUNS some of each group are.
 */
#pragma once

#include "report/compare.h"
#include "report/page.h"

enum {
        COMPARE_PAGE_RUNS = 64,   /* told over time */
        COMPARE_PAGE_GROUPS = 64,
};

typedef struct ComparePage ComparePage;

/* When the comparison is finished, which is borrowed, as are the options. -EOPNOTSUPP: built without the
 * page; -E2BIG: too many groups; -ENOMEM. */
int compare_page_new(const Comparison *comparison, const CompareOptions *options, const PageOptions *page_options,
                     ComparePage **ret, Error *err);
ComparePage *compare_page_free(ComparePage *page);
DEFINE_CLEANUP(ComparePage, compare_page)

/* Whether a run of the comparison is told over time. */
bool compare_page_wants(const ComparePage *page, size_t run);

/* Those that are wanted, in their order. As run.h says. */
int compare_page_add_run(ComparePage *page, size_t run, RunReader *reader, const ReportLabels *labels, Error *err);

/* Appends the whole file. 0 or -ENOMEM. */
int compare_page_write(const ComparePage *page, String *out);

/* The data alone, as report_page_data. */
int compare_page_data(const ComparePage *page, String *json, String *base64);
