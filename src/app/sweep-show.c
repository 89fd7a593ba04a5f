/* What a sweep came to, from its sweep.json: right after it, and at any time later. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/report-page.h"
#include "app/print.h"
#include "app/sweep-command.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "report/page.h"
#include "sweep/result.h"

int sweep_write_summary(const Sweep *sweep, const char *path, int dirfd)
{
        _cleanup_string_ String text = {0};
        const SweepTextOptions options = {.path = path};
        int r = sweep_text(sweep, &options, &text);

        return r < 0 ? r : file_replace(dirfd, "summary.txt", string_get(&text), text.size, false);
}

int sweep_show(const Sweep *sweep, const char *path, ReportForm form)
{
        _cleanup_string_ String text = {0};
        ReportOptions page;
        int r;

        report_options_for(stdout, &page);
        const SweepTextOptions options = {
                .color = page.color, .ascii = page.ascii, .columns = page.columns, .path = path};
        r = form == REPORT_JSON       ? sweep_to_json(sweep, &text)
            : form == REPORT_MARKDOWN ? sweep_markdown(sweep, &text)
                                      : sweep_text(sweep, &options, &text);
        text.failed |= r < 0;
        return print_text(&text);
}

int sweep_open(const char *name, Sweep *sweep, char **ret_path)
{
        Error err = {0};
        int r = sweep_resolve(name, true, ret_path, &err);

        if (r < 0 && r != -ENOTUNIQ)
                return -ENOENT;
        if (r == 0) {
                _cleanup_close_ int fd = open(*ret_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                r = fd < 0 ? error_set_errno(&err, errno, "%s", *ret_path) : sweep_read(sweep, fd, *ret_path, &err);
        }
        if (r == 0)
                return 0;
        log_error("%s", err.message);
        return EXIT_USAGE;
}

int sweep_report(const char *name, ReportForm form)
{
        _cleanup_free_ char *path = NULL;
        Sweep sweep;

        sweep_init(&sweep);
        int code = sweep_open(name, &sweep, &path);
        if (code == 0)
                code = sweep_show(&sweep, path, form);
        sweep_done(&sweep);
        return code;
}

int sweep_make_page(const Sweep *sweep, const char *path, String *page, Error *err)
{
        _cleanup_string_ String text = {0}, json = {0};
        const SweepTextOptions options = {.columns = 80, .path = path};
        int r;

        if (!report_page_available(err))
                return -EOPNOTSUPP;
        r = sweep_text(sweep, &options, &text);
        if (r == 0)
                r = sweep_to_json(sweep, &json);
        if (r == 0)
                r = report_page_of_sweep(sweep->label ? sweep->label : sweep->id, sweep->host, &text, &json, page);
        return r < 0 ? error_set_errno(err, -r, "cannot make the page") : 0;
}

int sweep_write_page(const Sweep *sweep, const char *path, const char *to, Error *err)
{
        _cleanup_string_ String page = {0};
        int r = sweep_make_page(sweep, path, &page, err);

        return r < 0 ? r : report_page_write(&page, path, to, err);
}

int sweep_report_page(const char *name, const char *to)
{
        _cleanup_free_ char *path = NULL;
        Sweep sweep;
        Error err = {0};

        sweep_init(&sweep);
        int code = sweep_open(name, &sweep, &path);
        if (code == 0 && sweep_write_page(&sweep, path, to, &err) < 0) {
                log_error("%s", err.message);
                code = EXIT_CANNOT;
        }
        sweep_done(&sweep);
        return code;
}
