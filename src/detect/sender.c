/* Told by bpf alone; everywhere else the cells are null. */
#include "detect/sender.h"

#include <stdio.h>
#include <string.h>

#include "detect/things.h"

SenderCells sender_cells(const Batch *processes)
{
        return (SenderCells){cells_find(processes, "signal_by"), cells_find(processes, "signal_pid"), cells_find(processes, "signal_comm")};
}

void sender_read(const SenderCells *cells, size_t row, Sender *ret)
{
        const uint64_t pid = cells_or(cells->pid, row, 0);
        size_t size;

        *ret = (Sender){.pid = pid <= INT32_MAX ? (int32_t)pid : 0};
        if (row_text_is(cells->by.rows, cells->by, row, "process"))
                ret->by = SENDER_PROCESS;
        else if (row_text_is(cells->by.rows, cells->by, row, "kernel"))
                ret->by = SENDER_KERNEL;
        const char *comm = row_text(cells->comm.rows, cells->comm, row, &size);
        memcpy(ret->comm, comm, MIN(size, sizeof ret->comm - 1));
}

bool sender_is_other(const Sender *sender, int32_t pid)
{
        return sender->by == SENDER_PROCESS && sender->pid != pid;
}

const char *sender_name(char buffer[SENDER_WORDS], const Sender *sender)
{
        const char *comm = sender->comm[0] ? sender->comm : "a process";

        if (sender->pid > 0)
                snprintf(buffer, SENDER_WORDS, "%s (pid %d)", comm, sender->pid);
        else
                snprintf(buffer, SENDER_WORDS, "%s (outside this container)", comm);
        return buffer;
}

bool sender_is_by_hand(const Sender *sender)
{
        static const char *const names[] = {"kill", "pkill", "killall", "skill", "sh", "bash", "dash", "zsh", "fish", "htop", "top", "xkill"};

        for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
                if (text_equal(sender->comm, names[i]))
                        return true;
        return false;
}

const char *sender_advice(char buffer[SENDER_ADVICE], const Sender *sender)
{
        if (sender_is_by_hand(sender) || !sender->comm[0])
                snprintf(buffer, SENDER_ADVICE, "look for the script that does so, or ask who did");
        else
                snprintf(buffer, SENDER_ADVICE, "see why %s does so: its log, its settings", sender->comm);
        return buffer;
}
