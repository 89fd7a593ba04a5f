/* Refused forks: the kernel's word, counters, words of programs beside the limits; and lines that only look so. */
#include <string.h>

#include "detect/fork.h"
#include "detect/test-world.h"
#include "table/process-tables.h"

#define S ((int64_t)NS_PER_SECOND)

static const Column limits_columns[] = {
        {"t_ns", COLUMN_I64, ROLE_KEY, UNIT_NS, ""},
        {"tasks", COLUMN_U64, ROLE_GAUGE, UNIT_COUNT, ""},
        {"threads_max", COLUMN_U64, ROLE_GAUGE, UNIT_COUNT, ""},
        {"pid_max", COLUMN_U64, ROLE_GAUGE, UNIT_COUNT, ""},
        {"uid", COLUMN_U32, ROLE_GAUGE, UNIT_NONE, ""},
        {"user_tasks", COLUMN_U64, ROLE_GAUGE, UNIT_COUNT, ""},
        {"nproc_soft", COLUMN_U64, ROLE_GAUGE, UNIT_COUNT, ""},
        {"nproc_hard", COLUMN_U64, ROLE_GAUGE, UNIT_COUNT, ""},
        {"pids_current", COLUMN_U64, ROLE_GAUGE, UNIT_COUNT, ""},
        {"pids_max", COLUMN_U64, ROLE_GAUGE, UNIT_COUNT, ""},
        {"pids_path", COLUMN_TEXT, ROLE_GAUGE, UNIT_NONE, ""},
        {"overcommit_memory", COLUMN_U32, ROLE_GAUGE, UNIT_NONE, ""},
        {"commit_limit_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, ""},
        {"committed_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, ""},
};
static const Schema limits_schema = {"limits", limits_columns, ARRAY_LENGTH(limits_columns)};

static const Column cgroup_columns[] = {
        {"t_ns", COLUMN_I64, ROLE_KEY, UNIT_NS, ""},
        {"path", COLUMN_TEXT, ROLE_GAUGE, UNIT_NONE, ""},
        {"tasks", COLUMN_U64, ROLE_GAUGE, UNIT_COUNT, ""},
        {"forks_refused", COLUMN_U64, ROLE_COUNTER, UNIT_COUNT, ""},
};
static const Schema cgroup_schema = {"cgroup", cgroup_columns, ARRAY_LENGTH(cgroup_columns)};

static const Column fork_columns[] = {
        {"t_ns", COLUMN_I64, ROLE_KEY, UNIT_NS, ""},         {"verdict", COLUMN_TEXT, ROLE_GAUGE, UNIT_NONE, ""},
        {"limit", COLUMN_TEXT, ROLE_GAUGE, UNIT_NONE, ""},   {"path", COLUMN_TEXT, ROLE_GAUGE, UNIT_NONE, ""},
        {"limit_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, ""}, {"used_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, ""},
        {"left_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, ""},
};
static const Schema fork_schema = {"fork", fork_columns, ARRAY_LENGTH(fork_columns)};

typedef struct Limits {
        int64_t t_ns;
        uint64_t tasks, user_tasks, nproc, hard, pids, pids_max, uid, mode, committed;
} Limits;

static void give_limits(World *w, Limits l)
{
        _cleanup_(batch_freep) Batch *b = NULL;

        assert_int_equal(batch_new(&limits_schema, 8, 4096, &b), 0);
        assert_int_equal(batch_add_row(b), 0);
        batch_set_i64(b, 0, l.t_ns);
        batch_set_u64(b, 1, l.tasks ? l.tasks : 300);
        batch_set_u64(b, 2, 127000);
        batch_set_u64(b, 3, 4194304);
        batch_set_u64(b, 4, l.uid);
        if (l.user_tasks)
                batch_set_u64(b, 5, l.user_tasks);
        if (l.nproc)
                batch_set_u64(b, 6, l.nproc);
        if (l.hard)
                batch_set_u64(b, 7, l.hard);
        if (l.pids_max) {
                batch_set_u64(b, 8, l.pids);
                batch_set_u64(b, 9, l.pids_max);
                assert_int_equal(batch_set_text(b, 10, "/user.slice/user-1000.slice", 27), 0);
        }
        batch_set_u64(b, 11, l.mode);
        batch_set_u64(b, 12, 8ull << 30);
        batch_set_u64(b, 13, l.committed);
        world_give(w, b);
}

static void give_cgroup(World *w, int64_t t_ns, uint64_t refused)
{
        static const char path[] = "/user.slice/user-1000.slice/vigia-1.scope";
        _cleanup_(batch_freep) Batch *b = NULL;

        assert_int_equal(batch_new(&cgroup_schema, 8, 4096, &b), 0);
        assert_int_equal(batch_add_row(b), 0);
        batch_set_i64(b, 0, t_ns);
        assert_int_equal(batch_set_text(b, 1, path, strlen(path)), 0);
        batch_set_u64(b, 3, refused);
        world_give(w, b);
}

static void give_rejected(World *w, const char *words)
{
        _cleanup_(batch_freep) Batch *b = NULL;

        assert_int_equal(batch_new(&events_schema, 8, 4096, &b), 0);
        assert_int_equal(batch_add_row(b), 0);
        batch_set_i64(b, EVENT_T_NS, 4 * S);
        assert_int_equal(batch_set_text(b, EVENT_KIND, "kernel-fork-rejected", 20), 0);
        assert_int_equal(batch_set_text(b, EVENT_TEXT, words, strlen(words)), 0);
        world_give(w, b);
}

/* The only one of its kind, and the first: that a limit was nearly met comes behind it. */
static const Finding *only(World *w)
{
        const Findings *found = world_finish(w);

        assert_int_equal(world_count(found, "fork"), 1);
        assert_string_equal(found->items[0]->id, "fork");
        return found->items[0];
}

static void test_user(void **state)
{
        World w;

        world_begin_ended(&w, 2);
        give_limits(&w, (Limits){.t_ns = 0, .user_tasks = 40, .nproc = 512, .hard = 512, .uid = 1000});
        give_limits(&w, (Limits){.t_ns = 2 * S, .user_tasks = 508, .nproc = 512, .hard = 512, .uid = 1000, .pids = 600, .pids_max = 10000});
        world_say(&w, "bash: fork: retry: Resource temporarily unavailable");
        world_say(&w, "make: fork: Resource temporarily unavailable");
        const Finding *f = only(&w);
        assert_int_equal(f->severity, SEVERITY_CRITICAL);
        assert_int_equal(f->sure, SURE_LIKELY);
        assert_has(f->title, "a fork was refused by the user's limit on processes (RLIMIT_NPROC)");
        assert_has(f->evidence, "\"bash: fork: retry: Resource temporarily unavailable\" and 1 more like it");
        assert_has(f->evidence, "508 of 512 tasks of uid 1000 at 2 s");
        assert_has(f->advice, ":1000 - nproc 1024\n");
        world_end(&w);
}

/* Root has the limit, too, but is not bound by it. */
static void test_root(void **state)
{
        World w;

        world_begin_ended(&w, 1);
        give_limits(&w, (Limits){.user_tasks = 508, .nproc = 512});
        world_say(&w, "sh: 1: Cannot fork");
        const Finding *f = only(&w);
        assert_int_equal(f->sure, SURE_POSSIBLE);
        assert_has(f->meaning, "none of the limits");
        assert_has(f->evidence, "300 of 127,000 tasks");
        world_end(&w);
}

static void test_rejected(void **state)
{
        World w;

        world_begin_ended(&w, 1);
        give_limits(&w, (Limits){.uid = 1000, .pids = 99, .pids_max = 100, .t_ns = 4 * S});
        give_cgroup(&w, 3 * S, 0);
        give_rejected(&w, "cgroup: fork rejected by pids controller in /user.slice/user-1000.slice/vigia-1.scope");
        give_cgroup(&w, 5 * S, 7);
        world_say(&w, "ninja: fatal: posix_spawn: Resource temporarily unavailable");
        const Finding *f = only(&w);
        assert_int_equal(f->severity, SEVERITY_CRITICAL);
        assert_int_equal(f->sure, SURE_CERTAIN);
        assert_int_equal(f->t_ns, 4 * S);
        assert_string_equal(f->title, "forks were refused by a cgroup's limit of 100 tasks (pids.max)");
        assert_has(f->evidence, "99 of 100 tasks of the cgroup /user.slice/user-1000.slice");
        assert_has(f->evidence, "counts 7 refused forks");
        assert_has(f->advice, "systemctl set-property user-1000.slice TasksMax=512\n");
        world_end(&w);
}

/* The log cannot be read: the counter says it. */
static void test_counted(void **state)
{
        World w;

        world_begin_ended(&w, 0);
        give_cgroup(&w, 3 * S, 4);
        give_cgroup(&w, 5 * S, 7);
        const Finding *f = only(&w);
        assert_int_equal(f->severity, SEVERITY_WARNING);
        assert_int_equal(f->sure, SURE_CERTAIN);
        assert_has(f->evidence, "counts 3 refused forks");
        assert_has(f->advice, "systemctl set-property vigia-1.scope TasksMax=");
        world_end(&w);
}

/* Somebody else's cgroup is no reason for this run's words. */
static void test_elsewhere(void **state)
{
        World w;

        world_begin_ended(&w, 1);
        give_cgroup(&w, 3 * S, 0);
        give_limits(&w, (Limits){.user_tasks = 4000, .nproc = 4096, .hard = 8192, .uid = 1000});
        give_rejected(&w, "cgroup: fork rejected by pids controller in /system.slice/other.service");
        world_say(&w, "cargo: could not execute process `rustc -vV` (never executed): Resource temporarily unavailable (os error 11)");
        const Findings *found = world_finish(&w);
        assert_int_equal(world_count(found, "fork"), 2);
        assert_has(found->items[0]->title, "RLIMIT_NPROC");
        assert_has(found->items[0]->advice, "ulimit -u 8192\n");
        const Finding *other = world_find(&w, "fork", "/system.slice/other.service");
        assert_int_equal(other->severity, SEVERITY_WARNING);
        assert_has(other->meaning, "not the run's own cgroup");
        world_end(&w);
}

static void test_threads_max(void **state)
{
        World w;

        world_begin_ended(&w, 1);
        give_limits(&w, (Limits){.tasks = 126990, .uid = 1000});
        world_say(&w, "java.lang.OutOfMemoryError: unable to create native thread: possibly out of memory or process/resource limits reached");
        const Finding *f = only(&w);
        assert_has(f->title, "kernel.threads-max");
        assert_has(f->advice, "sudo sysctl kernel.threads-max=254000\n");
        world_end(&w);
}

/* "Cannot allocate memory" is not for want of tasks. */
static void test_memory(void **state)
{
        World w;

        world_begin_ended(&w, 1);
        give_limits(&w, (Limits){.user_tasks = 508, .nproc = 512, .uid = 1000, .mode = 2, .committed = 8000ull << 20});
        world_say(&w, "sh: fork: Cannot allocate memory");
        const Finding *f = only(&w);
        assert_has(f->title, "CommitLimit");
        assert_has(f->evidence, "7.81 GiB of 8 GiB");
        world_end(&w);
}

static void test_verdict(void **state)
{
        _cleanup_(batch_freep) Batch *b = NULL;
        World w;

        world_begin_ended(&w, 1);
        assert_int_equal(batch_new(&fork_schema, 8, 4096, &b), 0);
        assert_int_equal(batch_add_row(b), 0);
        batch_set_i64(b, 0, S);
        assert_int_equal(batch_set_text(b, 1, "no", 2), 0);
        assert_int_equal(batch_set_text(b, 2, "memory.max", 10), 0);
        assert_int_equal(batch_set_text(b, 3, "/docker/abc", 11), 0);
        batch_set_u64(b, 4, 1ull << 30);
        batch_set_u64(b, 5, 1000ull << 20);
        world_give(&w, b);
        world_say(&w, "fork/exec /usr/bin/ld: cannot allocate memory");
        const Finding *f = only(&w);
        assert_has(f->title, "memory.max");
        assert_has(f->evidence, "of the cgroup /docker/abc");
        assert_has(f->advice, "docker update --memory=1537m CONTAINER\n");
        world_end(&w);
}

static void test_words(void **state)
{
        static const struct {
                const char *line;
                ForkError error;
        } cases[] = {
                {"bash: fork: retry: Resource temporarily unavailable", FORK_SAID_AGAIN},
                {"bash: fork: retry: No child processes", FORK_SAID_AGAIN},
                {"bash: fork: Cannot allocate memory", FORK_SAID_NO_MEMORY},
                {"sh: 1: Cannot fork", FORK_SAID_FAILED},
                {"sh: can't fork: Resource temporarily unavailable", FORK_SAID_AGAIN},
                {"zsh: fork failed: resource temporarily unavailable", FORK_SAID_AGAIN},
                {"make[2]: vfork: Resource temporarily unavailable", FORK_SAID_AGAIN},
                {"make: fork: Resource temporarily unavailable", FORK_SAID_AGAIN},
                {"ninja: fatal: posix_spawn: Resource temporarily unavailable", FORK_SAID_AGAIN},
                {"gcc: fatal error: cannot execute 'cc1': vfork: Resource temporarily unavailable", FORK_SAID_AGAIN},
                {"error: unable to fork: Cannot allocate memory", FORK_SAID_NO_MEMORY},
                {"runtime/cgo: pthread_create failed: Resource temporarily unavailable", FORK_SAID_AGAIN},
                {"runtime: failed to create new OS thread (have 9 already; errno=11)", FORK_SAID_AGAIN},
                {"fork/exec /usr/bin/gcc: resource temporarily unavailable", FORK_SAID_AGAIN},
                {"RuntimeError: can't start new thread", FORK_SAID_FAILED},
                {"Error: spawn EAGAIN", FORK_SAID_AGAIN},
                {"libgomp: Thread creation failed: Resource temporarily unavailable", FORK_SAID_AGAIN},
                {"failed to spawn thread: Os { code: 11, kind: WouldBlock, message: \"Resource temporarily unavailable\" }", FORK_SAID_AGAIN},
                /* not: */
                {"read: Resource temporarily unavailable", FORK_SAID_NOTHING},
                {"cat: -: Resource temporarily unavailable", FORK_SAID_NOTHING},
                {"make: write error: stdout", FORK_SAID_NOTHING},
                {"BlockingIOError: [Errno 11] Resource temporarily unavailable", FORK_SAID_NOTHING},
                {"pitchfork: Resource temporarily unavailable", FORK_SAID_NOTHING},
                {"git-clone: Resource temporarily unavailable", FORK_SAID_NOTHING},
                {"fork: the other repository", FORK_SAID_NOTHING},
                {"[3/9] Building C object fork.c.o", FORK_SAID_NOTHING},
                {"mmap: Cannot allocate memory", FORK_SAID_NOTHING},
                {"", FORK_SAID_NOTHING},
                {"fork", FORK_SAID_NOTHING},
                {"fork()", FORK_SAID_NOTHING},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
                if (fork_read_line(cases[i].line, strlen(cases[i].line)) != cases[i].error)
                        fail_msg("\"%s\" is read otherwise", cases[i].line);
}

/* A run that went well and a word of somebody's, a test's name, or no word: nothing. */
static void test_fine(void **state)
{
        World w;

        world_begin_ended(&w, 0);
        world_say(&w, "sh: fork: Resource temporarily unavailable");
        assert_int_equal(world_count(world_finish(&w), "fork"), 0);
        world_end(&w);
        world_begin_ended(&w, 1);
        world_say(&w, "ok 12 - prints: cannot fork");
        assert_int_equal(world_count(world_finish(&w), "fork"), 0);
        world_end(&w);
        world_begin_ended(&w, 1);
        give_limits(&w, (Limits){.user_tasks = 511, .nproc = 512, .uid = 1000, .pids = 100, .pids_max = 100});
        assert_int_equal(world_count(world_finish(&w), "fork"), 0);
        world_end(&w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_user),    cmocka_unit_test(test_root),        cmocka_unit_test(test_rejected),
                cmocka_unit_test(test_counted), cmocka_unit_test(test_elsewhere),   cmocka_unit_test(test_threads_max),
                cmocka_unit_test(test_memory),  cmocka_unit_test(test_verdict),     cmocka_unit_test(test_words),
                cmocka_unit_test(test_fine),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
