/* What the files of the page share. */
#pragma once

#include "model/category-series.h"
#include "model/column-series.h"
#include "model/process-list.h"
#include "report/page-sections.h"
#include "report/page.h"
#include "report/report-data.h"

enum {
        PAGE_BUCKETS = 1200,  /* of the coarsest level: about as many as a wide screen has pixels */
        PAGE_FINER = 4,       /* buckets of the next level in one of this */
        PAGE_LEVELS = 3,
        PAGE_LAST_ROW_NS = 250000000, /* how long after the end of a run its last rows may come */
        PAGE_SERIES_MAX = 64, /* categories told apart over time */
        PAGE_LINES_MAX = 256, /* of one table: of a hundred CPUs all together and the first ones */
        PAGE_SECTION_BYTES = 105, /* that a section's JSON takes */
        PAGE_AROUND_BYTES = 60000, /* the report, the text summary and the HTML around them, about */
};

/* Which part of the page may be filled before something is told no more: what matters most comes
 * first, and what everybody wants has its room kept free. */
#define PAGE_SHARE_TOTALS   0.2  /* their finer levels, likewise below */
#define PAGE_SHARE_CATEGORY 0.7
#define PAGE_SHARE_TABLE    0.75
#define PAGE_SHARE_TABLES   0.85 /* tables at all */
#define PAGE_SHARE_SAMPLES  0.9

/* How much of a run is told: a page of several asks for less of each. */
typedef struct PageExtent {
        size_t buckets; /* of the coarsest level */
        size_t lines;   /* of one table */
        bool overlay;   /* beside other runs: no processes, no events, no lowest values */
        bool helps;     /* with what columns mean */
        /* With overlay: which categories are told apart, and which tables at all. */
        bool (*category)(const char *major, const char *name, const void *data);
        bool (*table)(const char *name, const void *data);
        const void *data;
} PageExtent;

/* What is read from the tables, and what is made of it. */
typedef struct PageMaker {
        PageExtent extent;
        RunReader *reader;
        const PageOptions *options;
        ReportData data;
        int64_t end_ns;
        CategorySeriesBuilder *builder;
        CategorySeries *categories;
        ProcessList processes;
        ColumnSeriesBuilder *totals;
        PageSections sections;
        size_t bytes;    /* that sections and JSON may take in the file */
        size_t data_before, sections_before; /* of other runs, which do not count */
        size_t reserved; /* bytes of sections that are still to come */
        double cgroup_limit_bytes; /* NAN: none */
        String left_out; /* sentences as JSON texts, with commas between */
        String json;     /* of the parts behind the sections */
} PageMaker;

/* Whether what there is, with its base64 and its JSON, and what is reserved are within `share` of `bytes`. */
bool page_fits(const PageMaker *page, double share);

/* How many of n buckets become one at each level, coarsest first, the last 1; `coarsest` of them at first,
 * about. Returns how many levels. */
size_t page_factors(size_t n, size_t coarsest, size_t ret[PAGE_LEVELS]);
void page_leave_out(PageMaker *page, const char *format, ...) _printf_(2, 3);

/* Cuts a text back to what it was. */
void page_take_back(String *text, size_t size);

/* Appends "text" or null. */
void page_add_text(String *to, const char *text);
/* A figure with as many digits as are known; null if it is not finite. */
void page_add_number(String *to, double value);

/* Sections and the JSON about them, each with its own comma behind. 0 or -errno. */
int page_write_categories(PageMaker *page);
int page_begin_totals(PageMaker *page, const Schema *schema); /* 1: there is nothing in it */
int page_write_totals(PageMaker *page);
int page_write_tables(PageMaker *page, Error *err);
int page_write_processes(PageMaker *page);
int page_write_migration(PageMaker *page);

/* A run beside others: "start", "duration_s", … "tables" of an object, without its braces, its sections behind
 * those that are there; within `bytes`. What is left out is
 * appended to `left_out`, `duration_s` raised to the run's. */
int page_write_overlay(PageSections *sections, RunReader *reader, const ReportLabels *labels,
                       const PageOptions *options, const PageExtent *extent, size_t bytes, String *json,
                       String *left_out, double *duration_s, Error *err);

/* The whole file; sections NULL: the JSON says all. 0 or -ENOMEM. */
int page_write_file(const char *title, const String *text, const String *json, const PageSections *sections,
                    String *out);

/* The file around a run. 0 or -ENOMEM. */
int page_write_html(const ReportData *data, const String *text, const String *json, const PageSections *sections,
                    String *out);

/* "read" of read_bytes … for people. */
void page_column_label(String *to, const char *name);
/* What a line's values are in, and what they are to be multiplied by to be that. */
const char *page_unit(const Column *column, double *ret_scale);
