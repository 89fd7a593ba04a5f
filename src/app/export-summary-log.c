/* From a run's summary to the text of MyMonitor. */
#include "app/export-summary-log.h"

#include <errno.h>
#include <sys/stat.h>

#include "app/labels.h"
#include "base/file.h"
#include "base/text.h"
#include "export/output-file.h"
#include "export/summary-log.h"
#include "report/report-data.h"

static int name_file(const char *output, String *path, Error *err)
{
        struct stat st;
        bool slash = text_ends_with(output, "/");

        string_add(path, output);
        if (slash || (stat(output, &st) == 0 && S_ISDIR(st.st_mode))) {
                int r = directory_make(output, 0755);
                if (r < 0)
                        return error_set_errno(err, r, "%s", output);
                string_add(path, slash ? "summary.log" : "/summary.log");
        }
        return path->failed ? error_set(err, ENOMEM, "out of memory") : 0;
}

static int write_text(const char *output, const String *text, Error *err)
{
        _cleanup_(output_file_done) OutputFile file = {.fd = -1};
        _cleanup_string_ String path = {0};
        int r = name_file(output, &path, err);

        if (r == 0)
                r = output_file_open(&file, string_get(&path), err);
        if (r < 0)
                return r;
        r = file_write_all(file.fd, string_get(text), text->size);
        return r < 0 ? error_set_errno(err, r, "%s", string_get(&path)) : output_file_commit(&file, err);
}

int export_summary_log(RunReader *reader, const char *output, Error *err)
{
        Labels labels = {0};
        _cleanup_string_ String text = {0};
        bool labelled = run_reader_info(reader)->rules != NULL;
        ReportLabels other = {labels_label, &labels, false};
        ReportData data;

        if (!labelled)
                other.parents = labels_use_parents(&labels);
        int r = report_data_load_labelled(&data, reader, labelled ? NULL : &other, err);
        if (r == 0) {
                r = summary_log_add(data.info, data.summary, report_wall_ns(&data), &text);
                report_data_done(&data);
                r = r < 0 ? error_set(err, r, "out of memory")
                          : write_text(output ? output : "-", &text, err);
        }
        labels_done(&labels);
        return r;
}
