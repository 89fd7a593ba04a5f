/* Which runs, categories and tables are worth a line is known from the comparison; what they did over time is
 * written as on a page of their own (page.c), into the same sections. */
#include "report/compare-page.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "report/compare-internal.h"
#include "report/page-bundle.h"
#include "report/page-internal.h"

enum {
        FIGURE_BYTES = 560,     /* that one takes as JSON, about */
        FIGURES_MOST = 1200,    /* of one comparison */
        TEXT_MOST = 1024,       /* bytes of a run's command line; of very many runs a part of it */
        CATEGORIES_MAX = 32,
        HELP_BYTES = 20000,     /* of columns, told once for all runs */
};

typedef struct Weighed {
        size_t figure;
        double weight;
} Weighed;

struct ComparePage {
        const Comparison *comparison;
        const PageOptions *options;
        CompareOptions shown;
        bool *wanted; /* one a run */
        size_t n_wanted, n_told;
        size_t bytes; /* that sections and JSON may take */
        Weighed categories[CATEGORIES_MAX];
        size_t n_categories;
        PageSections sections;
        String head;     /* the comparison's JSON */
        String runs;     /* as JSON, with commas between */
        String left_out; /* sentences, likewise */
        double duration_s;
};

ComparePage *compare_page_free(ComparePage *page)
{
        if (!page)
                return NULL;
        page_sections_done(&page->sections);
        string_done(&page->head);
        string_done(&page->runs);
        string_done(&page->left_out);
        free(page->wanted);
        free(page);
        return NULL;
}

/* ---- what is told ---- */

/* Of each group as many as of the others, so that all groups are told of. */
static void choose_runs(ComparePage *page)
{
        const Comparison *c = page->comparison;

        for (size_t rank = 0, before = SIZE_MAX; page->n_wanted < COMPARE_PAGE_RUNS && page->n_wanted != before; rank++) {
                before = page->n_wanted;
                for (size_t group = 0; group < c->n_groups; group++)
                        for (size_t i = 0, nth = 0; i < c->n_runs && page->n_wanted < COMPARE_PAGE_RUNS; i++)
                                if (c->runs[i].group == group && nth++ == rank) {
                                        page->wanted[i] = true;
                                        page->n_wanted++;
                                        break;
                                }
        }
        if (page->n_wanted < c->n_runs)
                string_add_format(&page->left_out, "\"what %zu of %zu runs did over time\"", c->n_runs - page->n_wanted,
                                  c->n_runs);
}

static int compare_weighed(const void *a, const void *b)
{
        const Weighed *x = a, *y = b;

        if (x->weight != y->weight)
                return x->weight < y->weight ? 1 : -1;
        return x->figure < y->figure ? -1 : x->figure > y->figure;
}

/* A category's largest part in any run of its peak or of its CPU time. */
static double largest_part(const Comparison *c, const ComparedFigure *f)
{
        const double *whole = c->figures[f->statistic == STATISTIC_CPU ? RUN_CPU : RUN_PEAK_RSS].values;
        double most = 0;

        for (size_t i = 0; i < c->n_runs; i++)
                if (whole[i] > 0 && f->values[i] / whole[i] > most)
                        most = f->values[i] / whole[i];
        return most;
}

static bool is_same_category(const ComparedFigure *a, const ComparedFigure *b)
{
        return text_equal(a->name, b->name) && text_equal(a->within ? a->within : "", b->within ? b->within : "");
}

/* The weightiest of all runs, so that each run tells of the same ones. */
static int choose_categories(ComparePage *page)
{
        const Comparison *c = page->comparison;
        _cleanup_free_ Weighed *all = calloc(c->n_figures + 1, sizeof *all);
        size_t n = 0, most = page->n_wanted <= 2 ? 24 : page->n_wanted <= 8 ? 16 : 8;

        if (!all)
                return -ENOMEM;
        for (size_t i = 0; i < c->n_figures; i++) {
                const ComparedFigure *f = &c->figures[i];
                if (f->section == FIGURE_CATEGORY && (f->statistic == STATISTIC_PEAK || f->statistic == STATISTIC_CPU))
                        all[n++] = (Weighed){i, largest_part(c, f)};
        }
        qsort(all, n, sizeof *all, compare_weighed);
        for (size_t i = 0; i < n && page->n_categories < most; i++) {
                bool chosen = false;
                for (size_t k = 0; k < page->n_categories; k++)
                        chosen |= is_same_category(&c->figures[page->categories[k].figure], &c->figures[all[i].figure]);
                if (!chosen)
                        page->categories[page->n_categories++] = all[i];
        }
        return 0;
}

