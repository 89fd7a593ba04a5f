/*
 * Lines that say that a process or thread could not be made: of shells, make, ninja, gcc, cargo, Go, Java,
 * Python, Node, Nix. "Resource temporarily unavailable" alone is no such line: a read that would block says it,
 * too. So there is either a phrase that can mean nothing else, or an error beside the name of a call.
 */
#include <ctype.h>
#include <string.h>

#include "detect/fork.h"
#include "detect/said.h"

static bool is_word_byte(char c)
{
        return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* "fork: ", "fork() failed", "fork/exec /bin/x: ", at the beginning of a word; not "pitchfork:". */
static bool names_call(const char *line, size_t size, const char *call)
{
        static const char *const follows[] = {":", "/exec ", " failed", " error", " returned", NULL};
        const char *at = line, *end = line + size;

        while ((at = said_find(at, (size_t)(end - at), call))) {
                const char *p = at + strlen(call);
                bool begins = at == line || !is_word_byte(at[-1]);
                if (end - p >= 2 && p[0] == '(' && p[1] == ')')
                        p += 2;
                for (const char *const *f = follows; begins && *f; f++)
                        if ((size_t)(end - p) >= strlen(*f) && strncmp(p, *f, strlen(*f)) == 0)
                                return true;
                at++;
        }
        return false;
}

static ForkError error_in(const char *line, size_t size)
{
        static const char *const again[] = {"resource temporarily unavailable", "EAGAIN", "errno=11", "errno 11", "os error 11",
                                            "retry: no child processes", "code: 11,", NULL};
        static const char *const no_memory[] = {"cannot allocate memory", "ENOMEM", "errno=12", "errno 12", "os error 12",
                                                "code: 12,", NULL};

        return said_any(line, size, again) ? FORK_SAID_AGAIN : said_any(line, size, no_memory) ? FORK_SAID_NO_MEMORY : FORK_SAID_NOTHING;
}

ForkError fork_read_line(const char *line, size_t size)
{
        static const char *const calls[] = {"fork", "vfork", "posix_spawn", "posix_spawnp", "pthread_create", "clone", "clone3",
                                            "thread creation", "thread_create", NULL};
        static const char *const phrases[] = {"unable to fork", "cannot fork", "can't fork", "could not fork", "couldn't fork",
                                              "failed to fork", "fork: retry:", "can't start new thread",
                                              "unable to create native thread", "unable to create new native thread",
                                              "failed to create new os thread", "failed to spawn thread",
                                              "blas_thread_init: pthread_create failed", NULL};
        static const char *const with_error[] = {"spawn EAGAIN", "spawn ENOMEM", "could not execute process", NULL};
        ForkError error = error_in(line, size);

        /* "make: sleep: Resource temporarily unavailable": it names whom it could not start. */
        if (error != FORK_SAID_NOTHING && size > 6 && (said(line, 6, "make: ") || said(line, 5, "make[")) && !said(line, size, " read"))
                return error;
        if (said_any(line, size, phrases))
                return error != FORK_SAID_NOTHING ? error : FORK_SAID_FAILED;
        if (error == FORK_SAID_NOTHING)
                return FORK_SAID_NOTHING;
        if (said_any(line, size, with_error))
                return error;
        for (const char *const *call = calls; *call; call++)
                if (names_call(line, size, *call))
                        return error;
        return FORK_SAID_NOTHING;
}

/* A traceback tells the call in a line, and what became of it in the one or two below. */
bool fork_is_python_call(const char *line, size_t size)
{
        return said(line, size, "_fork_exec(") || said(line, size, "os.fork()") || said(line, size, "os.posix_spawn(");
}

ForkError fork_read_python_error(const char *line, size_t size)
{
        static const char error[] = "BlockingIOError: ";

        return size >= strlen(error) && memcmp(line, error, strlen(error)) == 0 ? error_in(line, size) : FORK_SAID_NOTHING;
}
