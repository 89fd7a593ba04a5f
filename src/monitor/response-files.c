/* Asked by the recorder, read by the thread, fetched when the process's row is written. */
#include "monitor/response-files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/capability.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "monitor/side-thread.h"

/* One process's; paths one behind the other, each ended by NUL, and one NUL more. */
typedef struct Request {
        char *paths, *text; /* text: when it was read; may be NULL even then */
        uint64_t key;
} Request;

/* The thread's data: what is asked and not read yet, in order; all that is asked, by key. */
typedef struct Work {
        Request *waiting[RESPONSE_ASKED_MAX];
        size_t first, n;
        Map *asked;
} Work;

struct ResponseFiles {
        SideThread *thread; /* NULL: nothing was asked yet */
        size_t n;           /* asked and not taken */
        bool refused;       /* no thread can be had */
};

static void request_free(Request *r)
{
        if (!r)
                return;
        free(r->paths);
        free(r->text);
        free(r);
}

static void work_free(void *data)
{
        Work *w = data;
        size_t position = 0;
        void *request;

        while (map_next(w->asked, &position, NULL, &request))
                request_free(request);
        map_free(w->asked);
        free(w);
}

/* Whatever opening does (a pipe, a device) is not to be waited for. */
static void read_one(const char *path, String *to)
{
        _cleanup_(buffer_done) Buffer text = {0};
        int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        struct stat st;

        if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= RESPONSE_FILE_MAX &&
            file_read_all(fd, &text, RESPONSE_FILE_MAX) == 0) {
                string_add(to, to->size ? " " : "");
                for (size_t i = 0; i < text.size; i++) {
                        char c = ((const char *)text.data)[i];
                        string_add_char(to, (unsigned char)c < ' ' ? ' ' : c);
                }
        }
        fd_close(fd);
}

static char *read_all(const char *paths)
{
        _cleanup_string_ String text = {0};

        for (; *paths; paths += strlen(paths) + 1)
                read_one(paths, &text);
        return text.size && !text.failed ? strdup(string_get(&text)) : NULL;
}

/* The request may be taken while its files are being read. */
static bool read_next(SideThread *self)
{
        Work *w = side_thread_lock(self);
        _cleanup_free_ char *paths = NULL;
        uint64_t key = 0;

        if (w->n > 0) {
                Request *r = w->waiting[w->first];
                w->first = (w->first + 1) % RESPONSE_ASKED_MAX;
                w->n--;
                key = r->key;
                paths = TAKE(r->paths);
        }
        side_thread_unlock(self);
        if (!paths)
                return false;
        char *text = read_all(paths);
        w = side_thread_lock(self);
        Request *r = map_get(w->asked, key);
        bool kept = r && !r->text;
        if (kept)
                r->text = text;
        side_thread_unlock(self);
        if (!kept)
                free(text);
        return true;
}

static void run(SideThread *self, void *data)
{
        Capabilities none;

        if (capabilities_lower(&none) < 0)
                return;
        while (!side_thread_over(self))
                if (!read_next(self))
                        side_thread_pause(self, UINT64_MAX);
}

int response_files_new(ResponseFiles **ret)
{
        *ret = calloc(1, sizeof **ret);
        return *ret ? 0 : -ENOMEM;
}

ResponseFiles *response_files_free(ResponseFiles *f)
{
        if (f)
                side_thread_end(f->thread);
        free(f);
        return NULL;
}

static int begin(ResponseFiles *f)
{
        Work *w = calloc(1, sizeof *w);
        int r = w ? map_new(&w->asked) : -ENOMEM;

        if (r == 0)
                r = side_thread_start(&(SideThreadOptions){.name = "vigia-response", .run = run,
                                                           .free_data = work_free, .data = w},
                                      &f->thread);
        if (r < 0 && w) {
                map_free(w->asked);
                free(w);
        }
        return r;
}

/* The files that a command line names: words that begin with @, not those within one. */
static char *find_paths(const char *cmdline, const char *cwd)
{
        _cleanup_string_ String paths = {0};
        size_t n = 0;

        for (const char *at = cmdline; (at = strstr(at, " @")) && n < RESPONSE_FILES_MAX;) {
                at += 2;
                size_t size = strcspn(at, " ");
                if (size == 0 || size >= PATH_MAX || (*at != '/' && !cwd))
                        continue;
                if (*at != '/')
                        string_add_format(&paths, "%s/", cwd);
                string_add_bytes(&paths, at, size);
                string_add_char(&paths, '\0');
                n++;
        }
        if (n == 0 || paths.failed)
                return NULL;
        char *copy = malloc(paths.size + 1);
        if (copy) {
                memcpy(copy, string_get(&paths), paths.size);
                copy[paths.size] = '\0';
        }
        return copy;
}

void response_files_ask(ResponseFiles *f, uint64_t key, const char *cmdline, const char *cwd)
{
        if (f->refused || f->n >= RESPONSE_ASKED_MAX)
                return;
        _cleanup_free_ char *paths = find_paths(cmdline, cwd);
        if (!paths)
                return;
        if (!f->thread && begin(f) < 0) {
                f->refused = true;
                return;
        }
        Request *r = calloc(1, sizeof *r);
        if (!r)
                return;
        *r = (Request){.paths = TAKE(paths), .key = key};
        Work *w = side_thread_lock(f->thread);
        bool fits = w->n < RESPONSE_ASKED_MAX && !map_get(w->asked, key) &&
                    map_put(w->asked, key, r) == 0;
        if (fits)
                w->waiting[(w->first + w->n++) % RESPONSE_ASKED_MAX] = r;
        side_thread_unlock(f->thread);
        if (!fits) {
                request_free(r);
                return;
        }
        f->n++;
        side_thread_poke(f->thread);
}

/* One that the thread has not come to yet is forgotten with it. */
static void stop_waiting(Work *w, const Request *r)
{
        size_t kept = 0;

        for (size_t i = 0; i < w->n; i++) {
                Request *one = w->waiting[(w->first + i) % RESPONSE_ASKED_MAX];
                if (one != r)
                        w->waiting[(w->first + kept++) % RESPONSE_ASKED_MAX] = one;
        }
        w->n = kept;
}

char *response_files_peek(ResponseFiles *f, uint64_t key)
{
        if (f->n == 0)
                return NULL;
        Work *w = side_thread_lock(f->thread);
        const Request *r = map_get(w->asked, key);
        char *text = r && r->text ? strdup(r->text) : NULL;
        side_thread_unlock(f->thread);
        return text;
}

char *response_files_take(ResponseFiles *f, uint64_t key)
{
        char *text = NULL;

        if (f->n == 0)
                return NULL;
        Work *w = side_thread_lock(f->thread);
        Request *r = map_remove(w->asked, key);
        if (r) {
                stop_waiting(w, r);
                text = TAKE(r->text);
                f->n--;
        }
        side_thread_unlock(f->thread);
        request_free(r);
        return text;
}
