/*
 * Errors of calls that programs print where the reason is the machine or what is installed, not what they were
 * given to do: names that nobody resolves, file systems that cannot be written, commands that are not there. What is
 * said last before the end of a failed run is likely why; what is further up may have been dealt with. One table.
 */
#include <string.h>

#include "detect/detect.h"
#include "detect/said.h"
#include "detect/things.h"

/* So many lines from the end: likely why; possible; no matter. */
enum { LINES_LIKELY = 20, LINES_POSSIBLE = 200, LINE_SIZE = 240, TOLD_MAX = 3 };

typedef enum WordsHow { HOW_ERROR, HOW_ANYWHERE } WordsHow;

typedef struct ErrorWords {
        const char *id;
        WordsHow how;
        const char *const *words;  /* one of them is said … */
        const char *const *needed; /* … and one of these; NULL: nothing more */
        int code;                  /* the run, or a command of make's, exited so; 0: however */
        const char *title, *meaning, *advice;
} ErrorWords;

#define LIST(...) (const char *const[]){__VA_ARGS__, NULL}

#define REFUSED "its machine was reached, but no program listens there: a server or proxy that is not started, or has ended"

static const ErrorWords table[] = {
        {"library-missing", HOW_ANYWHERE, LIST("error while loading shared libraries: "), NULL, 0, "a shared library was not found",
         "the program is there, a library that it was linked with is not, or not where it is looked for",
         "install it, or name its folder in LD_LIBRARY_PATH; ldd PROGRAM says which are missing"},
        {"command-missing", HOW_ERROR, LIST(": not found", ": command not found"), NULL, 127, "a command was not found",
         "it is not installed, or its folder is not in PATH; of a path, the file may be there and its interpreter (#!) not", "install it, or put its folder into PATH"},
        {"command-missing", HOW_ERROR, LIST(": No such file or directory"), LIST("make: ", "make[", "env: "), 127, "a command was not found",
         "it is not installed, or its folder is not in PATH; of a script, its interpreter may be missing", "install it, or put its folder into PATH"},
        {"command-missing", HOW_ERROR, LIST(": No such file or directory"), LIST("cannot execute '", "cannot execute \xe2\x80\x98"), 0, "a program could not be executed",
         "a compiler's driver is installed without the compiler it starts", "install it: the package of that language's compiler"},
        {"command-missing", HOW_ANYWHERE, LIST("executable file not found in $PATH"), NULL, 0, "a command was not found", "it is not installed, or its folder is not in PATH",
         "install it, or put its folder into PATH"},
        {"not-executable", HOW_ERROR, LIST(": Permission denied"), LIST("make: ", "make[", "sh: ", "sh\": ", ".sh: "), 126, "a command could not be executed",
         "the file lacks the permission, or its file system is mounted noexec; of a bare name, a folder of PATH may not be read, and the command is in none of the others",
         "chmod +x it, or put it on a file system that is not mounted noexec (findmnt -T FILE); of a bare name: install it, see PATH"},
        {"not-executable", HOW_ERROR, LIST("Exec format error"), NULL, 0, "a command could not be executed",
         "it is built for another kind of machine, is empty, or a script without its #! line", "see what it is: file PROGRAM"},
        {"arguments", HOW_ERROR, LIST("Argument list too long"), NULL, 0, "a command line was too long",
         "the kernel takes 128 KiB in one argument, and in all with the environment a quarter of the stack's limit (ulimit -s), 6 MiB at most",
         "hand the names over in a file (@FILE, xargs, $(file >…) of make), or build in a folder with a shorter path; where it is the sum, in the shell "
         "that starts the build:\nulimit -S -s 24576\n"},
        {"text-busy", HOW_ERROR, LIST("Text file busy"), NULL, 0, "a program's file was to be written while it ran, or run while it was written",
         "the kernel allows neither; two steps that share a file and run at once do so", "write beside it and rename, or let one step wait for the other"},
        {"read-only", HOW_ERROR, LIST("Read-only file system"), NULL, 0, "a file system could not be written: it is read-only",
         "it is mounted so, as in containers and sandboxes, or the kernel made it so after errors of its disk",
         "see which are, and what the kernel says:\nfindmnt -O ro\nsudo dmesg | grep -iE 'remount|i/o error'\n"},
        {"quota", HOW_ERROR, LIST("Disk quota exceeded", "EDQUOT"), NULL, 0, "a quota was exceeded",
         "the room that this user, group or project may have is used up, however much the file system has left", "see how much it is:\nquota -s; df -h .\n"},
        {"file-size-limit", HOW_ERROR, LIST("File too large"), NULL, 0, "a file was to become larger than it may",
         "a limit on the size of files (RLIMIT_FSIZE, ulimit -f), or the file system's own (FAT: 4 GiB)",
         "look for who sets it (ulimit -f in a script, LimitFSIZE= of a unit), or, as far as its hard limit allows, in the shell that starts the "
         "build:\nulimit -S -f $(ulimit -H -f)\n"},
        {"io-error", HOW_ERROR, LIST("Input/output error"), LIST("read", "writ", "open", "stat", "copy", "'/", " /", "Errno 5"), 0, "a disk or file system failed",
         "the kernel could not read or write what it was asked to: a bad disk, or a network file system that is gone",
         "ask the kernel's log:\nsudo dmesg | grep -iE 'error|fail'\n"},
        {"mount-gone", HOW_ERROR, LIST("Stale file handle", "Transport endpoint is not connected", "Host is down"), NULL, 0, "a file system was gone",
         "of a network file system the server's side changed or is away; of FUSE its program ended", "mount it anew; see what is there:\nfindmnt -t nfs,nfs4,cifs,fuse\n"},
        {"network", HOW_ANYWHERE,
         LIST("Could not resolve host", "Could not resolve '", "Couldn't resolve host", "Temporary failure in name resolution", "Name or service not known", "Temporary failure resolving",
              "getaddrinfo ENOTFOUND", "getaddrinfo EAI_AGAIN", ": no such host", "failed to lookup address information", "unable to resolve host address",
              "nodename nor servname provided"),
         NULL, 0, "another machine's name was not found", "no name server knows it or answers; or there is no network here, as in many sandboxes and containers",
         "see whether names are found here:\ngetent hosts deb.debian.org || cat /etc/resolv.conf\n"},
        {"network", HOW_ERROR, LIST("Network is unreachable", "No route to host", "ENETUNREACH", "EHOSTUNREACH"), NULL, 0, "another machine could not be reached",
         "there is no way to it from here: no network, as in many sandboxes and containers, or none of its kind (IPv6)", "see which ways there are:\nip route; ip -6 route\n"},
        {"network", HOW_ANYWHERE, LIST("Couldn't connect to server", "connect ECONNREFUSED "), NULL, 0, "nobody answered at an address", REFUSED, NULL},
        {"network", HOW_ERROR, LIST("Connection refused"), NULL, 0, "nobody answered at an address", REFUSED, NULL},
        {"network", HOW_ANYWHERE, LIST("Connection timed out", "ETIMEDOUT", "Operation timed out", "i/o timeout", "TLS handshake timeout"), NULL, 0, "a machine did not answer in time",
         "it is gone or too busy, or something between drops what is sent (a firewall)", NULL},
        {"network", HOW_ANYWHERE, LIST("certificate is not yet valid", "certificate has expired", "certificate has expired or is not yet valid"), NULL, 0, "a certificate is out of its time",
         "it is too old, or this machine's clock is wrong", "see what the clock says:\ndate\n"},
        {"gpu-memory", HOW_ANYWHERE, LIST("CUDA out of memory", "CUDA_ERROR_OUT_OF_MEMORY", "cudaErrorMemoryAllocation", "HIP out of memory"), NULL, 0,
         "a GPU's memory was used up", "the GPU's own, not the machine's: whoever else computes on it has a part of it", "take smaller pieces at a time; see who has it:\nnvidia-smi\n"},
        {"lock", HOW_ANYWHERE, LIST("Could not get lock ", "Unable to acquire the dpkg frontend lock", "Unable to create '/", "database is locked"),
         LIST("lock", "File exists"), 0, "a lock was held by another program", "two that want the same at once, or one that left its lock behind when it ended",
         "wait for the other, or look whether it still runs"},
        {"permission", HOW_ERROR, LIST("Permission denied", "Operation not permitted", "EACCES", "EPERM"), NULL, 0, "something was not permitted",
         "the user who ran it may not do that there", "see who owns the file, and who runs the build:\nid\n"},
};

