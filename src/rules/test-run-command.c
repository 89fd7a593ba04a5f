/* Names of programs, wrappers, and shells' scripts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"
#include "rules/program-name.h"
#include "rules/run-command.h"
#include "rules/shell-script.h"

static TextPart of(const char *text)
{
        return text_part(text, strlen(text));
}

static void assert_part(TextPart part, const char *expected, const char *of_what)
{
        if (text_part_is(part, expected))
                return;
        fail_msg("%s: '%.*s', expected '%s'", of_what, (int)part.size, part.text ? part.text : "", expected);
}

static void test_names(void **state)
{
        static const char *const cases[][2] = {
                {"/usr/bin/gcc", "gcc"},
                {"x86_64-linux-gnu-gcc-12", "gcc"},
                {"/opt/x/bin/aarch64-none-linux-gnu-g++", "g++"},
                {"arm-none-eabi-objcopy", "objcopy"},
                {"armv7a-linux-androideabi21-clang++", "clang++"},
                {"x86_64-w64-mingw32-gcc-12-posix", "gcc"},
                {"x86_64-apple-darwin21.4-ar", "ar"},
                {"avr-gcc", "gcc"},
                {"riscv64-unknown-elf-ld.bfd", "ld.bfd"},
                {"x86_64-pc-linux-gnu-pkg-config", "pkg-config"},
                {"gcc-12.2.0", "gcc"},
                {"llvm-ar-14", "llvm-ar"},
                {"clang++-15", "clang++"},
                {"ghc-9.4.7", "ghc"},
                {"python3.11", "python"},
                {"python3", "python"},
                {"python", "python"},
                {"perl5.36.0", "perl"},
                {"lua5.4", "lua"},
                {"automake-1.16", "automake"},
                {"cc1", "cc1"},
                {"f951", "f951"},
                {"bzip2", "bzip2"},
                {"lto1", "lto1"},
                {"7z", "7z"},
                {"12", "12"},
                {"ld-linux-x86-64.so.2", "ld-linux-x86-64.so.2"},
                {"lld-link.exe", "lld-link"},
                {"Z:\\x\\CL.exe", "CL"},
                {"-bash", "bash"},
                {"sshd:", "sshd"},
                {".cargo-wrapped", "cargo"},
                {".gcc-wrapped_", "gcc"},
                {"git-receive-pack", "git-receive-pack"},
                {"arm-image-tool", "arm-image-tool"},
                {"meson.py", "meson.py"},
                {"x86_64", "x86_64"},
                {"x86_64-linux-gnu-", "x86_64-linux-gnu-"},
                {"-", "-"},
                {"/", "/"},
                {"a/", "a/"},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
                assert_part(program_normalise(program_base(of(cases[i][0]))), cases[i][1], cases[i][0]);
}

static void test_scripts(void **state)
{
        /* NULL: the shell's own. */
        static const char *const cases[][2] = {
                {"gcc -c a.c", "gcc -c a.c"},
                {"  gcc -c a.c  ", "gcc -c a.c"},
                {"cd foo && gcc -c a.c -o b; rm x", "gcc -c a.c -o b"},
                {"set -e; X=1 Y='a b' gcc -c a.c", "gcc -c a.c"},
                {"test -d x || mkdir x; gcc a.c", "gcc a.c"},
                {"[ -f a ] && ld -o x", "ld -o x"},
                {"if test -f a; then ld -o x; else as y; fi", "ld -o x"},
                {"( cd x; make -j4 )", "make -j4"},
                {"{ make; } 2>&1 | tee log", "make"},
                {"depbase=`echo a.o | sed 's|[^/]*$|x&|;s|\\.o$||'`;gcc -c a.c && mv -f $depbase.Tpo x", "gcc -c a.c"},
                {"x=$(gcc -v; echo ')'); as a.s", "as a.s"},
                {"echo 'gcc -c a.c; as'; ld x", "ld x"},
                {"echo \"a \\\" ; as\" >/dev/null; ld x", "ld x"},
                {">log 2>&1 gcc a.c", "gcc a.c"},
                {"2> log gcc a.c", "gcc a.c"},
                {"exec gcc a.c", "gcc a.c"},
                {"# a comment\nld x", "ld x"},
                {"set -e; \\\n\tgcc -c a.c \\\n\t-o b; \\\n\tas x", "gcc -c a.c \\\n\t-o b"},
                {"\\\n", NULL},
                {"cd x\n\tgcc\t-c a.c\n\tas x", "gcc\t-c a.c"},
                {"rm -f a; mv b c", "rm -f a"},
                {"grep x y | sort", "grep x y"},
                {"'/opt/my gcc' -c a.c", "'/opt/my gcc' -c a.c"},
                {"! as a.s", "as a.s"},
                {"gcc -c a.c; for i in b; do x; done", "gcc -c a.c"},
                {"for i in a b; do gcc -c $i; done", NULL},
                {"while read x; do gcc; done", NULL},
                {"case $1 in a) gcc;; esac", NULL},
                {"$CC -c a.c", NULL},
                {"`which gcc` -c a.c", NULL},
                {"cd foo", NULL},
                {"", NULL},
                {"   ", NULL},
                {"A=1", NULL},
                {";;;&&||", NULL},
                {"\"", "\""},
                {"'unterminated gcc", "'unterminated gcc"},
                {"x=$(gcc", NULL},
                {"x=`gcc", NULL},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                TextPart chosen = {0};
                bool found = shell_script_choose(of(cases[i][0]), &chosen);
                if (found != (cases[i][1] != NULL))
                        fail_msg("%s: %s", cases[i][0], found ? "found a command" : "found none");
                if (found)
                        assert_part(chosen, cases[i][1], cases[i][0]);
        }
}

