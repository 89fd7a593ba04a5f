/* All parsers of /proc/PID on any bytes; the first byte picks one. The text is copied to its
 * exact size so that a read past its end is seen. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/proc-text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse(uint8_t which, const char *text, size_t size)
{
        ProcStat stat;
        ProcStatm statm;
        ProcStatus status;
        ProcIo io;
        ProcSmaps smaps;
        char path[16];
        pid_t pid;

        switch (which % 7) {
        case 0:
                if (proc_stat_parse(text, size, &stat) == 0 && (stat.pid < 0 || stat.comm[63]))
                        abort();
                break;
        case 1:
                proc_statm_parse(text, size, &statm);
                break;
        case 2:
                if (proc_status_parse(text, size, &status) == 0 && status.uid < -1)
                        abort();
                break;
        case 3:
                proc_io_parse(text, size, &io);
                break;
        case 4:
                proc_smaps_rollup_parse(text, size, &smaps);
                break;
        case 5:
                for (const char *p = text; proc_children_next(&p, text + size, &pid);)
                        if (pid <= 0)
                                abort();
                break;
        default:
                if (proc_cgroup_parse(text, size, path, sizeof path) == 0 &&
                    !memchr(path, '\0', sizeof path))
                        abort();
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text;

        if (size == 0)
                return 0;
        text = malloc(size - 1 ? size - 1 : 1);
        if (!text)
                return 0;
        memcpy(text, data + 1, size - 1);
        parse(data[0], text, size - 1);
        free(text);
        return 0;
}
