/* A far side that has sftp and no shell, as a NAS or a locked account: the system's sftp(1) over the same ssh. A part's
 * name holds the beginning of its checksum, so what was cut goes on; nothing there makes a checksum, so that
 * the size is all that is verified. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/macros.h"
#include "send/child.h"
#include "send/send-internal.h"

typedef struct Sftp {
        const Destination *to;
        const SendOptions *options;
        String server; /* the ssh command that connects */
} Sftp;

/* Runs the lines of a batch; `answer` gets what they print. */
static int run_batch(const Sftp *s, const String *batch, const char *doing, String *answer, Error *err)
{
        const char *argv[] = {"sftp", "-q", "-b", "-", "-D", string_get(&s->server), NULL};
        SendChild c = {.argv = argv, .fd = -1, .input = string_get(batch), .deadline_ns = s->options->deadline_ns};
        int r = batch->failed ? error_set(err, ENOMEM, "out of memory") : send_child_run(&c, err);

        if (r == 0)
                r = send_judge(s->to, &c, doing, err);
        if (r == -EIO && strstr(string_get(&c.err), "write remote \"") && strstr(string_get(&c.err), "\": Failure"))
                r = error_set(err, ENOSPC, "%s: a write failed there, and sftp does not say why: a full disk or a quota would fit", s->to->shown);
        if (r == 0 && answer)
                string_add(answer, string_get(&c.out));
        send_child_done(&c);
        return r;
}

/* Quotes, backslashes and line breaks mean something in a batch. */
static bool is_plain(const char *path)
{
        for (const char *p = path; *p; p++)
                if ((unsigned char)*p < 0x20 || strchr("\"\\", *p))
                        return false;
        return true;
}

/* "-": what is there already is no failure. */
static void add_folders(const Sftp *s, String *batch)
{
        const char *path = s->to->directory;

        for (const char *p = path + 1; *p; p++)
                if (*p == '/' && p[1] && p[1] != '/')
                        string_add_format(batch, "-mkdir \"%.*s\"\n", (int)(p - path), path);
        string_add_format(batch, "-mkdir \"%s\"\n", path);
}

static void add_change(const Sftp *s, String *batch)
{
        string_add_format(batch, "cd \"%s\"\n", s->to->directory);
}

/* The fifth word of the line of `ls -ln` that ends in " NAME"; 0: there is none. */
static uint64_t listed_size(const char *answer, const char *name)
{
        size_t size = strlen(name);

        for (const char *line = answer; *line; line += strcspn(line, "\n"), line += *line == '\n') {
                const char *end = line + strcspn(line, "\n"), *at = line;
                uint64_t bytes;
                if ((size_t)(end - line) <= size || memcmp(end - size, name, size) != 0 || end[-(long)size - 1] != ' ' ||
                    line[0] != '-')
                        continue;
                for (int word = 0; word < 4; word++) {
                        at += strcspn(at, " ");
                        at += strspn(at, " ");
                }
                if (at < end && scan_u64(&at, end, &bytes) == 0)
                        return bytes;
        }
        return 0;
}

static void add_list(const char *name, String *batch)
{
        string_add_format(batch, "-ls -ln %s\n", name);
}

/* The folder, and how much of each part is there. */
static int look(const Sftp *s, SendFile *files, size_t n, Error *err)
{
        _cleanup_string_ String batch = {0}, answer = {0};

        add_folders(s, &batch);
        add_change(s, &batch);
        for (size_t i = 0; i < n; i++) {
                _cleanup_string_ String part = {0};
                send_part_name(&files[i], &part);
                add_list(string_get(&part), &batch);
        }
        int r = run_batch(s, &batch, "look there", &answer, err);
        for (size_t i = 0; r == 0 && i < n; i++) {
                _cleanup_string_ String part = {0};
                send_part_name(&files[i], &part);
                files[i].resumed_bytes = listed_size(string_get(&answer), string_get(&part));
        }
        return r;
}

/* A part that fills a disk harms others. */
static void drop(const Sftp *s, const char *part)
{
        _cleanup_string_ String batch = {0};

        add_change(s, &batch);
        string_add_format(&batch, "-rm %s\n", part);
        run_batch(s, &batch, "tidy up there", NULL, NULL);
}

static int put(const Sftp *s, SendFile *file, Error *err)
{
        _cleanup_string_ String batch = {0}, answer = {0}, part = {0};

        file->way = SEND_SFTP;
        send_part_name(file, &part);
        add_change(s, &batch);
        if (file->resumed_bytes > file->size) {
                string_add_format(&batch, "rm %s\n", string_get(&part));
                file->resumed_bytes = 0;
        }
        if (file->resumed_bytes != file->size)
                string_add_format(&batch, "put %s\"%s\" %s\n", file->resumed_bytes > 0 ? "-a " : "", file->path, string_get(&part));
        add_list(string_get(&part), &batch);
        int r = run_batch(s, &batch, "write there", &answer, err);
        if (r == -EIO || r == -ENOSPC)
                drop(s, string_get(&part));
        if (r < 0)
                return r;
        if (listed_size(string_get(&answer), string_get(&part)) != file->size)
                return error_set(err, EBADMSG, "%s: what arrived of %s is not what was sent", s->to->shown, file->name);
        file->sent_bytes = file->size - file->resumed_bytes;
        file->proof = PROOF_SIZE;
        return 0;
}

/* A server without posix-rename takes no name that is taken; what has it goes only while the part is there. */
static int give_name(const Sftp *s, const SendFile *file, Error *err)
{
        _cleanup_string_ String once = {0}, again = {0}, part = {0};

        send_part_name(file, &part);
        add_change(s, &once);
        string_add_format(&once, "rename %s %s\n", string_get(&part), file->name);
        add_change(s, &again);
        string_add_format(&again, "ls -ln %s\nrm %s\nrename %s %s\n", string_get(&part), file->name, string_get(&part), file->name);
        int r = run_batch(s, &once, "name it there", NULL, err);
        return r == -EIO ? run_batch(s, &again, "name it there", NULL, err) : r;
}

int send_by_sftp(const Destination *to, const char *shell, SendFile *files, size_t n, const SendOptions *options,
                 Error *err)
{
        Sftp s = {.to = to, .options = options};
        int r = 0;

        if (!is_plain(to->directory) || !is_plain(files[0].path))
                return error_set(err, EIO, "%s: only sftp is there, for which a name has neither quotes nor backslashes",
                                 to->shown);
        string_add_format(&s.server, "%s -s -- %s sftp", shell, to->host);
        r = s.server.failed ? error_set(err, ENOMEM, "out of memory") : look(&s, files, n, err);
        for (size_t i = 0; r == 0 && i < n; i++)
                r = put(&s, &files[i], err);
        for (size_t i = 0; r == 0 && i < n; i++) /* the page not before its archive */
                r = give_name(&s, &files[i], err);
        string_done(&s.server);
        return r;
}
