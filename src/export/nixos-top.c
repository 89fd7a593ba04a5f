/* top-consumers.log: the twenty with the most memory, as a page of text every fifth interval. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "export/csv-file.h"
#include "export/held-processes.h"
#include "export/moments.h"
#include "export/nixos-csv.h"

enum { TOP = 20, EVERY = 5, CHUNK = 1 << 16 };

static uint64_t weight(const HeldProcess *p)
{
        return p->rss_bytes == HELD_UNKNOWN ? 0 : p->rss_bytes;
}

/* The heaviest first; of equals the one that began first. */
static size_t choose(HeldProcess *const *alive, size_t n, const HeldProcess *top[TOP])
{
        size_t kept = 0;

        for (size_t i = 0; i < n; i++) {
                size_t at = kept;
                while (at > 0 && weight(top[at - 1]) < weight(alive[i]))
                        at--;
                if (at == TOP)
                        continue;
                for (size_t k = MIN(kept, (size_t)TOP - 1); k > at; k--)
                        top[k] = top[k - 1];
                top[at] = alive[i];
                kept = MIN(kept + 1, (size_t)TOP);
        }
        return kept;
}

static int add_block(String *to, HeldProcess *const *alive, size_t n, int64_t time_ns)
{
        const HeldProcess *top[TOP];
        size_t kept = choose(alive, n, top);
        time_t when = (time_t)(time_ns / (int64_t)NS_PER_SECOND);
        char stamp[32];
        struct tm local;

        if (!localtime_r(&when, &local) || strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S", &local) == 0)
                return -ERANGE;
        string_add_format(to, "=== %s ===\n    PID   RSS_MB   CPU_%%  COMMAND\n", stamp);
        for (size_t i = 0; i < kept; i++) {
                string_add_format(to, "%7d ", top[i]->pid);
                if (top[i]->rss_bytes == HELD_UNKNOWN)
                        string_add(to, "     N/A ");
                else
                        string_add_format(to, "%8.1f ", (double)top[i]->rss_bytes / 1048576);
                if (isnan(top[i]->cpu_percent))
                        string_add(to, "    N/A");
                else
                        string_add_format(to, "%7.1f", top[i]->cpu_percent);
                string_add_format(to, "  %s\n", top[i]->words);
        }
        string_add_char(to, '\n');
        return to->failed ? -ENOMEM : 0;
}

int nixos_top_write(RunReader *run, const char *folder, uint64_t interval_ns, int64_t end_ns, Error *err)
{
        _cleanup_(held_processes_freep) HeldProcesses *processes = NULL;
        _cleanup_(output_file_done) OutputFile file = {.fd = -1};
        _cleanup_string_ String path = {0}, text = {0};
        uint64_t step = (interval_ns ? interval_ns : NIXOS_INTERVAL_S * NS_PER_SECOND) * EVERY;
        Moments moments = moments_make(step, end_ns);
        OutBuffer out = {.fd = -1};
        HeldProcess *const *alive;
        size_t n;

        string_add_format(&path, "%s/top-consumers.log", folder);
        int r = held_processes_new(run, &processes, err);
        if (r == 0)
                r = output_file_open(&file, string_get(&path), err);
        out.fd = file.fd;
        while (r == 0 && moments_next(&moments)) {
                r = held_processes_move(processes, moments.t_ns, &alive, &n, err);
                if (r < 0)
                        break;
                string_clear(&text);
                r = add_block(&text, alive, n, run_reader_info(run)->start_realtime_ns + moments.t_ns);
                if (r == 0)
                        r = buffer_append(&out.pending, string_get(&text), text.size);
                if (r < 0)
                        error_set_errno(err, r, "%s", string_get(&path));
                else
                        r = out_buffer_drain(&out, CHUNK, err);
        }
        if (r == 0)
                r = out_buffer_drain(&out, 0, err);
        buffer_done(&out.pending);
        return r < 0 ? r : output_file_commit(&file, err);
}
