/* Line by line; the line of interrupts, kilobytes long on a large machine, is not looked through. */
#include "host/kernel-stat.h"

#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "base/text-part.h"
#include "base/text.h"

/* Moves *at behind the word if the line begins with it. */
static bool skip(const char **at, const char *end, const char *word)
{
        size_t n = strlen(word);

        if ((size_t)(end - *at) < n || memcmp(*at, word, n) != 0)
                return false;
        *at += n;
        return true;
}

/* False: not one figure. */
static bool scan_times(const char *at, const char *end, CpuTimes *ret)
{
        size_t n = 0;

        while (n < CPU_TIMES && scan_u64(&at, end, &ret->ticks[n]) == 0)
                n++;
        for (size_t i = n; i < CPU_TIMES; i++)
                ret->ticks[i] = KERNEL_STAT_UNKNOWN;
        return n > CPU_IDLE;
}

int kernel_stat_parse(const char *text, size_t size, KernelStat *ret)
{
        KernelStat stat = {
                .interrupts = KERNEL_STAT_UNKNOWN,
                .softirqs = KERNEL_STAT_UNKNOWN,
                .context_switches = KERNEL_STAT_UNKNOWN,
                .forks = KERNEL_STAT_UNKNOWN,
                .running = KERNEL_STAT_UNKNOWN,
                .blocked = KERNEL_STAT_UNKNOWN,
        };
        const struct {
                const char *word;
                uint64_t *value;
        } lines[] = {
                {"intr ", &stat.interrupts}, {"ctxt ", &stat.context_switches},
                {"processes ", &stat.forks}, {"procs_running ", &stat.running},
                {"procs_blocked ", &stat.blocked}, {"softirq ", &stat.softirqs},
        };
        const char *end = text + size;
        bool found = false;

        for (TextPart line; text_next_line(&text, end, &line);) {
                const char *at = line.text, *stop = at + line.size;
                if (skip(&at, stop, "cpu ")) {
                        found = scan_times(at, stop, &stat.total);
                        continue;
                }
                for (size_t i = 0; i < ARRAY_LENGTH(lines); i++)
                        if (skip(&at, stop, lines[i].word)) {
                                scan_u64(&at, stop, lines[i].value);
                                break;
                        }
        }
        if (!found)
                return -EBADMSG;
        *ret = stat;
        return 0;
}

bool kernel_stat_next_cpu(const char **text, const char *end, uint32_t *ret_cpu, CpuTimes *ret)
{
        const char *rest = *text;

        for (TextPart line; text_next_line(&rest, end, &line); *text = rest) {
                const char *at = line.text, *stop = at + line.size;
                CpuTimes times;
                uint64_t cpu;

                if (!skip(&at, stop, "cpu"))
                        return false;
                if (at == stop || *at < '0' || *at > '9') /* the line of all */
                        continue;
                if (scan_u64(&at, stop, &cpu) < 0 || cpu >= UINT32_MAX ||
                    !scan_times(at, stop, &times))
                        continue;
                *ret_cpu = (uint32_t)cpu;
                *ret = times;
                *text = rest;
                return true;
        }
        return false;
}

/* Takes "0.71 " off *text. */
static bool scan_load(const char **text, const char *end, double *ret)
{
        const char *blank = memchr(*text, ' ', (size_t)(end - *text));

        if (!blank || parse_double(*text, (size_t)(blank - *text), ret) < 0)
                return false;
        *text = blank + 1;
        return true;
}

int load_average_parse(const char *text, size_t size, LoadAverage *ret)
{
        const char *at = text, *end = text + size;
        LoadAverage load;

        if (!scan_load(&at, end, &load.load_1m) || !scan_load(&at, end, &load.load_5m) ||
            !scan_load(&at, end, &load.load_15m) || scan_u64(&at, end, &load.running) < 0 ||
            at == end || *at++ != '/' || scan_u64(&at, end, &load.tasks) < 0)
                return -EBADMSG;
        *ret = load;
        return 0;
}