/* A kind of table[] that was said: the last time. */
typedef struct Saying {
        uint64_t first, last, n; /* lines; n 0: never */
        char line[LINE_SIZE];
} Saying;

typedef struct ErrorState {
        Saying sayings[ARRAY_LENGTH(table)];
        uint64_t lines;
        bool made_127, made_126; /* "make: *** [x] Error 127" */
} ErrorState;

/* ---- lines ---- */

static bool says(const ErrorWords *w, const char *line, size_t size)
{
        bool any = false;

        for (const char *const *word = w->words; *word && !any; word++)
                any = w->how == HOW_ERROR ? said_as_error(line, size, *word) : said(line, size, *word);
        return any && (!w->needed || said_any(line, size, w->needed));
}

static void error_words_output(void *state, const char *line, size_t size)
{
        ErrorState *s = state;

        s->lines++;
        if (said_is_quoted(line, size) || said(line, size, "/nix/daemon-socket/")) /* the detector `nix` says that better */
                return;
        s->made_127 |= said(line, size, "*** [") && said_as_error(line, size, "] Error 127");
        s->made_126 |= said(line, size, "*** [") && said_as_error(line, size, "] Error 126");
        for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
                Saying *to = &s->sayings[i];
                if (!says(&table[i], line, size))
                        continue;
                if (to->n++ == 0)
                        to->first = s->lines;
                to->last = s->lines;
                said_quote(to->line, sizeof to->line, line, size);
                return;
        }
}

