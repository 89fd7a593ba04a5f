/* Unknown is null: a cell is set only if its value is known. */
#include "monitor/process-rows.h"

#include <sys/wait.h>

#include "base/clock.h"
#include "table/process-tables.h"

static void set_us(Batch *rows, size_t column, uint64_t ns)
{
        if (ns != TRACK_UNKNOWN)
                batch_set_u64(rows, column, (ns + 500) / 1000);
}

static void set_time(Batch *rows, size_t column, uint64_t at_ns, uint64_t start_ns)
{
        if (at_ns)
                batch_set_i64(rows, column, (int64_t)(at_ns - start_ns));
}

static void set_identity(Batch *rows, const Process *p, uint64_t start_ns)
{
        batch_set_u64(rows, PROCESS_PROCESS, p->key);
        batch_set_u64(rows, PROCESS_IMAGE, p->image);
        batch_set_i64(rows, PROCESS_PID, p->pid);
        if (p->ppid > 0)
                batch_set_i64(rows, PROCESS_PPID, p->ppid);
        if (p->parent_key)
                batch_set_u64(rows, PROCESS_PARENT, p->parent_key);
        if (p->uid >= 0)
                batch_set_u64(rows, PROCESS_UID, (uint64_t)p->uid);
        set_time(rows, PROCESS_START_NS, p->begin_ns, start_ns);
        set_time(rows, PROCESS_EXEC_NS, p->exec_ns, start_ns);
        set_time(rows, PROCESS_END_NS, p->end_ns, start_ns);
}

static int set_sender(Batch *rows, const TrackSender *sender)
{
        if (sender->by == TRACK_BY_UNKNOWN)
                return 0;
        if (sender->pid > 0)
                batch_set_i64(rows, PROCESS_SIGNAL_PID, sender->pid);
        int r = batch_set_textz(rows, PROCESS_SIGNAL_BY, sender->by == TRACK_BY_PROCESS ? "process" : "kernel");
        return r == 0 && sender->comm[0] ? batch_set_textz(rows, PROCESS_SIGNAL_COMM, sender->comm) : r;
}

/* Images that ended by an exec have no wait status yet: their cells stay null. */
static int set_exit(Batch *rows, const Process *p)
{
        if (!p->end_ns || p->wait_status < 0)
                return 0;
        if (!WIFSIGNALED(p->wait_status)) {
                batch_set_i64(rows, PROCESS_EXIT_CODE, WEXITSTATUS(p->wait_status));
                return 0;
        }
        batch_set_i64(rows, PROCESS_EXIT_SIGNAL, WTERMSIG(p->wait_status));
        return set_sender(rows, &p->sender);
}

static void set_figures(Batch *rows, const Process *p)
{
        TrackFigures f = process_figures(p);

        set_us(rows, PROCESS_USER_US, f.user_ns);
        set_us(rows, PROCESS_SYSTEM_US, f.system_ns);
        set_us(rows, PROCESS_CPU_US, f.cpu_ns);
        batch_set_known(rows, PROCESS_READ_BYTES, f.read_bytes);
        batch_set_known(rows, PROCESS_WRITE_BYTES, f.write_bytes);
        batch_set_known(rows, PROCESS_READ_CHARS, f.read_chars);
        batch_set_known(rows, PROCESS_WRITE_CHARS, f.write_chars);
        batch_set_known(rows, PROCESS_MINOR_FAULTS, f.minor_faults);
        batch_set_known(rows, PROCESS_MAJOR_FAULTS, f.major_faults);
        batch_set_known(rows, PROCESS_VOLUNTARY_SWITCHES, f.voluntary_switches);
        batch_set_known(rows, PROCESS_INVOLUNTARY_SWITCHES, f.involuntary_switches);
        if (p->threads_max)
                batch_set_u64(rows, PROCESS_THREADS_MAX, p->threads_max);
        if (p->fds_max)
                batch_set_u64(rows, PROCESS_FDS_MAX, p->fds_max);
}

static int set_peaks(Batch *rows, const Process *p)
{
        static const char *const names[] = {NULL, "exact", "sampled", "estimated"};

        batch_set_known(rows, PROCESS_PEAK_RSS_BYTES, p->peak_rss_bytes);
        batch_set_known(rows, PROCESS_PEAK_PSS_BYTES, p->peak_pss_bytes);
        return p->peak_rss_bytes == TRACK_UNKNOWN
                       ? 0
                       : batch_set_textz(rows, PROCESS_PEAK_SOURCE, names[p->peak_source]);
}