static bool is_category_wanted(const char *major, const char *name, const void *data)
{
        const ComparePage *page = data;
        const ComparedFigure asked = {.name = (char *)name, .within = (char *)major};

        for (size_t i = 0; i < page->n_categories; i++)
                if (is_same_category(&page->comparison->figures[page->categories[i].figure], &asked))
                        return true;
        return false;
}

/* One that is known on both sides of a pair. */
static bool is_table_wanted(const char *name, const void *data)
{
        const ComparePage *page = data;
        const Comparison *c = page->comparison;

        for (size_t i = 0; i < c->n_figures; i++) {
                const ComparedFigure *f = &c->figures[i];
                if (f->section != FIGURE_MONITOR || !text_equal(f->within, name))
                        continue;
                for (size_t k = 0; k < c->n_pairs; k++) {
                        const Difference *d = &c->pairs[k].differences[i].difference;
                        if (!isnan(d->a) && !isnan(d->b))
                                return true;
                }
        }
        return false;
}

/* ---- the runs ---- */

static int write_head(ComparePage *page)
{
        const Comparison *c = page->comparison;
        size_t room = page->bytes / 4 / FIGURE_BYTES;

        page->shown.figures_most = MIN(room / MAX(c->n_pairs, (size_t)1), (size_t)FIGURES_MOST);
        page->shown.figures_most = MAX(page->shown.figures_most, (size_t)RUN_FIGURES);
        size_t runs = MAX(c->n_runs, (size_t)COMPARE_PAGE_RUNS);
        page->shown.text_most = TEXT_MOST * COMPARE_PAGE_RUNS / runs;
        page->shown.shown = (ReportOptions){.columns = 80};
        return compare_write_json(c, &page->shown, &page->head);
}

/* A '<' is six characters in the file. */
static size_t size_in_file(const String *json)
{
        size_t size = json->size;

        for (const char *at = string_get(json); (at = strchr(at, '<')); at++)
                size += 5;
        return size;
}

int compare_page_new(const Comparison *c, const CompareOptions *options, const PageOptions *page_options,
                     ComparePage **ret, Error *err)
{
        _cleanup_(compare_page_freep) ComparePage *page = NULL;
        size_t around = page_bundle.script_size + page_bundle.style_size + PAGE_AROUND_BYTES;
        size_t bytes = MAX(page_options->bytes ? page_options->bytes : (size_t)PAGE_BYTES, (size_t)PAGE_BYTES_LEAST);

        if (c->n_groups > COMPARE_PAGE_GROUPS)
                return error_set(err, E2BIG, "%zu groups of runs; a page holds %d: --by label makes fewer", c->n_groups,
                                 COMPARE_PAGE_GROUPS);
        page = calloc(1, sizeof *page);
        if (!page)
                return error_set(err, ENOMEM, "out of memory");
        *page = (ComparePage){.comparison = c, .options = page_options, .shown = *options,
                              .bytes = bytes > around ? bytes - around : 0};
        page->wanted = calloc(c->n_runs + 1, sizeof *page->wanted);
        if (!page->wanted || page_sections_init(&page->sections) < 0)
                return error_set(err, ENOMEM, "out of memory");
        choose_runs(page);
        if (choose_categories(page) < 0 || write_head(page) < 0 || page->left_out.failed)
                return error_set(err, ENOMEM, "out of memory");
        page->bytes -= MIN(page->bytes, size_in_file(&page->head));
        *ret = TAKE(page);
        return 0;
}

bool compare_page_wants(const ComparePage *page, size_t run)
{
        return page->wanted[run];
}

/* The more runs, the fewer pixels and words there are for each. */
static PageExtent extent_of(const ComparePage *page)
{
        size_t n = page->n_wanted;

        return (PageExtent){
                .buckets = n <= 2 ? 1200 : n <= 4 ? 800 : n <= 8 ? 600 : n <= 16 ? 300 : 150,
                .lines = n <= 2 ? PAGE_LINES_MAX : n <= 8 ? 128 : 64,
                .overlay = true,
                .helps = page->n_told == 0,
                .category = is_category_wanted,
                .table = is_table_wanted,
                .data = page,
        };
}