/* ---- words ---- */

/* make says 127 of whatever it could not execute. */
static bool has_code(const ErrorState *s, const ErrorWords *w, const DetectFacts *f)
{
        return w->code == 0 || f->exit_code == w->code || s->made_127 || (w->code == 126 && s->made_126);
}

/* What is told better by others, of the same words. */
static bool is_told(const ErrorWords *w, const Findings *out)
{
        for (size_t i = 0; i < out->n; i++) {
                const Finding *f = out->items[i];
                if (f->cause && f->severity == SEVERITY_CRITICAL && text_equal(w->id, "permission"))
                        return true;
        }
        return findings_find(out, w->id, NULL) != NULL;
}

/* Of one's own machine a test may want it so. */
static bool is_local(const ErrorWords *w, const char *line)
{
        static const char *const here[] = {"127.0.0.1", "localhost", "[::1]", NULL};

        return text_equal(w->id, "network") && said_any(line, strlen(line), here);
}

static void tell(const ErrorState *s, const ErrorWords *w, const Saying *saying, Findings *out)
{
        const uint64_t behind = s->lines - saying->last;
        const bool likely = behind < LINES_LIKELY && !is_local(w, saying->line);
        char n[FORMAT_MAX], ago[FORMAT_MAX];
        Finding *f = findings_raise(out, w->id, NULL, likely ? SEVERITY_CRITICAL : SEVERITY_WARNING, likely ? SURE_LIKELY : SURE_POSSIBLE, FINDING_NO_TIME);

        if (!f)
                return;
        f->cause = true;
        finding_title(f, "%s: %s", w->title, saying->line);
        if (behind == 0)
                finding_evidence(f, "%s such line%s in the output, the last one at its end", format_count(n, saying->n), saying->n == 1 ? "" : "s");
        else
                finding_evidence(f, "%s such line%s in the output, the last one %s line%s before its end", format_count(n, saying->n),
                                 saying->n == 1 ? "" : "s", format_count(ago, behind), behind == 1 ? "" : "s");
        finding_meaning(f, "%s", w->meaning);
        if (w->advice)
                finding_advice(f, "%s", w->advice);
}

/* Of several the one that was said first is the likeliest: others came of it. */
static int error_words_finish(void *state, const DetectContext *context, Findings *out)
{
        const ErrorState *s = state;
        const DetectFacts *facts = &context->facts;
        bool told[ARRAY_LENGTH(table)] = {0};

        if ((facts->exit_code <= 0 && facts->exit_signal <= 0) || facts->timed_out)
                return 0;
        for (size_t k = 0; k < TOLD_MAX; k++) {
                size_t best = ARRAY_LENGTH(table);
                for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
                        const Saying *x = &s->sayings[i];
                        if (told[i] || x->n == 0 || s->lines - x->last >= LINES_POSSIBLE || !has_code(s, &table[i], facts))
                                continue;
                        if (best == ARRAY_LENGTH(table) || x->last < s->sayings[best].last)
                                best = i;
                }
                if (best == ARRAY_LENGTH(table))
                        return 0;
                told[best] = true;
                if (!is_told(&table[best], out))
                        tell(s, &table[best], &s->sayings[best], out);
        }
        return 0;
}

const Detector detector_error_words = {
        .name = "error-words",
        .state_size = sizeof(ErrorState),
        .output = error_words_output,
        .finish = error_words_finish,
};
