/* A pid that was given to somebody else meanwhile is told by its start. proc_pid_stat(5), field 28. */
#include "record/own-processes.h"

#include <unistd.h>

#include "host/proc-identity.h"

void own_processes_find(OwnProcesses *own, const Host *host)
{
        ProcStat stat;

        *own = (OwnProcesses){0};
        for (pid_t pid = getpid(); pid > 1 && own->n < OWN_PROCESSES_MAX; pid = stat.ppid) {
                if (proc_stat_read(host, pid, &stat) != 0)
                        break;
                if (own->n == 0)
                        own->stack_start = stat.stack_start;
                own->line[own->n].pid = pid;
                own->line[own->n++].start_ticks = stat.start_ticks;
        }
}

bool own_processes_has(const OwnProcesses *own, const Host *host, pid_t pid)
{
        ProcStat stat;

        if (proc_stat_read(host, pid, &stat) != 0)
                return false;
        for (size_t i = 0; i < own->n; i++)
                if (own->line[i].pid == pid && own->line[i].start_ticks == stat.start_ticks)
                        return true;
        return own->stack_start != 0 && stat.stack_start == own->stack_start;
}
