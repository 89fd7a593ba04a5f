/* One reading of the run for its report, and one of each table for its file. */
#include "app/export-nixos-csv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/labels.h"
#include "app/report-page.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "export/memory-log-writer.h"
#include "export/nixos-advice.h"
#include "export/nixos-csv.h"
#include "export/output-file.h"
#include "report/page.h"
#include "report/report.h"

enum { CHUNK = 1 << 16 };

typedef struct Folder {
        RunReader *reader;
        const char *path;
        const ReportLabels *labels; /* NULL: those that were recorded */
} Folder;

static void add_path(const Folder *f, const char *name, String *to)
{
        string_add_format(to, "%s%s%s", f->path, text_ends_with(f->path, "/") ? "" : "/", name);
}

static int put_text(const Folder *f, const char *name, const String *text, Error *err)
{
        _cleanup_string_ String path = {0};

        add_path(f, name, &path);
        if (path.failed || text->failed)
                return error_set(err, ENOMEM, "out of memory");
        int r = file_replace(AT_FDCWD, string_get(&path), string_get(text), text->size, false);
        return r < 0 ? error_set_errno(err, r, "%s", string_get(&path)) : 0;
}

/* A file of the run as it is; nothing where it has none. */
static int copy_file(const Folder *f, const char *from, const char *to, Error *err)
{
        _cleanup_(output_file_done) OutputFile file = {.fd = -1};
        _cleanup_close_ int dirfd = open(run_reader_path(f->reader), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int fd = dirfd < 0 ? -1 : openat(dirfd, from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        _cleanup_string_ String path = {0};
        _cleanup_free_ char *chunk = malloc(CHUNK);
        struct stat st;
        ssize_t n;

        if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
                return 0;
        add_path(f, to, &path);
        int r = path.failed || !chunk ? error_set(err, ENOMEM, "out of memory")
                                      : output_file_open(&file, string_get(&path), err);
        while (r == 0 && (n = read(fd, chunk, CHUNK)) != 0) {
                if (n < 0 && errno == EINTR)
                        continue;
                r = n < 0 ? -errno : file_write_all(file.fd, chunk, (size_t)n);
                if (r < 0)
                        error_set_errno(err, r, "%s", string_get(&path));
        }
        return r < 0 ? r : output_file_commit(&file, err);
}

static int put_report(const Folder *f, const String *advice, Error *err)
{
        const ReportOptions plain = {0};
        _cleanup_string_ String text = {0}, path = {0};
        Error why = {0};
        int r = report_text(f->reader, f->labels, &plain, &text, err);

        if (r == 0 && advice->size > 0) {
                string_add_format(&text, "\n%s", string_get(advice));
                r = put_text(f, "suggestions.nix", advice, err);
        }
        if (r == 0)
                r = put_text(f, "report.txt", &text, err);
        if (r < 0)
                return r;
        if (!report_page_available(&why)) {
                log_warning("no report.html: %s", why.message);
                return 0;
        }
        add_path(f, "report.html", &path);
        return path.failed ? error_set(err, ENOMEM, "out of memory")
                           : report_page_put(f->reader, f->labels, string_get(&path), err);
}

/* The command's exit code, as a shell has it. */
static int put_status(const Folder *f, Error *err)
{
        const RunInfo *info = run_reader_info(f->reader);
        _cleanup_string_ String text = {0};

        if (info->exit_signal > 0)
                string_add_format(&text, "%d\n", 128 + info->exit_signal);
        else if (info->exit_code >= 0)
                string_add_format(&text, "%d\n", info->exit_code);
        else
                string_add(&text, "N/A\n");
        return put_text(f, "rebuild-status.txt", &text, err);
}

static int put_log(const Folder *f, const ReportData *data, Error *err)
{
        _cleanup_string_ String path = {0};

        add_path(f, "monitor.log", &path);
        return path.failed ? error_set(err, ENOMEM, "out of memory")
                           : nixos_log_write(f->reader, data, string_get(&path), err);
}

int64_t nixos_end_ns(const ReportData *data)
{
        return (int64_t)MIN(report_wall_ns(data), (uint64_t)INT64_MAX / 4);
}

/* What is told last of all, after the command ended, is still of the run: the size of the store. */
static int64_t last_of(const ReportData *data)
{
        return MIN(MAX(nixos_end_ns(data), data->summary->last_ns), INT64_MAX / 4);
}

static int write_all(const Folder *f, uint64_t interval_ns, Error *err)
{
        _cleanup_string_ String advice = {0};
        ReportData data;
        int r = report_data_load_labelled(&data, f->reader, f->labels, err);

        if (r < 0)
                return r;
        int64_t end_ns = nixos_end_ns(&data);
        r = nixos_csv_write(f->reader, f->path, interval_ns, end_ns, last_of(&data), err);
        if (r == 0)
                r = nixos_top_write(f->reader, f->path, interval_ns, end_ns, err);
        if (r == 0)
                r = put_log(f, &data, err);
        if (r == 0)
                r = nixos_advice_add(f->reader, last_of(&data), data.summary->machine.available_least_bytes, &advice, err);
        report_data_done(&data);
        if (r == 0)
                r = copy_file(f, "output.log", "rebuild.log", err);
        if (r == 0)
                r = copy_file(f, "journal.log", "journal.log", err);
        if (r == 0)
                r = put_status(f, err);
        return r == 0 ? put_report(f, &advice, err) : r;
}

int export_nixos_csv(RunReader *reader, const char *folder, uint64_t interval_ns, Error *err)
{
        Labels labels = {0};
        bool labelled = run_reader_info(reader)->rules != NULL;
        ReportLabels other = {labels_label, &labels, false};
        const Folder f = {reader, folder, labelled ? NULL : &other};
        int r = directory_make(folder, 0755);

        if (r < 0)
                return error_set_errno(err, r, "%s", folder);
        if (!labelled)
                other.parents = labels_use_parents(&labels);
        r = write_all(&f, interval_ns, err);
        labels_done(&labels);
        return r;
}

int export_memory_log(RunReader *reader, const char *output, uint64_t interval_ns, Error *err)
{
        const Folder f = {.reader = reader, .path = output};
        _cleanup_string_ String path = {0};
        struct stat st;
        ReportData data;

        if (output && stat(output, &st) == 0 && S_ISDIR(st.st_mode))
                add_path(&f, "memory-log.csv", &path);
        else
                string_add(&path, output ? output : "-");
        int r = path.failed ? error_set(err, ENOMEM, "out of memory") : report_data_load(&data, reader, err);
        if (r < 0)
                return r;
        int64_t end_ns = nixos_end_ns(&data);
        report_data_done(&data);
        return memory_log_write(reader, string_get(&path), interval_ns, end_ns, err);
}
