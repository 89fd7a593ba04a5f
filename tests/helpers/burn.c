/*
 * burn USER_MS SYSTEM_MS [THREADS]: uses that much CPU time in each of THREADS (default 1), then
 * prints what getrusage says: "USER_US SYSTEM_US".
 */
#include <fcntl.h>
#include <pthread.h>

#include "helper.h"

typedef struct Work {
        uint64_t user_us, system_us;
} Work;

static void *burn(void *data)
{
        const Work *work = data;
        struct rusage usage;
        static _Thread_local char buffer[1 << 16];
        volatile uint64_t sum = 0;
        int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);

        if (fd < 0)
                helper_die("/dev/zero");
        do {
                for (unsigned i = 0; i < 200000; i++)
                        sum = sum + i;
                getrusage(RUSAGE_THREAD, &usage);
        } while (helper_us(usage.ru_utime) < work->user_us);
        while (helper_us(usage.ru_stime) < work->system_us) {
                for (unsigned i = 0; i < 16; i++)
                        if (read(fd, buffer, sizeof buffer) < 0)
                                helper_die("read");
                getrusage(RUSAGE_THREAD, &usage);
        }
        close(fd);
        return NULL;
}

int main(int argc, char **argv)
{
        if (argc < 3)
                helper_die("burn USER_MS SYSTEM_MS [THREADS]");
        Work work = {helper_number(argv[1]) * 1000, helper_number(argv[2]) * 1000};
        uint64_t n = argc > 3 ? helper_number(argv[3]) : 1;
        pthread_t threads[64];
        struct rusage usage;

        if (n > 64)
                helper_die("too many threads");
        for (uint64_t i = 1; i < n; i++)
                if (pthread_create(&threads[i], NULL, burn, &work) != 0)
                        helper_die("pthread_create");
        burn(&work);
        for (uint64_t i = 1; i < n; i++)
                pthread_join(threads[i], NULL);
        getrusage(RUSAGE_SELF, &usage);
        printf("%lu %lu\n", (unsigned long)helper_us(usage.ru_utime),
               (unsigned long)helper_us(usage.ru_stime));
        return 0;
}
