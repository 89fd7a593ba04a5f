/* What a sweep came to, from its sweep.json: right after it, and at any time later. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/sweep-command.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
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
        if (r == 0 && (fputs(string_get(&text), stdout) == EOF || fflush(stdout) != 0))
                r = -errno;
        if (r == 0)
                return EXIT_FINE;
        log_error("cannot write the report: %s", strerror(-r));
        return EXIT_CANNOT;
}

int sweep_report(const char *name, ReportForm form)
{
        _cleanup_free_ char *path = NULL;
        Sweep sweep;
        Error err = {0};
        int r = sweep_resolve(name, true, &path, &err);

        if (r == -ENOTUNIQ) {
                log_error("%s", err.message);
                return EXIT_USAGE;
        }
        if (r < 0)
                return -ENOENT;
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        sweep_init(&sweep);
        r = fd < 0 ? error_set_errno(&err, errno, "%s", path) : sweep_read(&sweep, fd, path, &err);
        if (r < 0) {
                log_error("%s", err.message);
                return EXIT_USAGE;
        }
        int code = sweep_show(&sweep, path, form);
        sweep_done(&sweep);
        return code;
}