int process_row_add(Batch *rows, const Process *p, const Label *label, const char *source,
                    uint64_t start_ns)
{
        size_t before = batch_rows(rows);
        int r = batch_add_row(rows);

        if (r < 0)
                return r;
        set_identity(rows, p, start_ns);
        set_figures(rows, p);
        r = set_exit(rows, p);
        if (r == 0)
                r = set_peaks(rows, p);
        if (r == 0)
                r = batch_set_textz(rows, PROCESS_COMM, p->comm);
        if (r == 0)
                r = batch_set_textz(rows, PROCESS_EXE, p->exe);
        if (r == 0)
                r = batch_set_textz(rows, PROCESS_CMDLINE, p->cmdline);
        if (r == 0)
                r = batch_set_textz(rows, PROCESS_CWD, p->cwd);
        if (r == 0)
                r = batch_set_textz(rows, PROCESS_CGROUP, p->cgroup);
        if (r == 0 && label)
                r = batch_set_textz(rows, PROCESS_MAJOR, label->major);
        if (r == 0 && label)
                r = batch_set_textz(rows, PROCESS_CATEGORY, label->category);
        if (r == 0)
                r = batch_set_textz(rows, PROCESS_SOURCE, source);
        if (r < 0)
                batch_truncate(rows, before);
        return r;
}

int sample_row_add(Batch *rows, const Process *p, uint64_t now_ns, uint64_t start_ns)
{
        const ProcessWatch *w = &p->watch;
        const TrackSample *s = &w->now;
        int r = batch_add_row(rows);

        if (r < 0)
                return r;
        batch_set_i64(rows, SAMPLE_T_NS, (int64_t)(now_ns - start_ns));
        batch_set_u64(rows, SAMPLE_PROCESS, p->key);
        batch_set_known(rows, SAMPLE_RSS_ANON_BYTES, s->rss_anon_bytes);
        batch_set_known(rows, SAMPLE_RSS_FILE_BYTES, s->rss_file_bytes);
        batch_set_known(rows, SAMPLE_RSS_SHMEM_BYTES, s->rss_shmem_bytes);
        batch_set_known(rows, SAMPLE_SWAP_BYTES, s->swap_bytes);
        batch_set_u64(rows, SAMPLE_PSS_BYTES, w->pss_bytes);
        if (w->pss_read_ns)
                batch_set_u64(rows, SAMPLE_PSS_AGE_MS, (now_ns - w->pss_read_ns) / NS_PER_MS);
        batch_set_known(rows, SAMPLE_USER_US, s->user_us);
        batch_set_known(rows, SAMPLE_SYSTEM_US, s->system_us);
        if (s->threads != UINT32_MAX)
                batch_set_u64(rows, SAMPLE_THREADS, s->threads);
        if (s->fds != UINT32_MAX)
                batch_set_u64(rows, SAMPLE_FDS, s->fds);
        batch_set_known(rows, SAMPLE_READ_BYTES, s->read_bytes);
        batch_set_known(rows, SAMPLE_WRITE_BYTES, s->write_bytes);
        return 0;
}

int totals_row_add(Batch *rows, const ProcessSums *sums, bool has_pss, const Tick *tick, uint64_t now_ns, uint64_t start_ns)
{
        int r = batch_add_row(rows);

        if (r < 0)
                return r;
        batch_set_i64(rows, TOTAL_TIME, tick->realtime_ns + (int64_t)(now_ns - tick->now_ns));
        batch_set_i64(rows, TOTAL_T_NS, (int64_t)(now_ns - start_ns));
        batch_set_u64(rows, TOTAL_PROCESSES, sums->processes);
        batch_set_u64(rows, TOTAL_THREADS, sums->threads);
        batch_set_u64(rows, TOTAL_RSS_BYTES, sums->rss);
        if (has_pss)
                batch_set_u64(rows, TOTAL_PSS_BYTES, sums->pss);
        batch_set_u64(rows, TOTAL_SWAP_BYTES, sums->swap);
        return 0;
}
