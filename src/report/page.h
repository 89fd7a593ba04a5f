/*
 * The report that people open (docs/page-data.md): one HTML file with the page's script, its style and the
 * run's data inside. Made from one reading of the tables in bounded memory.
 */
#pragma once

#include <stdbool.h>

#include "report/report.h"
#include "table/schema.h"

enum {
        PAGE_BYTES = 5000000,   /* of a page, unless asked for otherwise: details are left out beyond */
        PAGE_BYTES_LEAST = 100000,
};

typedef struct PageOptions {
        size_t bytes; /* 0: PAGE_BYTES */
        /* What a table is about, in one line, and its columns as a monitor describes them; NULL: not known.
         * Either may be NULL. */
        const char *(*what)(const char *table);
        const Schema *(*schema)(const char *table);
} PageOptions;

/* Whether this program was built with the page's script; else `why` says what was missing. */
bool report_page_available(Error *why);

/* Appends the whole file. -EOPNOTSUPP: built without; else as report_text. */
int report_page(RunReader *reader, const ReportLabels *labels, const PageOptions *options, String *out, Error *err);

/* The data alone: vigia-page's JSON, not yet escaped for HTML, and vigia-data's base64. */
int report_page_data(RunReader *reader, const ReportLabels *labels, const PageOptions *options, String *json,
                     String *base64, Error *err);

/* The page of a sweep: `sweep` is its sweep.json as JSON, `text` its summary. Appends the whole file.
 * -EOPNOTSUPP: built without; -ENOMEM. */
int report_page_of_sweep(const char *name, const char *host, const String *text, const String *sweep, String *out);
