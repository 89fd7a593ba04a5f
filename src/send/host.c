/* One try over ssh: look what is there, send what is not, have it verified and named. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "send/child.h"
#include "send/send-internal.h"

enum {
        SSH_WORDS_MAX = 32,
        SSH_FAILED = 255,      /* ssh(1): its own failure, not the command's */

        NOT_FOUND = 127,

        HUNG_S = 300,          /* nothing moves for so long … */
        RSYNC_HUNG_S = 60,     /* … or, of what can be gone on with in another way, so long */
        SUM_BYTES_PER_S = 20 << 20, /* … and what a slow disk there needs to be read */
        ANSWER_MAX = 200,
        PART_LIMIT = 120,      /* of a sentence that strangers wrote */
};

typedef struct Host {
        const Destination *to;
        const SendOptions *options;
        char *words;                      /* of the ssh command, cut at its blanks */
        const char *argv[SSH_WORDS_MAX + 16];
        size_t n_argv;                    /* without what is to be run */
        char timeout[40];
        String remote_shell; /* the same for rsync -e */
        bool has_shell;                   /* it answered */
        bool has_rsync, moved;            /* moved: bytes arrived in this try */
        uint64_t free_kib;                /* UINT64_MAX: not known */
} Host;

int send_check_ssh(const char *words, Error *err)
{
        size_t n = 0;

        for (const char *p = words; *p; p++) {
                if ((unsigned char)*p < 0x20 || *p == 0x7f || strchr("'\"\\", *p))
                        return error_set(err, EINVAL, "%s: quotes, backslashes and control characters have no place "
                                                      "in it; a Host of ssh_config(5) can hold more", words);
                n += *p != ' ' && (p == words || p[-1] == ' ');
        }
        if (n == 0 || n > SSH_WORDS_MAX)
                return error_set(err, EINVAL, "%s: expected a command and up to %d words", words, SSH_WORDS_MAX - 1);
        return 0;
}

static void add_word(Host *h, const char *word)
{
        h->argv[h->n_argv++] = word;
        string_add_format(&h->remote_shell, "%s%s", h->remote_shell.size ? " " : "", word);
}

/* What comes first wins with ssh -o: what the user says in --ssh stands before ours. */
static int make_ssh(Host *h, Error *err)
{
        snprintf(h->timeout, sizeof h->timeout, "ConnectTimeout=%llu",
                 (unsigned long long)(h->options->connect_timeout_s ? h->options->connect_timeout_s : 10));
        h->words = strdup(h->options->ssh ? h->options->ssh : "ssh");
        if (!h->words)
                return error_set(err, ENOMEM, "out of memory");
        for (char *p = h->words; *p && h->n_argv < SSH_WORDS_MAX;) {
                size_t size = strcspn(p, " ");
                bool last = p[size] == '\0';
                p[size] = '\0';
                if (size > 0)
                        add_word(h, p);
                p += size + !last;
        }
        static const char *const ours[] = {"-T", "-x", "-o", "BatchMode=yes", "-o", "ServerAliveInterval=15",
                                           "-o", "ServerAliveCountMax=3", "-o"};
        for (size_t i = 0; i < ARRAY_LENGTH(ours); i++)
                add_word(h, ours[i]);
        add_word(h, h->timeout);
        h->argv[h->n_argv++] = "--";
        h->argv[h->n_argv++] = h->to->host;
        return h->remote_shell.failed ? error_set(err, ENOMEM, "out of memory") : 0;
}

/* The last line that says anything; rsync's own closing words are about what stands before them. */
static void last_line(const char *said, char *to, size_t size)
{
        const char *end = said + strlen(said), *from;

        do {
                while (end > said && (end[-1] == '\n' || end[-1] == '\r' || end[-1] == ' '))
                        end--;
                for (from = end; from > said && from[-1] != '\n'; from--)
                        ;
                snprintf(to, size, "%.*s", (int)MIN(end - from, PART_LIMIT), from);
                end = from;
        } while (from > said && (text_starts_with(to, "rsync error: ") ||
                                 text_starts_with(to, "rsync: connection unexpectedly closed") ||
                                 text_starts_with(to, "rsync: [sender] write error: Broken pipe")));
}

