/* Samples of children whose memory, files and end this test decides. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "track/proc-sampler.h"

enum { MB = 1 << 20 };

typedef struct Fixture {
        Host *host;
        ProcSampler *sampler;
        int to[2], from[2];
        pid_t child;
} Fixture;

/* The child obeys: 'a' 64 MB anonymous touched, 's' 32 MB shared touched, 'f' the anonymous freed,
 * 'o' opens ten files, 'q' exits. */
static void child_main(int in, int out)
{
        char *anon = NULL, c;

        while (read(in, &c, 1) == 1) {
                if (c == 'a') {
                        anon = mmap(NULL, 64 * MB, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                        memset(anon, 1, 64 * MB);
                } else if (c == 's') {
                        memset(mmap(NULL, 32 * MB, PROT_READ | PROT_WRITE,
                                    MAP_SHARED | MAP_ANONYMOUS, -1, 0),
                               1, 32 * MB);
                } else if (c == 'f') {
                        munmap(anon, 64 * MB);
                } else if (c == 'o') {
                        for (int i = 0; i < 10; i++)
                                if (open("/dev/null", O_RDONLY) < 0)
                                        _exit(2);
                } else {
                        _exit(0);
                }
                if (write(out, "k", 1) != 1)
                        _exit(1);
        }
        _exit(1);
}

static void obey(Fixture *f, char command)
{
        char c;

        assert_int_equal(write(f->to[1], &command, 1), 1);
        if (command != 'q')
                assert_int_equal(read(f->from[0], &c, 1), 1);
}

static int setup(void **state)
{
        Fixture *f = calloc(1, sizeof *f);

        *state = f;
        assert_int_equal(host_new(NULL, &f->host), 0);
        assert_int_equal(proc_sampler_new(f->host, &f->sampler), 0);
        assert_int_equal(pipe2(f->to, O_CLOEXEC) | pipe2(f->from, O_CLOEXEC), 0);
        f->child = fork();
        assert_true(f->child >= 0);
        if (f->child == 0)
                child_main(f->to[0], f->from[1]);
        return 0;
}

static int teardown(void **state)
{
        Fixture *f = *state;

        proc_sampler_free(f->sampler);
        host_free(f->host);
        for (int i = 0; i < 2; i++) {
                close(f->to[i]);
                close(f->from[i]);
        }
        if (f->child > 0) {
                kill(f->child, SIGKILL);
                waitpid(f->child, NULL, 0);
        }
        free(f);
        return 0;
}

static void assert_near(uint64_t value, uint64_t expected, uint64_t slack)
{
        assert_in_range(value, expected > slack ? expected - slack : 0, expected + slack);
}

static void test_memory(void **state)
{
        Fixture *f = *state;
        TrackSample base, now;

        assert_int_equal(proc_sampler_read(f->sampler, f->child, 0, &base), 0);
        assert_int_equal(base.pid, f->child);
        assert_int_equal(base.threads, 1);
        obey(f, 'a');
        assert_int_equal(proc_sampler_read(f->sampler, f->child, 0, &now), 0);
        assert_near(now.rss_anon_bytes - base.rss_anon_bytes, 64 * MB, MB);
        obey(f, 's');
        assert_int_equal(proc_sampler_read(f->sampler, f->child, 0, &now), 0);
        assert_near(now.rss_shmem_bytes - base.rss_shmem_bytes, 32 * MB, MB);
        obey(f, 'f');
        assert_int_equal(proc_sampler_read(f->sampler, f->child, 0, &now), 0);
        assert_near(now.rss_anon_bytes, base.rss_anon_bytes, MB);
        assert_near(now.rss_shmem_bytes - base.rss_shmem_bytes, 32 * MB, MB);
        assert_true(now.peak_rss_bytes >= 96u * MB); /* the mark stays */
        assert_int_equal(now.swap_bytes, 0);
}

static void test_fds(void **state)
{
        Fixture *f = *state;
        TrackSample base, now;

        assert_int_equal(proc_sampler_read(f->sampler, f->child, 0, &base), 0);
        if (base.fds == UINT32_MAX)
                skip(); /* before Linux 6.2 */
        obey(f, 'o');
        for (int i = 0; i < 20; i++)
                assert_int_equal(proc_sampler_read(f->sampler, f->child, 0, &now), 0);
        assert_int_equal(now.fds, base.fds + 10);
}

static void test_identity(void **state)
{
        Fixture *f = *state;
        TrackSample sample, again;

        assert_int_equal(proc_sampler_read(f->sampler, f->child, 0, &sample), 0);
        assert_int_equal(proc_sampler_read(f->sampler, f->child, sample.start_ns, &again), 0);
        assert_int_equal(again.start_ns, sample.start_ns);
        assert_int_equal(proc_sampler_read(f->sampler, f->child, sample.start_ns + 9000000, &again),
                         0); /* the same tick */
        assert_int_equal(
                proc_sampler_read(f->sampler, f->child, sample.start_ns + 10000000, &again),
                PROC_GONE);
        assert_int_equal(proc_sampler_read(f->sampler, f->child, sample.start_ns, &again), 0);
}

static void test_end(void **state)
{
        Fixture *f = *state;
        TrackSample sample = {.pid = -7};
        siginfo_t info;
        pid_t pid = f->child;

        assert_int_equal(proc_sampler_read(f->sampler, pid, 0, &sample), 0);
        obey(f, 'q');
        assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
        sample.pid = -7;
        assert_int_equal(proc_sampler_read(f->sampler, pid, 0, &sample), PROC_GONE);
        assert_int_equal(proc_sampler_read(f->sampler, pid, 0, &sample), PROC_GONE);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        f->child = 0;
        assert_int_equal(proc_sampler_read(f->sampler, pid, 0, &sample), PROC_GONE);
        assert_int_equal(sample.pid, -7);
        proc_sampler_forget(f->sampler, pid);
        proc_sampler_forget(f->sampler, pid);
}

/* With no descriptor to keep, the same values come from files opened each time. */
static void test_no_descriptors(void **state)
{
        Fixture *f = *state;
        struct rlimit limit, none;
        ProcSampler *sampler = NULL;
        TrackSample a, b;

        assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
        none = (struct rlimit){.rlim_cur = 3, .rlim_max = limit.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
        int r = proc_sampler_new(f->host, &sampler);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        assert_int_equal(r, 0);
        int before = open("/dev/null", O_RDONLY | O_CLOEXEC);
        close(before);
        assert_int_equal(proc_sampler_read(sampler, f->child, 0, &a), 0);
        int after = open("/dev/null", O_RDONLY | O_CLOEXEC);
        close(after);
        assert_int_equal(before, after);
        assert_int_equal(proc_sampler_read(f->sampler, f->child, 0, &b), 0);
        /* the child may still be faulting its last pages in between the two */
        assert_near(a.rss_file_bytes, b.rss_file_bytes, MB);
        assert_near(a.rss_anon_bytes, b.rss_anon_bytes, MB);
        proc_sampler_free(sampler);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_memory, setup, teardown),
                cmocka_unit_test_setup_teardown(test_fds, setup, teardown),
                cmocka_unit_test_setup_teardown(test_identity, setup, teardown),
                cmocka_unit_test_setup_teardown(test_end, setup, teardown),
                cmocka_unit_test_setup_teardown(test_no_descriptors, setup, teardown),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
