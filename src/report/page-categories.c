/* What the run's categories are, and their memory, CPU and processes over time. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "report/page-internal.h"

static const struct {
        const char *name, *unit;
        double step; /* what its values are rounded to; 0: see page-sections.h */
} metrics[CATEGORY_METRICS] = {
        [CATEGORY_PSS] = {"pss", "bytes", 1024},
        [CATEGORY_RSS] = {"rss", "bytes", 1024},
        [CATEGORY_PROCESSES] = {"processes", "count", 1},
        [CATEGORY_CPU] = {"cpu", "cores", 0.001},
};

/* In the order of the page. */
static const CategoryMetric order[] = {CATEGORY_PSS, CATEGORY_RSS, CATEGORY_CPU, CATEGORY_PROCESSES};

static void add_category(String *to, bool first, const char *major, const char *name, bool ignored)
{
        string_add(to, first ? "{\"major\":" : ",{\"major\":");
        page_add_text(to, major ? major : "Other");
        string_add(to, ",\"category\":");
        page_add_text(to, name);
        string_add_format(to, ",\"ignored\":%s}", ignored ? "true" : "false");
}

/* Lines beyond the bound as one. */
static int sum_further(const CategorySeries *s, CategoryMetric metric, double *to)
{
        bool any = false;

        for (size_t i = 0; i < s->n_buckets; i++)
                to[i] = 0;
        for (size_t k = PAGE_SERIES_MAX - 1; k < s->n_lines; k++) {
                const double *values = s->lines[k].values[metric];
                for (size_t i = 0; values && i < s->n_buckets; i++)
                        to[i] += values[i];
                any = any || values;
        }
        return any;
}

static bool any_of(const double *values, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (!isnan(values[i]) && values[i] > 0)
                        return true;
        return false;
}

static void add_series(PageMaker *page, const CategorySeries *s, CategoryMetric metric, const double *values,
                       size_t category, bool *first)
{
        if (!values || !any_of(values, s->n_buckets))
                return;
        size_t section = page_sections_add(&page->sections, values, s->n_buckets, metrics[metric].step);
        string_add_format(&page->json, "%s{\"category\":%zu,\"max\":%zu,\"min\":null}", *first ? "" : ",", category,
                          section);
        *first = false;
}

static int add_level(PageMaker *page, const CategorySeries *s, CategoryMetric metric, double *scratch)
{
        bool first = true, bounded = s->n_lines > PAGE_SERIES_MAX;

        for (size_t i = 0; i < s->n_buckets; i++)
                scratch[i] = (double)category_series_begin_ns(s, i) / 1e9;
        size_t t = page_sections_add(&page->sections, scratch, s->n_buckets, 1e-6);
        string_add_format(&page->json, "{\"t\":%zu,\"series\":[", t);
        for (size_t i = 0; i < s->n_lines && !(bounded && i + 1 >= PAGE_SERIES_MAX); i++)
                add_series(page, s, metric, s->lines[i].values[metric], i, &first);
        if (bounded && sum_further(s, metric, scratch))
                add_series(page, s, metric, scratch, s->n_lines, &first);
        string_add(&page->json, "]}");
        return page->sections.error;
}

/* Coarse ones first; a finer one is taken away again where it does not fit. */
static int add_metric(PageMaker *page, const CategorySeries *const *levels, size_t n, CategoryMetric metric,
                      double *scratch)
{
        String *json = &page->json;
        int r = 0;

        string_add_format(json, "{\"metric\":\"%s\",\"unit\":\"%s\",\"levels\":[", metrics[metric].name,
                          metrics[metric].unit);
        for (size_t i = 0; r == 0 && i < n; i++) {
                size_t before = json->size, sections = page->sections.n;
                string_add(json, i > 0 ? "," : "");
                r = add_level(page, levels[i], metric, scratch);
                if (r == 0 && i > 0 && !page_fits(page, PAGE_SHARE_CATEGORY)) {
                        page_sections_truncate(&page->sections, sections);
                        page_take_back(json, before);
                        page_leave_out(page, "the finest steps of %s by category", metrics[metric].name);
                        break;
                }
        }
        string_add(json, "]}");
        return r;
}

static int add_metrics(PageMaker *page, const CategorySeries *const *levels, size_t n)
{
        double *scratch = calloc(page->categories->n_buckets + 1, sizeof *scratch);
        bool first = true;
        int r = scratch ? 0 : -ENOMEM;

        string_add(&page->json, "\"by_category\":[");
        for (size_t i = 0; r == 0 && i < ARRAY_LENGTH(order); i++) {
                if (order[i] == CATEGORY_PSS && !page->categories->pss)
                        continue; /* it would be RSS under another name */
                string_add(&page->json, first ? "" : ",");
                first = false;
                r = add_metric(page, levels, n, order[i], scratch);
        }
        string_add(&page->json, "],");
        free(scratch);
        return r;
}

int page_write_categories(PageMaker *page)
{
        const CategorySeries *s = page->categories;
        CategorySeries *coarse[PAGE_LEVELS] = {0};
        const CategorySeries *levels[PAGE_LEVELS];
        size_t factors[PAGE_LEVELS], n = page_factors(s->n_buckets, factors);
        int r = 0;

        string_add(&page->json, "\"categories\":[");
        for (size_t i = 0; i < s->n_lines; i++)
                add_category(&page->json, i == 0, s->lines[i].major, s->lines[i].name, s->lines[i].ignored);
        if (s->n_lines > PAGE_SERIES_MAX)
                add_category(&page->json, false, NULL, "Other_further", false);
        string_add(&page->json, "],");
        for (size_t i = 0; r == 0 && i < n; i++) {
                r = factors[i] > 1 ? category_series_coarsen(s, factors[i], &coarse[i]) : 0;
                levels[i] = coarse[i] ? coarse[i] : s;
        }
        if (r == 0)
                r = add_metrics(page, levels, n);
        for (size_t i = 0; i < n; i++)
                category_series_free(coarse[i]);
        return r;
}
