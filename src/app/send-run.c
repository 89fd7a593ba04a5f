/* The archive is made beside the run, sent, and removed; it stays if it could not be sent. */
#include "app/send-run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app/labels.h"
#include "app/report-page.h"
#include "app/sweep-command.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "export/output-file.h"

#define PAGE_NAME   "report.html"
#define LATEST_NAME "latest-report.html"

int send_run_take(SendRun *s, const Configuration *c, Error *err)
{
        if (!s->options.ssh)
                s->options.ssh = configuration_text(c, "send.ssh", NULL);
        if (s->options.connect_timeout_s == 0)
                s->options.connect_timeout_s =
                        (configuration_number(c, "send.connect_timeout", 10 * NS_PER_SECOND) + NS_PER_SECOND - 1) /
                        NS_PER_SECOND;
        if (!configuration_number(c, "send.rsync", true))
                s->options.rsync = "";
        return send_run_check(s, err);
}

int send_run_check(const SendRun *s, Error *err)
{
        Destination to = {0};
        int r = destination_parse(s->to, &to, err);

        destination_done(&to);
        return r == 0 && s->options.ssh ? send_check_ssh(s->options.ssh, err) : r;
}

/* Of a run's id, which an imported run.json may have made up. */
static void make_name(const char *id, const char *extension, String *to)
{
        size_t most = SEND_NAME_MAX - strlen(extension);

        for (const char *p = id; p && *p && to->size < most; p++) {
                bool fine = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
                            (*p && strchr("._+-", *p) && to->size > 0);
                string_add_char(to, fine ? *p : '_');
        }
        if (to->size == 0)
                string_add(to, "run");
}

static int choose_place(SendRun *s, const char *run, const char *file, Error *err)
{
        _cleanup_free_ char *runs = NULL, *real = realpath(run, NULL);
        struct stat st;
        int n;

        if (s->output && !((stat(s->output, &st) == 0 && S_ISDIR(st.st_mode)) || text_ends_with(s->output, "/"))) {
                n = asprintf(&s->archive, "%s", s->output);
                return n < 0 ? error_set(err, ENOMEM, "out of memory") : 0;
        }
        char *slash = real ? strrchr(real, '/') : NULL;
        if (slash)
                *slash = '\0';
        if (s->output && directory_make(s->output, 0755) == 0)
                n = asprintf(&s->archive, "%s%s%s", s->output, text_ends_with(s->output, "/") ? "" : "/", file);
        else if (!s->output && slash && access(*real ? real : "/", W_OK) == 0)
                n = asprintf(&s->archive, "%s/%s", real, file);
        else if (!s->output && runs_directory(&runs) == 0 && directory_make(runs, 0755) == 0)
                n = asprintf(&s->archive, "%s/%s", runs, file);
        else
                return error_set_errno(err, errno, "no place for the archive; name one with -o");
        return n < 0 ? error_set(err, ENOMEM, "out of memory") : 0;
}

static int make_archive(SendRun *s, const SendSource *source, const String *page, Error *err)
{
        _cleanup_(output_file_done) OutputFile file = {.fd = -1};
        _cleanup_string_ String name = {0};
        const ArchiveExtra extra = {page->size ? PAGE_NAME : NULL, page};
        ArchiveTold told = {0};
        struct stat st;

        make_name(source->id, archive_extension(s->format), &name);
        if (asprintf(&s->name, "%s%s", string_get(&name), archive_extension(s->format)) < 0 || name.failed) {
                s->name = NULL;
                return error_set(err, ENOMEM, "out of memory");
        }
        int r = choose_place(s, source->path, s->name, err);
        if (r == 0)
                r = output_file_open(&file, s->archive, err);
        if (r == 0 && !file.path)
                r = error_set(err, EINVAL, "%s is no place for an archive; expected a file or a folder", s->archive);
        if (r == 0)
                r = archive_write(file.fd, s->format, source->path, string_get(&name), &extra, &told, err);
        if (r == 0 && fstat(file.fd, &st) == 0)
                s->bytes = (uint64_t)st.st_size;
        if (r == 0)
                r = output_file_commit(&file, err);
        if (r < 0)
                free(TAKE(s->archive));
        if (r == 0 && told.left_out > 0)
                log_warning("%zu of the run's files could not be read and are not in the archive", told.left_out);
        return r;
}

/* The page for latest-report.html, and for the archive where the run has none; one of today's making. */
static void make_page(SendRun *s, const SendSource *source, String *page)
{
        RunReader *reader = source->reader;
        Labels labels = {0};

        if (!reader) {
                if (sweep_make_page(source->sweep, source->path, page, &s->no_page) < 0)
                        string_clear(page);
                return;
        }
        bool labelled = run_reader_info(reader)->rules != NULL;
        ReportLabels other = {labels_label, &labels, false};

        if (!labelled)
                other.parents = labels_use_parents(&labels);
        if (report_page_make(reader, labelled ? NULL : &other, page, &s->no_page) < 0)
                string_clear(page);
        labels_done(&labels);
}

