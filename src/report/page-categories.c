/* What the run's categories are, and their memory, CPU and processes over time. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
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

/* Which lines are told by themselves. */
static bool is_apart(const PageMaker *page, const CategorySeries *s, size_t line)
{
        const PageExtent *extent = &page->extent;

        if (extent->category)
                return extent->category(s->lines[line].major, s->lines[line].name, extent->data);
        return s->n_lines <= PAGE_SERIES_MAX || line + 1 < PAGE_SERIES_MAX;
}

/* The categories of the page, and to which one of them each line counts. */
typedef struct Places {
        size_t *of; /* one a line */
        size_t n;   /* categories */
} Places;

/* Beside other runs only those that are told, and what is further of each major; else all of them, since
 * processes are of any, and one for the series of what is further. */
static void place_lines(PageMaker *page, const CategorySeries *s, Places *places)
{
        bool overlay = page->extent.overlay;
        size_t further = SIZE_MAX;

        places->n = overlay ? 0 : s->n_lines;
        for (size_t i = 0; i < s->n_lines; i++) {
                const CategoryLine *line = &s->lines[i];
                bool apart = is_apart(page, s, i);
                places->of[i] = !overlay && apart ? i : SIZE_MAX;
                for (size_t k = 0; !apart && overlay && k < i && places->of[i] == SIZE_MAX; k++)
                        if (!is_apart(page, s, k) && text_equal(s->lines[k].major ? s->lines[k].major : "Other",
                                                                line->major ? line->major : "Other"))
                                places->of[i] = places->of[k];
                if (!overlay)
                        add_category(&page->json, i == 0, line->major, line->name, line->ignored);
                if (places->of[i] != SIZE_MAX)
                        continue;
                if (!overlay && further != SIZE_MAX) {
                        places->of[i] = further;
                        continue;
                }
                further = places->of[i] = places->n++;
                if (overlay) {
                        _cleanup_string_ String name = {0};
                        string_add_format(&name, "%s_further", line->major ? line->major : "Other");
                        add_category(&page->json, further == 0, line->major, apart ? line->name : string_get(&name),
                                     line->ignored);
                        page->json.failed |= name.failed;
                }
        }
        if (!overlay && further != SIZE_MAX)
                add_category(&page->json, false, NULL, "Other_further", false);
}

/* What a category's lines hold: the only one's own values, or their sum in `scratch`; NULL: nothing. */
static const double *values_at(const CategorySeries *s, const Places *places, size_t place, CategoryMetric metric,
                               double *scratch)
{
        const double *only = NULL;
        size_t n = 0;

        for (size_t k = 0; k < s->n_lines; k++) {
                const double *values = places->of[k] == place ? s->lines[k].values[metric] : NULL;
                if (!values)
                        continue;
                if (++n == 1) {
                        only = values;
                        continue;
                }
                for (size_t i = 0; i < s->n_buckets; i++)
                        scratch[i] = (n == 2 ? only[i] : scratch[i]) + values[i];
        }
        return n > 1 ? scratch : only;
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

static int add_level(PageMaker *page, const CategorySeries *s, const Places *places, CategoryMetric metric,
                     double *scratch)
{
        bool first = true;

        for (size_t i = 0; i < s->n_buckets; i++)
                scratch[i] = (double)category_series_begin_ns(s, i) / 1e9;
        size_t t = page_sections_add(&page->sections, scratch, s->n_buckets, 1e-6);
        string_add_format(&page->json, "{\"t\":%zu", t);
        if (page->extent.overlay && s->totals[metric])
                string_add_format(&page->json, ",\"total\":%zu",
                                  page_sections_add(&page->sections, s->totals[metric], s->n_buckets,
                                                    metrics[metric].step));
        string_add(&page->json, ",\"series\":[");
        for (size_t i = 0; i < places->n; i++)
                add_series(page, s, metric, values_at(s, places, i, metric, scratch), i, &first);
        string_add(&page->json, "]}");
        return page->sections.error;
}

/* Coarse ones first; a finer one is taken away again where it does not fit. */
static int add_metric(PageMaker *page, const CategorySeries *const *levels, size_t n, const Places *places,
                      CategoryMetric metric, double *scratch)
{
        String *json = &page->json;
        int r = 0;

        string_add_format(json, "{\"metric\":\"%s\",\"unit\":\"%s\",\"levels\":[", metrics[metric].name,
                          metrics[metric].unit);
        for (size_t i = 0; r == 0 && i < n; i++) {
                size_t before = json->size, sections = page->sections.n;
                string_add(json, i > 0 ? "," : "");
                r = add_level(page, levels[i], places, metric, scratch);
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

static int add_metrics(PageMaker *page, const CategorySeries *const *levels, size_t n, const Places *places)
{
        double *scratch = calloc(page->categories->n_buckets + 1, sizeof *scratch);
        bool first = true;
        int r = scratch ? 0 : -ENOMEM;

        string_add(&page->json, "\"by_category\":[");
        for (size_t i = 0; r == 0 && i < ARRAY_LENGTH(order); i++) {
                bool pss = page->categories->pss;
                if (order[i] == CATEGORY_PSS && !pss)
                        continue; /* it would be RSS under another name */
                if (page->extent.overlay && (order[i] == CATEGORY_PROCESSES || (order[i] == CATEGORY_RSS && pss)))
                        continue; /* where there is room for one of memory and one of CPU */
                string_add(&page->json, first ? "" : ",");
                first = false;
                r = add_metric(page, levels, n, places, order[i], scratch);
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
        size_t factors[PAGE_LEVELS], n = page_factors(s->n_buckets, page->extent.buckets, factors);
        _cleanup_free_ size_t *of = calloc(s->n_lines + 1, sizeof *of);
        Places places = {of, 0};
        int r = of ? 0 : -ENOMEM;

        string_add(&page->json, "\"categories\":[");
        if (r == 0)
                place_lines(page, s, &places);
        string_add(&page->json, "],");
        for (size_t i = 0; r == 0 && i < n; i++) {
                r = factors[i] > 1 ? category_series_coarsen(s, factors[i], &coarse[i]) : 0;
                levels[i] = coarse[i] ? coarse[i] : s;
        }
        if (r == 0)
                r = add_metrics(page, levels, n, &places);
        for (size_t i = 0; i < n; i++)
                category_series_free(coarse[i]);
        return r;
}
