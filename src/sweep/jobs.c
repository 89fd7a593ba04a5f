/* Numbers are checked one by one, so that the sentence names the one that is wrong. */
#include "sweep/jobs.h"

#include <errno.h>
#include <string.h>

static int add_one(SweepJobs *jobs, const char *text, size_t size, Error *expected)
{
        uint64_t number;

        if (parse_u64(text, size, &number) < 0 || number < 1 || number > SWEEP_JOBS_MAX)
                return error_set(expected, EINVAL, "numbers from 1 to %d, such as 8,4,2", SWEEP_JOBS_MAX);
        for (size_t i = 0; i < jobs->n; i++)
                if (jobs->levels[i] == number)
                        return error_set(expected, EINVAL, "each number once; --repeat does one again");
        if (jobs->n == SWEEP_LEVELS_MAX)
                return error_set(expected, EINVAL, "at most %d numbers", SWEEP_LEVELS_MAX);
        jobs->levels[jobs->n++] = (unsigned)number;
        return 0;
}

int sweep_jobs_add(SweepJobs *jobs, const char *text, Error *expected)
{
        SweepJobs all = *jobs;

        for (;;) {
                size_t n = strcspn(text, ","), skip = strspn(text, " "), end = n;
                while (end > skip && text[end - 1] == ' ')
                        end--;
                int r = add_one(&all, text + MIN(skip, n), end - MIN(skip, end), expected);
                if (r < 0)
                        return r;
                if (text[n] == '\0')
                        break;
                text += n + 1;
        }
        *jobs = all;
        return 0;
}

int sweep_jobs_check(const char *text, Error *expected)
{
        SweepJobs jobs = {0};

        return sweep_jobs_add(&jobs, text, expected);
}

void sweep_jobs_default(SweepJobs *jobs, unsigned cpus)
{
        jobs->n = 0;
        for (unsigned j = 1; j < cpus && jobs->n + 1 < SWEEP_LEVELS_MAX; j *= 2)
                jobs->levels[jobs->n++] = j;
        jobs->levels[jobs->n++] = cpus > 0 ? cpus : 1;
}

/* Bytes of the word for the number that begins here; 0: none does. */
static size_t word_at(const char *begin, const char *at)
{
        static const char *const words[] = {"{j}", "<N>", "{j_level}"};

        if (at > begin && at[-1] == '$')
                return 0;
        for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
                if (text_starts_with(at, words[i]))
                        return strlen(words[i]);
        return 0;
}

bool sweep_has_jobs(const char *text)
{
        for (const char *at = text; at && *at; at++)
                if (word_at(text, at) > 0)
                        return true;
        return false;
}

void sweep_fill_jobs(String *to, const char *text, unsigned jobs)
{
        for (const char *at = text; *at;) {
                size_t n = word_at(text, at);
                if (n > 0)
                        string_add_format(to, "%u", jobs);
                else
                        string_add_char(to, *at);
                at += n > 0 ? n : 1;
        }
}