typedef struct Case {
        const char *line, *program, *command; /* of the process; command NULL: the line */
        const char *script;                   /* normalised name of the script, NULL: none */
        const char *through;                  /* with commas, to the process or the script; NULL: nothing */
} Case;

static const Case cases[] = {
        {"gcc -c a.c", "gcc", NULL, NULL, NULL},
        {"/bin/sh -c gcc -c a.c", "gcc", "gcc -c a.c", NULL, "sh"},
        {"sh -ec cd x && cc -c a.c", "cc", "cc -c a.c", NULL, "sh"},
        {"bash -o pipefail -euxc as x.s", "as", "as x.s", NULL, "bash"},
        {"bash --norc +e -c as x.s", "as", "as x.s", NULL, "bash"},
        {"sh -c for i in a; do x; done", "sh", NULL, NULL, NULL},
        /* Automake's recipe, a function, and autoconf's look at its shell. */
        {"sh -c echo CC a.o;d=`echo a.o | sed 's|[^/]*$|&|'`;\\\n gcc -c a.c \\\n -o a.o", "gcc", "gcc -c a.c \\\n -o a.o",
         NULL, "sh"},
        {"sh -c f () { gcc -c a.c; }; f", "sh", NULL, NULL, NULL},
        {"sh -c a=:\nif test x && (emulate sh) >/dev/null 2>&1\nthen :\n  emulate sh\nelse\n  case x in a) ;; esac\nfi", "sh",
         NULL, NULL, NULL},
        {"sh -c", "sh", NULL, NULL, NULL},
        {"sh", "sh", NULL, NULL, NULL},
        {"sh -s a b", "sh", NULL, NULL, NULL},
        {"-bash", "bash", NULL, NULL, NULL},
        {"env A=1 B=2 gcc -c a.c", "gcc", "gcc -c a.c", NULL, "env"},
        {"env -i -u X -C /tmp --unset=Y A=1 gcc", "gcc", "gcc", NULL, "env"},
        {"env -S gcc -c a.c", "gcc", "gcc -c a.c", NULL, "env"},
        {"env", "env", NULL, NULL, NULL},
        {"env A=1", "env", NULL, NULL, NULL},
        {"ccache gcc -c a.c", "gcc", "gcc -c a.c", NULL, "ccache"},
        {"ccache compiler_check=none gcc -c a.c", "gcc", "gcc -c a.c", NULL, "ccache"},
        {"ccache -s", "ccache", NULL, NULL, NULL},
        {"ccache -F 0", "ccache", NULL, NULL, NULL},
        {"ccache distcc /usr/bin/g++-12 -c a.c", "g++", "/usr/bin/g++-12 -c a.c", NULL, "ccache,distcc"},
        {"sccache --start-server", "sccache", NULL, NULL, NULL},
        {"rewrapper -cfg=x -exec_root=/y -- clang++ -c a.cc", "clang++", "clang++ -c a.cc", NULL, "rewrapper"},
        {"nice gcc", "gcc", "gcc", NULL, "nice"},
        {"nice -n 5 gcc", "gcc", "gcc", NULL, "nice"},
        {"nice -n5 -- gcc", "gcc", "gcc", NULL, "nice"},
        {"nice -19 gcc", "gcc", "gcc", NULL, "nice"},
        {"ionice -c 2 -n7 make", "make", "make", NULL, "ionice"},
        {"ionice -p 12", "ionice", NULL, NULL, NULL},
        {"/usr/bin/time -v -o log make", "make", "make", NULL, "time"},
        {"time -f %e make", "make", "make", NULL, "time"},
        {"timeout -k 5 --signal=KILL 10m make check", "make", "make check", NULL, "timeout"},
        {"stdbuf -oL -e 0 make", "make", "make", NULL, "stdbuf"},
        {"setsid -w nohup make", "make", "make", NULL, "setsid,nohup"},
        {"sudo -u build -E A=1 make", "make", "make", NULL, "sudo"},
        {"sudo -l", "sudo", NULL, NULL, NULL},
        {"su - build -c make -j4", "make", "make -j4", NULL, "su"},
        {"su build", "su", NULL, NULL, NULL},
        {"taskset -c 0-3 make", "make", "make", NULL, "taskset"},
        {"taskset -p 12", "taskset", NULL, NULL, NULL},
        {"chroot --userspec=a /root make", "make", "make", NULL, "chroot"},
        {"flock -w 5 /tmp/x make", "make", "make", NULL, "flock"},
        {"flock /tmp/x -c cd y; make", "make", "make", NULL, "flock"},
        {"/bin/bash ../libtool --tag=CC --mode=compile gcc -c a.c", "gcc", "gcc -c a.c", NULL, "bash,libtool"},
        {"/bin/sh ./libtool --silent --mode link gcc -o x a.o", "gcc", "gcc -o x a.o", NULL, "sh,libtool"},
        {"libtool --version", "libtool", NULL, NULL, NULL},
        {"busybox sed s/a/b/", "sed", "sed s/a/b/", NULL, "busybox"},
        {"busybox --list", "busybox", NULL, NULL, NULL},
        {"busybox sh -c gcc x", "gcc", "gcc x", NULL, "busybox,sh"},
        {"cmake -E env A=1 ld x", "ld", "ld x", NULL, "cmake"},
        {"cmake -E touch x", "cmake", NULL, NULL, NULL},
        {"cmake --build .", "cmake", NULL, NULL, NULL},
        {"rustup run stable cargo build", "cargo", "cargo build", NULL, "rustup"},
        {"rustup update", "rustup", NULL, NULL, NULL},
        {"mold -run make", "make", "make", NULL, "mold"},
        {"mold -o x a.o", "mold", NULL, NULL, NULL},
        {"/lib64/ld-linux-x86-64.so.2 --library-path /x /y/gcc a", "gcc", "/y/gcc a", NULL, "ld-linux-x86-64.so.2"},
        {"python3 /usr/bin/meson setup", "python", NULL, "meson", "python3"},
        {"python3.11 -W ignore -X dev -u x.py a", "python", NULL, "x.py", "python3.11"},
        {"python3 -m pip install x", "python", NULL, "pip", "python3"},
        {"python3 -Im mesonbuild.mesonmain x", "python", NULL, "mesonbuild", "python3"},
        {"python3 -mpytest", "python", NULL, "pytest", "python3"},
        {"python3 -c import os", "python", NULL, NULL, NULL},
        {"python3", "python", NULL, NULL, NULL},
        {"python3 -", "python", NULL, NULL, NULL},
        {"perl -I lib -w x.pl", "perl", NULL, "x.pl", "perl"},
        {"perl -pe s/a/b/ file", "perl", NULL, NULL, NULL},
        {"node --require x /usr/bin/tsc -p .", "node", NULL, "tsc", "node"},
        {"ruby -e 1", "ruby", NULL, NULL, NULL},
        {"java -Xmx1g -cp /a:/b org.gradle.launcher.GradleMain x", "java", NULL, "GradleMain", "java"},
        {"java -jar /x/gradle-launcher-8.5.jar x", "java", NULL, "gradle-launcher", "java"},
        {"java @/tmp/cp.txt -Xmx1g -Dx=y worker.org.gradle.GradleWorkerMain 'Gradle Test'", "java", NULL, "GradleWorkerMain", "java"},
        {"java -version", "java", NULL, NULL, NULL},
        {"/bin/sh ./configure --prefix=/usr", "sh", NULL, "configure", "sh"},
        {"sh -e ./x.sh", "sh", NULL, "x.sh", "sh"},
        {"env python3 /usr/bin/meson x", "python", "python3 /usr/bin/meson x", "meson", "env,python3"},
        {"sshd: root@pts/0", "sshd", NULL, NULL, NULL},
        {"'gcc' x", "'gcc'", NULL, NULL, NULL},
        {"sh -c \"/usr/bin/gcc\" -c a.c", "gcc", "\"/usr/bin/gcc\" -c a.c", NULL, "sh"},
        {"env env env env env env env env env env env env env env env env env env gcc", "env", "env env gcc", NULL,
         "env,env,env,env,env,env,env,env,env,env,env,env,env,env,env,env"},
        {"sh -c set -e; \\\n\tccache\t/usr/bin/gcc\t-c a.c; \\\n\ttrue", "gcc", "/usr/bin/gcc\t-c a.c", NULL, "sh,ccache"},
        {"sh -c 'cd x; gcc a'", "gcc", "gcc a", NULL, "sh"},
        {"sh -c \"gcc 'a b'\" ", "gcc", "gcc 'a b'", NULL, "sh"},
        {"sh -c 'a' b 'c'", "a", "'a' b 'c'", NULL, "sh"},
        {"sh -c sh -c gcc a", "gcc", "gcc a", NULL, "sh,sh"},
        {"gcc -c a.c …", "gcc", NULL, NULL, NULL},
};