int send_explain(const char *host, const char *said, Error *err)
{
        char line[PART_LIMIT + 1];

        last_line(said, line, sizeof line);
        if (strstr(said, "REMOTE HOST IDENTIFICATION HAS CHANGED"))
                return error_set(err, EACCES, "%s shows another host key than it did before; until somebody knows why, "
                                              "nothing is sent there", host);
        if (strstr(said, "Host key verification failed") || strstr(said, "host key is known"))
                return error_set(err, EACCES, "the host key of %s is not known here; log in once by hand: ssh %s", host,
                                 host);
        if (strstr(said, "Permission denied"))
                return error_set(err, EACCES, "%s does not let us in: %s; a key that needs no question is needed "
                                              "(ssh-copy-id, ssh-agent)", host, line);
        if (!*line || text_starts_with(line, "rsync: connection unexpectedly closed"))
                return error_set(err, EHOSTUNREACH, "the connection to %s was lost", host);
        return error_set(err, EHOSTUNREACH, "cannot reach %s: %s", host,
                         text_starts_with(line, "ssh: ") ? line + 5 : line);
}

/* By what our child says where exec(2) fails. */
static bool is_missing(const SendChild *c, const char *said)
{
        return c->exit_code == NOT_FOUND && text_starts_with(said, c->argv[0]) && said[strlen(c->argv[0])] == ':';
}

int send_judge(const Destination *to, const SendChild *c, const char *doing, Error *err)
{
        char line[PART_LIMIT + 1];
        const char *said = string_get(&c->err);

        if (c->interrupted)
                return error_set(err, EINTR, "%s: interrupted", to->shown);
        if (c->timed_out)
                return error_set(err, ETIMEDOUT, "%s: not done in the time there was", to->shown);
        if (c->hung)
                return error_set(err, ETIMEDOUT, "%s: nothing has moved for minutes; given up", to->shown);
        if (c->exit_code == 0)
                return 0;
        last_line(said, line, sizeof line);
        if (is_missing(c, said))
                return error_set(err, ENOENT, "cannot start %s, which sends to other machines", line);
        if (strstr(said, "No space left on device"))
                return error_set(err, ENOSPC, "%s: its disk is full", to->shown);
        if (strstr(said, "Disk quota exceeded"))
                return error_set(err, ENOSPC, "%s: its disk quota is used up", to->shown);
        if (c->exit_code == SSH_FAILED)
                return send_explain(to->host, said, err);
        return error_set(err, EIO, "%s: cannot %s: %s (exit %d)", to->shown, doing, *line ? line : "it does not say why",
                         c->exit_code);
}

/* So long nothing may move; ServerAliveInterval tells a dead network from a far side that hangs. */
static uint64_t hung_ns(const Host *h, uint64_t seconds, uint64_t bytes_to_sum)
{
        return (seconds + h->options->connect_timeout_s + bytes_to_sum / SUM_BYTES_PER_S) * NS_PER_SECOND;
}

/* Runs `command` there with a text, and then a file, on its stdin. */
static int run_there(Host *h, SendChild *c, const char *command, const char *doing, Error *err)
{
        h->argv[h->n_argv] = command;
        h->argv[h->n_argv + 1] = NULL;
        c->argv = h->argv;
        c->deadline_ns = h->options->deadline_ns;
        if (c->quiet_ns == 0)
                c->quiet_ns = hung_ns(h, HUNG_S, 0);
        int r = send_child_run(c, err);
        return r < 0 ? r : send_judge(h->to, c, doing, err);
}

static int run_script(Host *h, const String *script, uint64_t bytes_to_sum, const char *doing, String *answer, Error *err)
{
        SendChild c = {.fd = -1, .input = string_get(script), .quiet_ns = hung_ns(h, HUNG_S, bytes_to_sum)};
        int r = script->failed ? error_set(err, ENOMEM, "out of memory") : run_there(h, &c, "sh", doing, err);

        string_add(answer, string_get(&c.out));
        send_child_done(&c);
        return r;
}

/* "WORD I REST" of an answer; *ret the file. */
static bool is_answer(const char *line, const char *word, SendFile *files, size_t n, SendFile **ret, const char **rest)
{
        size_t size = strlen(word);
        uint64_t i;
        const char *at = line + size + 1;

        if (strncmp(line, word, size) != 0 || line[size] != ' ' || scan_u64(&at, line + strlen(line), &i) < 0 || i >= n)
                return false;
        *ret = &files[i];
        *rest = at + (*at == ' ');
        return true;
}

static uint64_t size_of(const SendFile *files, size_t n)
{
        uint64_t bytes = 0;

        for (size_t i = 0; i < n; i++)
                bytes += files[i].size;
        return bytes;
}

