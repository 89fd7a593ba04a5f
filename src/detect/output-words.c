/*
 * What programs say of files: no space left (ENOSPC), too many open (EMFILE, ENFILE). Which file system was full
 * the table `disk` may show; the words alone fit a quota, too, and of watches on files they mean something else.
 */
#include <string.h>

#include "base/clock.h"
#include "detect/detect.h"
#include "detect/mounts.h"
#include "detect/said.h"
#include "detect/things.h"

static const char *const file_columns[] = {"t_ns", "process", "fds", "fds_max", "open_files", "open_files_max", NULL};

static const DetectTable tables[] = {{"disk", mounts_columns, false}, {"files", file_columns, false}, {NULL}};

/* So many lines behind it, the run failed of something else, perhaps. */
enum { LINE_SIZE = 200, LINES_BEHIND = 1000 };

typedef struct OutputWords {
        Mounts mounts;
        uint64_t no_space, too_many, too_many_system, no_watches;
        uint64_t lines, space_at; /* all lines; the last that said that there is no space */
        bool instances; /* of inotify, not watches */
        char space_line[LINE_SIZE], files_line[LINE_SIZE], watches_line[LINE_SIZE];
        uint64_t fds, fds_max;               /* of the process nearest to its limit */
        uint64_t open_files, open_files_max; /* of the machine */
} OutputWords;

/* ---- rows ---- */

static void observe_files(OutputWords *w, const Batch *rows)
{
        Cells fds = cells_find(rows, "fds"), most = cells_find(rows, "fds_max"), open = cells_find(rows, "open_files"),
              open_most = cells_find(rows, "open_files_max");

        for (size_t row = 0; row < batch_rows(rows); row++) {
                uint64_t n = cells_or(fds, row, 0), limit = cells_or(most, row, 0), files = cells_or(open, row, 0);
                if (limit > 0 && (w->fds_max == 0 || (double)n / (double)limit > (double)w->fds / (double)w->fds_max)) {
                        w->fds = n;
                        w->fds_max = limit;
                }
                if (files > w->open_files) {
                        w->open_files = files;
                        w->open_files_max = cells_or(open_most, row, 0);
                }
        }
}

static int output_words_observe(void *state, const DetectContext *context, const char *table, const Batch *rows, Findings *out)
{
        if (text_equal(table, "disk"))
                mounts_observe(&((OutputWords *)state)->mounts, rows);
        else
                observe_files(state, rows);
        return 0;
}

/* ---- lines ---- */

static bool is_no_space(const char *line, size_t size)
{
        static const char *const words[] = {"ENOSPC:", "'ENOSPC'", "(ENOSPC)", NULL};
        static const char *const others[] = {"inotify", "watch", "semaphore", "semget", "shmget", "getrandom", NULL};

        return (said_as_error(line, size, "no space left on device") || said_any(line, size, words)) && !said_any(line, size, others);
}

/* "ENOSPC: System limit for number of file watchers reached"; inotify_add_watch(2), inotify_init(2). */
static bool is_watches(const char *line, size_t size)
{
        static const char *const words[] = {"inotify", "file watchers", "watch limit", NULL};
        static const char *const errors[] = {"no space left on device", "ENOSPC", "upper limit on inotify watches", "too many open files", "EMFILE", NULL};

        return said_any(line, size, words) && said_any(line, size, errors);
}

static void output_words_output(void *state, const char *line, size_t size)
{
        OutputWords *w = state;

        w->lines++;
        if (said_is_quoted(line, size))
                return;
        if (is_watches(line, size)) {
                if (w->no_watches++ == 0)
                        said_quote(w->watches_line, sizeof w->watches_line, line, size);
                w->instances |= said(line, size, "too many open files") || said(line, size, "EMFILE");
                return;
        }
        if (is_no_space(line, size)) {
                w->space_at = w->lines;
                if (w->no_space++ == 0)
                        said_quote(w->space_line, sizeof w->space_line, line, size);
                return;
        }
        bool system = said(line, size, "too many open files in system");
        if (!system && !said(line, size, "too many open files") && !said(line, size, "EMFILE:"))
                return;
        if (w->too_many++ == 0)
                said_quote(w->files_line, sizeof w->files_line, line, size);
        w->too_many_system += system;
}