static int put_page(const SendRun *s, const String *page, char **ret, Error *err)
{
        if (page->size == 0)
                return 0;
        if (asprintf(ret, "%s.%s.tmp", s->archive, LATEST_NAME) < 0) {
                *ret = NULL;
                return error_set(err, ENOMEM, "out of memory");
        }
        int r = file_replace(AT_FDCWD, *ret, string_get(page), page->size, false);
        return r < 0 ? error_set_errno(err, r, "%s", *ret) : 0;
}

static void show(const SendFile *file, uint64_t done, void *data)
{
        char at[FORMAT_MAX], all[FORMAT_MAX];

        fprintf(stderr, "\r\033[K%s: %s of %s", file->name, format_bytes(at, done), format_bytes(all, file->size));
        fflush(stderr);
}

static int send_both(SendRun *s, const char *page, Error *err)
{
        bool terminal = !s->quiet && isatty(STDERR_FILENO);
        Destination to = {0};
        int r = destination_parse(s->to, &to, err);

        if (r < 0)
                return r;
        s->shown = strdup(to.shown);
        s->files[0] = (SendFile){.path = s->archive, .name = s->name};
        s->files[1] = (SendFile){.path = page, .name = LATEST_NAME};
        s->n_files = page ? 2 : 1;
        s->options.progress = terminal ? show : NULL;
        if (terminal)
                fprintf(stderr, "%s: to %s", s->name, to.shown);
        r = send_files(&to, s->files, s->n_files, &s->options, err);
        if (terminal)
                fputs("\r\033[K", stderr);
        destination_done(&to);
        return r;
}

/* One at a time of a run: two would write to the same files, here and there. The other's end is waited for; where the
 * file system has no such locks, nobody waits. */
static int take_turn(const SendRun *s, const SendSource *source, int *ret, Error *err)
{
        const struct timespec pause = {.tv_nsec = 100 * NS_PER_MS};
        int fd = open(source->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        *ret = fd;
        for (bool told = false; fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK; told = true) {
                if (!told && !s->quiet)
                        log_warning("another vigia is sending %s; waiting for it", source->id);
                if (s->options.deadline_ns > 0 && clock_monotonic_ns() >= s->options.deadline_ns)
                        return error_set(err, ETIMEDOUT, "another vigia was sending %s all the time there was",
                                         source->id);
                nanosleep(&pause, NULL);
        }
        return 0;
}

int send_run(SendRun *s, const SendSource *source, Error *err)
{
        _cleanup_close_ int turn = -1;
        _cleanup_string_ String page = {0};
        _cleanup_free_ char *latest = NULL;

        if (source->reader && run_reader_recording(source->reader))
                return error_set(err, EBUSY, "%s is still being recorded; vigia snapshot makes a copy that can be sent", source->id);
        int r = archive_available(s->format, err);
        if (r == 0)
                r = take_turn(s, source, &turn, err);
        if (r == 0) {
                make_page(s, source, &page);
                r = make_archive(s, source, &page, err);
        }
        if (r == 0)
                r = put_page(s, &page, &latest, err);
        if (r == 0)
                r = send_both(s, latest, err);
        if (latest)
                unlink(latest);
        if (r == 0 && !s->output) {
                unlink(s->archive);
                free(TAKE(s->archive));
        }
        return r;
}

void send_run_done(SendRun *s)
{
        free(s->archive);
        free(s->name);
        free(s->shown);
        *s = (SendRun){0};
}

void send_run_add_text(const SendRun *s, String *to)
{
        const SendFile *file = &s->files[0];
        char size[FORMAT_MAX], there[FORMAT_MAX];

        string_add_format(to, "%s (%s)%s: ", s->name, format_bytes(size, s->bytes),
                          s->n_files > 1 ? " and " LATEST_NAME : "");
        string_add(to, file->was_there ? "already at " : "sent to ");
        string_add_shown(to, s->shown, 0, false);
        string_add(to, file->proof == PROOF_SHA256  ? ", verified by SHA-256"
                       : file->way == SEND_SFTP     ? " by sftp, verified by size only"
                                                    : ", verified by size only: no program for SHA-256 is there");
        if (!file->was_there && file->resumed_bytes > 0)
                string_add_format(to, "; %s were there from before", format_bytes(there, file->resumed_bytes));
        string_add_char(to, '\n');
}