static int look(Host *h, SendFile *files, size_t n, Error *err)
{
        _cleanup_string_ String script = {0}, answer = {0};
        char line[ANSWER_MAX];
        const char *rest;
        bool ready = false;
        SendFile *file;

        send_script_look(h->to, files, n, &script);
        int r = run_script(h, &script, size_of(files, n), "look there", &answer, err);
        h->has_shell |= strstr(string_get(&answer), send_hello) != NULL;
        if (r < 0)
                return r;
        for (const char *at = string_get(&answer); send_next_answer(&at, line, sizeof line);) {
                if (is_answer(line, "there", files, n, &file, &rest))
                        file->was_there = true;
                else if (is_answer(line, "part", files, n, &file, &rest) && parse_u64z(rest, &file->resumed_bytes) < 0)
                        file->resumed_bytes = 0;
                h->has_rsync |= text_equal(line, "rsync");
                ready |= text_equal(line, "ready");
                if (text_starts_with(line, "free ") && parse_u64z(line + 5, &h->free_kib) < 0)
                        h->free_kib = UINT64_MAX;
        }
        return ready ? 0 : error_set(err, EIO, "%s: no shell answers there", h->to->shown);
}

/* Said before a byte is sent: a disk that is filled to the brim harms others. */
static int check_room(const Host *h, const SendFile *files, size_t n, Error *err)
{
        char needed[FORMAT_MAX], left[FORMAT_MAX];
        uint64_t bytes = 0;

        for (size_t i = 0; i < n; i++)
                if (!files[i].was_there)
                        bytes += files[i].size - MIN(files[i].size, files[i].resumed_bytes);
        if (h->free_kib >= UINT64_MAX / 1024 || bytes <= h->free_kib * 1024)
                return 0;
        return error_set(err, ENOSPC, "%s: its disk is full: %s are needed, %s are free", h->to->shown,
                         format_bytes(needed, bytes), format_bytes(left, h->free_kib * 1024));
}

typedef struct Told {
        const Host *host;
        SendFile *file;
} Told;

static void tell(uint64_t sent, void *data)
{
        Told *t = data;
        const SendOptions *options = t->host->options;

        if (options->progress)
                options->progress(t->file, t->file->resumed_bytes + sent, options->data);
}

/* The last "\r  1,234,567  45%" in what rsync says. */
static void hear_rsync(const char *text, size_t size, void *data)
{
        const Told *t = data;
        const SendOptions *options = t->host->options;
        const char *percent = memrchr(text, '%', size), *line = percent ? memrchr(text, '\r', (size_t)(percent - text)) : NULL;
        uint64_t bytes = 0;
        bool any = false;

        if (!line || !options->progress)
                return;
        for (line++; line < percent && *line == ' '; line++)
                ;
        for (; line < percent && ((*line >= '0' && *line <= '9') || *line == ','); line++)
                if (*line != ',') {
                        bytes = bytes * 10 + (uint64_t)(*line - '0');
                        any = true;
                }
        if (any && bytes <= t->file->size)
                options->progress(t->file, bytes, options->data);
}

static int send_by_ssh(Host *h, SendFile *file, const char *part, Error *err)
{
        _cleanup_string_ String where = {0};
        Told told = {h, file};
        SendChild c = {.fd = file->fd, .from = (off_t)file->resumed_bytes, .progress = tell, .progress_data = &told};

        string_add_format(&where, "%s\n%s\n", h->to->directory, part);
        c.input = string_get(&where);
        int r = where.failed ? error_set(err, ENOMEM, "out of memory")
                             : run_there(h, &c, send_append_command, "write there", err);
        file->sent_bytes += c.sent;
        h->moved |= c.sent > 0;
        file->way = SEND_SSH;
        send_child_done(&c);
        return r;
}

/* -s: names are not for the shell there. --append-verify goes on behind what is there once that is seen to be the same.
 * --progress: it says something every second, so that it is seen when it hangs: its --timeout is not for its wait for an
 * ssh, or for what stands around one, that does not end. Then the next look tells how much arrived. */
static int send_by_rsync(Host *h, SendFile *file, const char *part, Error *err)
{
        _cleanup_string_ String to = {0}, from = {0};
        const char *argv[] = {h->options->rsync ? h->options->rsync : "rsync",
                              "-s", "--partial", "--append-verify", "--progress", "--timeout=60", "-e",
                              string_get(&h->remote_shell), "--", NULL, NULL, NULL};
        Told told = {h, file};
        SendChild c = {.argv = argv, .fd = -1, .deadline_ns = h->options->deadline_ns, .quiet_ns = hung_ns(h, RSYNC_HUNG_S, file->size),
                       .heard = hear_rsync, .progress_data = &told};

        string_add_format(&from, "%s%s", file->path[0] == '/' ? "" : "./", file->path);
        string_add_format(&to, "%s:%s/%s", h->to->rsync, h->to->directory, part);
        argv[ARRAY_LENGTH(argv) - 3] = string_get(&from);
        argv[ARRAY_LENGTH(argv) - 2] = string_get(&to);
        int r = to.failed || from.failed ? error_set(err, ENOMEM, "out of memory") : send_child_run(&c, err);
        if (r == 0)
                r = c.hung ? -EIO : send_judge(h->to, &c, "write there", err);
        if (r == 0)
                file->sent_bytes = file->size - file->resumed_bytes;
        h->moved |= r == -EHOSTUNREACH; /* perhaps: the next look tells */
        file->way = SEND_RSYNC;
        send_child_done(&c);
        return r;
}