/* ---- words ---- */

/* The one that is named if it was full, or else the fullest that was. */
static const MountSeen *find_full(const OutputWords *w)
{
        const MountSeen *named = mounts_named(&w->mounts, w->space_line);

        if (named)
                return mount_was_full(named) ? named : NULL;
        return mounts_fullest(&w->mounts);
}

static bool run_failed(const DetectFacts *f)
{
        return f->exit_code > 0 || f->exit_signal > 0;
}

/* A line names its mount, unless all that is known of it is that it lies below the root: others may lie there, too. */
static const MountSeen *named_mount(const OutputWords *w)
{
        const MountSeen *named = mounts_named(&w->mounts, w->space_line);

        return named && !text_equal(named->path, "/") ? named : NULL;
}

/* No file system was seen full; which it was the program may have said. */
static void tell_unseen(const OutputWords *w, Finding *f)
{
        const MountSeen *named = named_mount(w);
        char a[FORMAT_MAX], b[FORMAT_MAX], at[FORMAT_MAX], n[FORMAT_MAX];

        if (named) {
                finding_title(f, "a program found no space left on %s", named->path);
                finding_evidence(f, "the output says \"%s\" (%s such line%s); %s of %s were left at the least, at %s, as far as was looked at",
                                 w->space_line, format_count(n, w->no_space), w->no_space == 1 ? "" : "s", format_bytes(a, named->least_bytes),
                                 format_bytes(b, named->size_bytes), format_moment(at, named->least_ns));
                finding_meaning(f, "it was full for a moment, between two looks; what could not be written whole was often removed at once");
                finding_advice(f, "see how full it is:\ndf -h; df -i\n");
                return;
        }
        finding_title(f, "a program found no space left: %s", w->space_line);
        finding_evidence(f, "%s such line%s in the output; no file system was seen full%s", format_count(n, w->no_space),
                         w->no_space == 1 ? "" : "s", w->mounts.n > 0 ? " (looked at every few seconds)" : ": none was looked at");
        finding_meaning(f, "it can have been full for a moment, or a reserve for root was met");
        finding_advice(f, "see how full they are:\ndf -h; df -i\n");
}

/* Of two that are certain the kernel's kill is the surer reason of a failure: an error a program may have dealt with. */
static bool was_killed(const Findings *out)
{
        for (size_t i = 0; i < out->n; i++)
                if (text_equal(out->items[i]->id, "oom") && out->items[i]->severity == SEVERITY_CRITICAL)
                        return true;
        return false;
}

static void tell_no_space(const OutputWords *w, const DetectContext *context, Findings *out)
{
        const MountSeen *m = find_full(w);
        char a[FORMAT_MAX], b[FORMAT_MAX], at[FORMAT_MAX], n[FORMAT_MAX];
        const bool late = w->lines - w->space_at > LINES_BEHIND;
        Severity severity = run_failed(&context->facts) && !late ? SEVERITY_CRITICAL : m || late ? SEVERITY_WARNING : SEVERITY_INFO;
        /* A run that went well may test just that. */
        if (!m && !run_failed(&context->facts))
                return;
        const bool inodes = m && mount_lacks_inodes(m);
        /* The detector of disks may have raised it, for being nearly full: this is more. */
        const MountSeen *named = named_mount(w);
        Finding *f = findings_raise(out, inodes ? "inodes" : "disk-full", m ? m->path : named ? named->path : NULL, severity,
                                    late ? SURE_POSSIBLE : m && mounts_named(&w->mounts, w->space_line) && !was_killed(out) ? SURE_CERTAIN : SURE_LIKELY, m ? m->least_ns : FINDING_NO_TIME);

        if (!f)
                return;
        f->cause = true;
        if (m) {
                finding_title(f, inodes ? "the file system on %s had no inodes left: %s of %s" : "the file system on %s was full: %s of %s left",
                              m->path, inodes ? format_count(a, m->least_inodes) : format_bytes(a, m->least_bytes),
                              inodes ? format_count(b, m->inodes) : format_bytes(b, m->size_bytes));
                finding_evidence(f, "fullest at %s; the output says \"%s\" (%s such line%s)",
                                 format_moment(at, m->least_ns), w->space_line,
                                 format_count(n, w->no_space), w->no_space == 1 ? "" : "s");
                finding_meaning(f, "what was to be written there is not, or not whole");
                finding_advice(f, "see what takes the room:\ndf -h %s\ndu -xh --max-depth=2 %s | sort -h | tail\n",
                               strpbrk(m->path, " '\"\\$`;&|<>()*?[]!#~{}\n\t") ? "." : m->path,
                               strpbrk(m->path, " '\"\\$`;&|<>()*?[]!#~{}\n\t") ? "." : m->path);
                return;
        }
        tell_unseen(w, f);
}

