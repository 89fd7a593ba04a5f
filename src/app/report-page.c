/* Makes the page whole before anything is written, so that no half of one is left anywhere. */
#include "app/report-page.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "monitor/monitor.h"
#include "table/process-tables.h"

#define PAGE_NAME "report.html"

static const char *what_of(const char *table)
{
        const Monitor *monitor = monitor_find(table);

        if (text_equal(table, "events"))
                return "what happened, in words";
        return monitor ? monitor->what : NULL;
}

static const Schema *schema_of(const char *table)
{
        const Monitor *monitor = monitor_find(table);

        return monitor ? monitor->schema : NULL;
}

const PageOptions report_page_options = {.what = what_of, .schema = schema_of};

int report_page_make(RunReader *reader, const ReportLabels *labels, String *page, Error *err)
{
        return report_page(reader, labels, &report_page_options, page, err);
}

int report_page_put(RunReader *reader, const ReportLabels *labels, const char *to, Error *err)
{
        _cleanup_string_ String page = {0};
        int r = report_page_make(reader, labels, &page, err);

        return r < 0 ? r : report_page_write(&page, run_reader_path(reader), to, err);
}

int report_page_write(const String *page, const char *directory, const char *to, Error *err)
{
        _cleanup_free_ char *path = NULL;
        int r;

        if (text_equal(to, "-")) {
                if (fwrite(string_get(page), 1, page->size, stdout) != page->size || fflush(stdout) != 0)
                        return error_set_errno(err, errno, "cannot write the page");
                return 0;
        }
        if (text_equal(to, "") && asprintf(&path, "%s/" PAGE_NAME, directory) < 0)
                return error_set(err, ENOMEM, "out of memory");
        r = file_replace(AT_FDCWD, path ? path : to, string_get(page), page->size, false);
        return r < 0 ? error_set_errno(err, -r, "cannot write %s", path ? path : to) : 0;
}
