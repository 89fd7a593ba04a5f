/* Findings and labels come from the layers that export/ does not know. */
#include "app/export-run.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/labels.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "export/output-file.h"
#include "export/perfetto.h"
#include "report/report-data.h"
#include "report/shown-command.h"

/* ---- a file that appears whole ---- */

typedef int (*WriteFn)(RunReader *reader, const void *data, int fd, bool *ret_output, Error *err);

static int write_file(RunReader *reader, WriteFn write_run, const void *data, const char *output, Error *err)
{
        _cleanup_(output_file_done) OutputFile file = {.fd = -1};
        bool is_output = true;
        int r = output_file_open(&file, output ? output : "-", err);

        if (r < 0)
                return r;
        r = write_run(reader, data, file.fd, &is_output, err);
        if (r < 0)
                return is_output ? error_prefix(err, r == -EBADMSG ? -EIO : r, "%s", output ? output : "stdout") : r;
        return output_file_commit(&file, err);
}

/* ---- perfetto ---- */

static int write_perfetto(RunReader *reader, const void *data, int fd, bool *ret_output, Error *err)
{
        return perfetto_write(reader, data, fd, ret_output, err);
}

static void warn(const char *sentence)
{
        log_warning("%s; what it holds is missing in the trace", sentence);
}

static int make_marks(const ReportData *data, PerfettoMark **ret)
{
        PerfettoMark *marks = calloc(data->n_findings + 1, sizeof *marks);

        if (!marks)
                return -ENOMEM;
        for (size_t i = 0; i < data->n_findings; i++) {
                const Finding *f = &data->findings[i];
                marks[i] = (PerfettoMark){f->t_ns, f->id, severity_name(f->severity), f->title, f->evidence, f->advice};
        }
        *ret = marks;
        return 0;
}

int export_perfetto(RunReader *reader, const char *output, Error *err)
{
        Labels labels = {0};
        _cleanup_free_ PerfettoMark *marks = NULL;
        bool labelled = run_reader_info(reader)->rules != NULL;
        Labeller other = {labels_label, &labels, false};
        ReportData data;

        if (isatty(STDOUT_FILENO) && (!output || text_equal(output, "-")))
                return error_set(err, EINVAL, "export: perfetto is not for a terminal; expected -o FILE");
        if (!labelled)
                other.parents = labels_use_parents(&labels);
        const ReportLabels as = {other.label, other.data, other.parents, NULL};
        int r = report_data_load_labelled(&data, reader, labelled ? NULL : &as, err);
        if (r == 0) {
                r = make_marks(&data, &marks) < 0 ? error_set(err, ENOMEM, "out of memory") : 0;
                const PerfettoOptions options = {
                        .labeller = labelled ? NULL : &other,
                        .marks = marks,
                        .n_marks = data.n_findings,
                        .add_work = shown_work,
                        .wall_ns = report_wall_ns(&data),
                        .warn = warn,
                };
                if (r == 0)
                        r = write_file(reader, write_perfetto, &options, output, err);
                report_data_done(&data);
        }
        labels_done(&labels);
        return r;
}

/* ---- folded ---- */

static int write_folded(RunReader *reader, const void *data, int fd, bool *ret_output, Error *err)
{
        return folded_write(reader, *(const FoldedWeight *)data, fd, ret_output, err);
}

int export_folded(RunReader *reader, FoldedWeight weight, const char *output, Error *err)
{
        return write_file(reader, write_folded, &weight, output, err);
}