static size_t size_so_far(const ComparePage *page)
{
        return page->sections.data.size / 3 * 4 + page->sections.n * PAGE_SECTION_BYTES + size_in_file(&page->runs) +
               size_in_file(&page->left_out);
}

int compare_page_add_run(ComparePage *page, size_t run, RunReader *reader, const ReportLabels *labels, Error *err)
{
        const Comparison *c = page->comparison;
        size_t used = size_so_far(page), rest = page->bytes > used ? page->bytes - used : 0, nth = 0;
        size_t share = rest / MAX(page->n_wanted - page->n_told, (size_t)1);
        const PageExtent extent = extent_of(page);
        _cleanup_string_ String json = {0};

        for (size_t i = 0; i < run; i++)
                nth += c->runs[i].group == c->runs[run].group;
        int r = page_write_overlay(&page->sections, reader, labels, page->options, &extent,
                                   MIN(share + (page->n_told == 0 ? HELP_BYTES : 0), rest), &json, &page->left_out,
                                   &page->duration_s, err);
        if (r < 0)
                return r;
        string_add_format(&page->runs, "%s{\"group\":%zu,\"run\":%zu,\"figures\":{", page->n_told++ > 0 ? "," : "",
                          c->runs[run].group, nth);
        for (size_t i = 0; i < RUN_FIGURES; i++) {
                string_add_format(&page->runs, "%s\"%s\":", i > 0 ? "," : "", c->figures[i].name);
                page_add_number(&page->runs, c->figures[i].values[run]);
        }
        string_add(&page->runs, "},");
        string_add_bytes(&page->runs, string_get(&json), json.size);
        string_add(&page->runs, "}");
        return page->runs.failed || json.failed ? error_set(err, ENOMEM, "out of memory") : 0;
}

/* ---- the file ---- */

static int write_json(const ComparePage *page, String *to)
{
        string_add(to, "{\"format\":1,\"kind\":\"compare\",\"version\":\"" VIGIA_VERSION "\",\"comparison\":");
        string_add_bytes(to, string_get(&page->head), page->head.size);
        string_add(to, ",\"pairs\":[");
        for (size_t i = 0; i < page->comparison->n_pairs; i++)
                string_add_format(to, "%s[%zu,%zu]", i > 0 ? "," : "", page->comparison->pairs[i].base,
                                  page->comparison->pairs[i].other);
        string_add_format(to, "],\"per_jobs\":%s,\"duration_s\":", page->comparison->per_jobs ? "true" : "false");
        page_add_number(to, page->duration_s);
        string_add(to, ",\"sections\":");
        page_sections_write_json(&page->sections, to);
        string_add(to, ",\"runs\":[");
        string_add_bytes(to, string_get(&page->runs), page->runs.size);
        string_add_format(to, "],\"budget\":{\"bytes\":%zu,\"left_out\":[%s]}}\n",
                          page->options->bytes ? page->options->bytes : (size_t)PAGE_BYTES,
                          string_get(&page->left_out));
        return to->failed ? -ENOMEM : 0;
}

int compare_page_data(const ComparePage *page, String *json, String *base64)
{
        int r = write_json(page, json);

        return r < 0 ? r : page_sections_write_base64(&page->sections, base64);
}

int compare_page_write(const ComparePage *page, String *out)
{
        _cleanup_string_ String title = {0}, json = {0}, text = {0}, safe = {0};
        const Comparison *c = page->comparison;
        CompareOptions plain = page->shown;

        if (page_bundle.script_size == 0)
                return -EOPNOTSUPP;
        plain.all = false;
        if (c->n_pairs > 0)
                string_add_format(&title, "%.60s against %.60s",
                                  c->per_jobs ? c->other_name : c->groups[c->pairs[0].other].name,
                                  c->per_jobs ? c->base_name : c->groups[c->pairs[0].base].name);
        string_add_shown(&safe, string_get(&title), 120, false);
        string_add(&safe, " \xc2\xb7 vigia");
        int r = compare_write_text(c, &plain, &text);
        if (r == 0)
                r = write_json(page, &json);
        if (r == 0 && (title.failed || safe.failed))
                r = -ENOMEM;
        return r < 0 ? r : page_write_file(string_get(&safe), &text, &json, &page->sections, out);
}
