/*
 * threads exec PROGRAM: a thread that is not the leader execs PROGRAM; the pid goes on.
 * threads leader MS CODE: the leader ends first, a thread lives MS longer and ends with CODE.
 * threads many N MS: N threads sleep together for MS.
 */
#include <pthread.h>

#include "helper.h"

static char **arguments;

static void *exec_program(void *unused)
{
        (void)unused;
        execv(arguments[2], arguments + 2);
        helper_die("exec");
}

static void *outlive(void *unused)
{
        (void)unused;
        helper_sleep_ms(helper_number(arguments[2]));
        _exit((int)helper_number(arguments[3]));
}

static void *sleep_along(void *unused)
{
        (void)unused;
        helper_sleep_ms(helper_number(arguments[3]));
        return NULL;
}

static void start(void *(*fn)(void *))
{
        pthread_attr_t attr;
        pthread_t thread;

        pthread_attr_init(&attr);
        pthread_attr_setstacksize(&attr, 64 << 10);
        if (pthread_create(&thread, &attr, fn, NULL) != 0)
                helper_die("pthread_create");
        pthread_detach(thread);
}

int main(int argc, char **argv)
{
        if (argc < 3)
                helper_die("threads exec|leader|many …");
        arguments = argv;
        if (strcmp(argv[1], "exec") == 0) {
                start(exec_program);
                pause();
        } else if (strcmp(argv[1], "leader") == 0 && argc > 3) {
                start(outlive);
                pthread_exit(NULL);
        } else if (strcmp(argv[1], "many") == 0 && argc > 3) {
                for (uint64_t i = 0; i < helper_number(argv[2]); i++)
                        start(sleep_along);
                helper_sleep_ms(helper_number(argv[3]));
                return 0;
        }
        return HELPER_FAILED;
}