static void tell_too_many(const OutputWords *w, const DetectContext *context, Findings *out)
{
        const bool system = w->too_many_system > 0, near = w->fds_max > 0 && w->fds >= w->fds_max / 10 * 9;
        char a[FORMAT_MAX], b[FORMAT_MAX], n[FORMAT_MAX];
        _cleanup_string_ String evidence = {0};

        if (!near && !run_failed(&context->facts))
                return;
        Finding *f = findings_raise(out, "files-exhausted", NULL, run_failed(&context->facts) ? SEVERITY_CRITICAL : SEVERITY_INFO, SURE_LIKELY,
                                    FINDING_NO_TIME);

        if (!f)
                return;
        f->cause = true;
        finding_title(f, system ? "a program could not open a file: the machine's limit on open files (fs.file-max) was met"
                                : "a program could not open a file: its own limit on open files (RLIMIT_NOFILE) was met");
        string_add_format(&evidence, "the output says \"%s\" (%s such line%s)", w->files_line, format_count(n, w->too_many),
                          w->too_many == 1 ? "" : "s");
        if (system && w->open_files_max > 0)
                string_add_format(&evidence, "; %s of %s open at the most", format_count(a, w->open_files), format_count(b, w->open_files_max));
        else if (!system && w->fds_max > 0)
                string_add_format(&evidence, "; the process nearest to its limit had %s of %s open", format_count(a, w->fds),
                                  format_count(b, w->fds_max));
        finding_evidence(f, "%s", string_get(&evidence));
        finding_meaning(f, "%s", system ? "all programs share that limit" : "the limit is each process's own; one that leaks descriptors meets any");
        finding_advice(f, "%s", system ? "raise it:\nsudo sysctl fs.file-max=9223372036854775807\n"
                                       : "raise it in the shell that starts the build:\nulimit -n $(ulimit -Hn)\n");
}

static void tell_watches(const OutputWords *w, const DetectContext *context, Findings *out)
{
        const char *key = w->instances ? "fs.inotify.max_user_instances" : "fs.inotify.max_user_watches";
        char n[FORMAT_MAX];

        if (!run_failed(&context->facts))
                return;
        Finding *f = findings_raise(out, "watches-exhausted", NULL, SEVERITY_CRITICAL, SURE_LIKELY, FINDING_NO_TIME);
        if (!f)
                return;
        f->cause = true;
        finding_title(f, "a program could not watch more files: the user's limit on inotify %s was met", w->instances ? "instances" : "watches");
        finding_evidence(f, "the output says \"%s\" (%s such line%s)", w->watches_line, format_count(n, w->no_watches),
                         w->no_watches == 1 ? "" : "s");
        finding_meaning(f, "no disk is full and no file is open too often: %s bounds it, for all programs of the user", key);
        finding_advice(f, "raise it:\nsudo sysctl %s=%s\n", key, w->instances ? "1024" : "1048576");
}

static int output_words_finish(void *state, const DetectContext *context, Findings *out)
{
        const OutputWords *w = state;

        if (w->no_space > 0)
                tell_no_space(w, context, out);
        if (w->no_watches > 0)
                tell_watches(w, context, out);
        if (w->too_many > 0)
                tell_too_many(w, context, out);
        return 0;
}

const Detector detector_output_words = {
        .name = "output-words",
        .tables = tables,
        .state_size = sizeof(OutputWords),
        .observe = output_words_observe,
        .output = output_words_output,
        .finish = output_words_finish,
};
