/* Processes that were not sampled yet have no line: the guide's readers take a figure for memory in each. */
#include "export/memory-log-writer.h"

#include <errno.h>
#include <math.h>
#include <time.h>

#include "base/clock.h"
#include "export/csv-file.h"
#include "export/held-processes.h"
#include "export/moments.h"

static int write_moment(CsvFile *csv, HeldProcess *const *alive, size_t n, int64_t time_ns, Error *err)
{
        time_t when = (time_t)(time_ns / (int64_t)NS_PER_SECOND);
        char stamp[32];
        struct tm local;
        int r = 0;

        if (!localtime_r(&when, &local) || strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S", &local) == 0)
                return error_set(err, EBADMSG, "a time that no calendar has");
        for (size_t i = 0; r == 0 && i < n; i++) {
                const HeldProcess *p = alive[i];
                if (p->rss_bytes == HELD_UNKNOWN)
                        continue;
                csv_file_add_text(csv, stamp);
                csv_file_add_i64(csv, p->pid);
                csv_file_add_number(csv, (double)p->rss_bytes / 1048576, 2);
                csv_file_add_number(csv, p->cpu_percent, 1);
                csv_file_add_text(csv, isnan(p->cpu_percent) ? "N/A" : p->cpu_percent > 0 ? "running" : "sleeping");
                r = csv_file_end_row(csv, err);
        }
        return r;
}

int memory_log_write(RunReader *run, const char *path, uint64_t interval_ns, int64_t end_ns, Error *err)
{
        _cleanup_(held_processes_freep) HeldProcesses *processes = NULL;
        Moments moments = moments_make(interval_ns ? interval_ns : MEMORY_LOG_INTERVAL_S * NS_PER_SECOND, end_ns);
        CsvFile csv = {.file = {.fd = -1}};
        HeldProcess *const *alive;
        size_t n;
        int r = held_processes_new(run, &processes, err);

        if (r == 0)
                r = csv_file_open(&csv, path, MEMORY_LOG_HEADER, err);
        while (r == 0 && moments_next(&moments)) {
                r = held_processes_move(processes, moments.t_ns, &alive, &n, err);
                if (r == 0)
                        r = write_moment(&csv, alive, n, run_reader_info(run)->start_realtime_ns + moments.t_ns, err);
        }
        if (r == 0)
                r = csv_file_commit(&csv, err);
        csv_file_done(&csv);
        return r;
}
