/*
 * hostile PROGRAM: runs PROGRAM once for each of a list of command lines that break naive
 * tools: newlines, escape sequences, bytes that are not UTF-8, quotes, nothing at all, 100 KB.
 * Prints how many there were.
 */
#include <sys/prctl.h>

#include "helper.h"

static void run(const char *program, const char *name, char *const *argv)
{
        int status;
        pid_t pid = fork();

        if (pid < 0)
                helper_die("fork");
        if (pid == 0) {
                if (name)
                        prctl(PR_SET_NAME, name);
                if (argv)
                        execv(program, argv);
                _exit(argv ? HELPER_FAILED : 0);
        }
        if (waitpid(pid, &status, 0) != pid || status != 0)
                helper_die("hostile: a process failed");
}

int main(int argc, char **argv)
{
        static char huge[100 << 10];
        const char *const words[] = {
                "a\nb", "\033[31mred\033[0m\033]0;title\007", "\xff\xfe\xc0\x80", "\"quoted\", 'too'",
                "", "tab\there", "</script><b>", "=1+1", "\xe2\x80\xae" /* right to left */, "\r\n\r\n", "\\x00",
        };
        size_t n = sizeof words / sizeof *words;

        if (argc < 2)
                helper_die("hostile PROGRAM");
        for (size_t i = 0; i < n; i++)
                run(argv[1], NULL, (char *[]){argv[1], (char *)words[i], NULL});
        memset(huge, 'x', sizeof huge - 1);
        run(argv[1], NULL, (char *[]){argv[1], huge, NULL});
        run(argv[1], NULL, (char *[]){(char *)"\n", (char *)"empty name", NULL});
        run(argv[1], "a\nb\033[2J\xff", NULL);
        printf("%zu\n", n + 3);
        return 0;
}