static Wrappers *wrappers;

static void see(const LabelWords *words, RunCommands *ret)
{
        memset(ret, 0xa5, sizeof *ret);
        run_commands_see(wrappers, words, ret);
}

static void test_wrappers(void **state)
{
        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                const Case *c = &cases[i];
                const LabelWords words = {.cmdline = c->line};
                _cleanup_string_ String through = {0};
                RunCommands got;

                see(&words, &got);
                const RunCommand *process = &got.items[got.n - 1];
                assert_false(process->script);
                assert_part(process->program, c->program, c->line);
                assert_part(process->line, c->command ? c->command : c->line, c->line);
                if (got.n != (c->script ? 2 : 1))
                        fail_msg("%s: %zu commands", c->line, got.n);
                if (c->script) {
                        assert_true(got.items[0].script);
                        assert_part(got.items[0].program, c->script, c->line);
                }
                for (size_t w = 0; w < got.items[0].depth; w++) {
                        string_add(&through, w ? "," : "");
                        string_add_bytes(&through, got.wrappers[w].text, got.wrappers[w].size);
                }
                if (!text_equal(string_get(&through), c->through ? c->through : ""))
                        fail_msg("%s: through '%s'", c->line, string_get(&through));
        }
}

/* Without arguments, comm and exe decide. */
static void test_without_arguments(void **state)
{
        static const struct {
                const char *comm, *exe, *cmdline, *name, *script;
        } nameless[] = {
                {"kworker/0:1", NULL, NULL, "kworker", NULL},
                {"gcc", "/usr/bin/x86_64-linux-gnu-gcc-12", NULL, "x86_64-linux-gnu-gcc-12", NULL},
                {"a-very-long-nam", "/bin/a-very-long-name-of-it", "", "a-very-long-name-of-it", NULL},
                {"meson", "/usr/bin/python3.11", NULL, "python3.11", "meson"},
                {"python3.11", "/usr/bin/python3.11", NULL, "python3.11", NULL},
                {"MainThread", "/usr/bin/foo", NULL, "foo", NULL},
                {"sed", "/bin/busybox", NULL, "busybox", "sed"},
                {NULL, NULL, NULL, "unknown", NULL},
                {"", "", "", "unknown", NULL},
                {NULL, "/x/y", "   ", "y", NULL},
                {"sshd:", NULL, NULL, "sshd", NULL},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(nameless); i++) {
                const LabelWords words = {nameless[i].comm, nameless[i].exe, nameless[i].cmdline, NULL, NULL};
                RunCommands got;
                see(&words, &got);
                assert_int_equal(got.n, nameless[i].script ? 2 : 1);
                assert_part(got.items[got.n - 1].name, nameless[i].name, nameless[i].name);
                assert_part(got.items[got.n - 1].line, nameless[i].name, nameless[i].name);
                if (nameless[i].script)
                        assert_part(got.items[0].name, nameless[i].script, nameless[i].script);
        }
}

/* The file says where a path with blanks ends, and what /proc/self/exe is. */
static void test_file(void **state)
{
        LabelWords words = {.exe = "/opt/my tools/gcc", .cmdline = "/opt/my tools/gcc -c a.c"};
        RunCommands got;

        see(&words, &got);
        assert_part(got.items[0].name, "gcc", words.cmdline);
        words = (LabelWords){.exe = "/usr/bin/runc", .cmdline = "/proc/self/exe init"};
        see(&words, &got);
        assert_part(got.items[0].program, "runc", words.cmdline);
        assert_part(got.items[0].exe, "/usr/bin/runc", words.cmdline);
        words = (LabelWords){.exe = "/usr/bin/dash", .cmdline = "sh -c /x/y z"};
        see(&words, &got);
        assert_part(got.items[0].exe, "/x/y", words.cmdline);
}

static int set_up(void **state)
{
        return wrappers_new(&wrappers);
}

static int tear_down(void **state)
{
        wrappers = wrappers_free(wrappers);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_names),             cmocka_unit_test(test_scripts),
                cmocka_unit_test(test_wrappers),          cmocka_unit_test(test_without_arguments),
                cmocka_unit_test(test_file),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
