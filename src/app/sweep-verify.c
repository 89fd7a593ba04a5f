/* `vigia sweep PROJECT --verify-tree`: one build, and whether its run holds all that worked for it. */
#include <stdio.h>

#include "app/print.h"
#include "app/sweep-command.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "report/verify-tree.h"

int sweep_verify(const Sweep *sweep, const char *path, bool json)
{
        _cleanup_(run_reader_freep) RunReader *reader = NULL;
        _cleanup_string_ String place = {0};
        _cleanup_string_ String text = {0};
        ReportOptions options;
        ReportData data;
        TreeCover cover;
        Error err = {0};

        string_add_format(&place, "%s/%s", path, sweep->runs[0].path);
        int r = run_reader_open(string_get(&place), &reader, &err);
        if (r == 0)
                r = report_data_load(&data, reader, &err);
        if (r < 0) {
                log_error("%s", err.message);
                return EXIT_CANNOT;
        }
        report_options_for(stdout, &options);
        tree_cover_judge(&data, &cover);
        r = json ? tree_cover_json(&data, sweep->label, &text)
                 : tree_cover_text(&data, sweep->label, &options, &text);
        report_data_done(&data);
        text.failed |= r < 0;
        if (print_text(&text) != EXIT_FINE)
                return EXIT_CANNOT;
        return !cover.known ? EXIT_CANNOT : cover.covered ? EXIT_FINE : EXIT_NO;
}