/* A shell there that greets rsync, or an rsync that is too old, is no reason not to arrive. Even with -s the rsync there
 * takes * and ? for patterns: what it found with them would be another folder. */
static int send_one(Host *h, SendFile *file, Error *err)
{
        _cleanup_string_ String part = {0};
        bool rsync = h->has_rsync && !(h->options->rsync && !*h->options->rsync) && !strpbrk(h->to->directory, "*?[\\");
        int r = -EIO;

        send_part_name(file, &part);
        if (file->resumed_bytes >= file->size)
                return 0; /* all of it, or too much: verifying tells */
        if (rsync)
                r = send_by_rsync(h, file, string_get(&part), err);
        if (rsync && r == -EIO) { /* how much of it arrived is to be asked again */
                r = look(h, file, 1, err);
                if (r == 0 && (file->was_there || file->resumed_bytes >= file->size))
                        return 0;
                r = r < 0 ? r : -EIO;
        }
        return r == -EIO ? send_by_ssh(h, file, string_get(&part), err) : r;
}

static int keep(Host *h, SendFile *files, size_t n, Error *err)
{
        _cleanup_string_ String script = {0}, answer = {0};
        char line[ANSWER_MAX];
        const char *rest;
        SendFile *file;

        send_script_keep(h->to, files, n, &script);
        int r = run_script(h, &script, size_of(files, n), "verify it there", &answer, err);
        for (const char *at = string_get(&answer); r == 0 && send_next_answer(&at, line, sizeof line);) {
                if (is_answer(line, "kept", files, n, &file, &rest))
                        file->proof = text_equal(rest, "sha256") ? PROOF_SHA256 : PROOF_SIZE;
                else if (is_answer(line, "taken", files, n, &file, &rest))
                        return error_set(err, EIO, "%s: a folder has the name %s there", h->to->shown, file->name);
        }
        for (size_t i = 0; r == 0 && i < n; i++) {
                if (files[i].was_there)
                        files[i].proof = PROOF_SHA256;
                if (files[i].proof == PROOF_NONE) {
                        error_set(err, EBADMSG, "%s: what arrived of %s is not what was sent", h->to->shown,
                                  files[i].name);
                        return 1;
                }
        }
        return r;
}

static void drop(Host *h, const SendFile *files, size_t n)
{
        _cleanup_string_ String script = {0}, answer = {0};

        send_script_drop(h->to, files, n, &script);
        run_script(h, &script, 0, "tidy up there", &answer, NULL);
}

/* Its own sentence only where it is there. */
static int try_sftp(Host *h, SendFile *files, size_t n, Error *err)
{
        Error why = {0};
        int r = send_by_sftp(h->to, string_get(&h->remote_shell), files, n, h->options, &why);

        if (err && r < 0 && r != -ENOENT && r != -EHOSTUNREACH)
                *err = why;
        return r == -ENOENT || r == -EHOSTUNREACH ? -EIO : r;
}

static int try(Host *h, SendFile *files, size_t n, Error *err)
{
        int r = look(h, files, n, err);

        if (r == -EIO && !h->has_shell)
                return try_sftp(h, files, n, err);
        if (r == 0)
                r = check_room(h, files, n, err);
        for (size_t i = 0; r == 0 && i < n; i++)
                if (!files[i].was_there)
                        r = send_one(h, &files[i], err);
        if (r == -ENOSPC)
                drop(h, files, n);
        if (r == -EHOSTUNREACH && h->moved)
                return 1;
        return r == 0 ? keep(h, files, n, err) : r;
}

int send_to_host(const Destination *to, SendFile *files, size_t n, const SendOptions *options, Error *err)
{
        Host h = {.to = to, .options = options, .free_kib = UINT64_MAX};
        int r = make_ssh(&h, err);

        if (r == 0)
                r = try(&h, files, n, err);
        string_done(&h.remote_shell);
        free(h.words);
        return r;
}
