/* A queue of whole files, and a thread that writes a handful of them at a time. */
#include "store/run-store-writer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "base/thread.h"
#include "store/run-parts.h"
#include "store/run-reserve.h"

enum {
        ROUND_MAX = 16,           /* files written before they are flushed together */
        STACK_BYTES = 128 << 10,
        IO_PRIORITY = 7, /* best effort, the lowest; idle could starve beside a busy build */
};

struct RunWriter {
        int dirfd;
        pthread_t thread;
        bool running;
        atomic_bool ending; /* stop was called: flushing is no longer worth waiting for */

        pthread_mutex_t lock; /* guards what follows */
        pthread_cond_t work, idle;
        bool kicked, stop, busy;
        bool synced_start; /* run.json and the folder have been flushed once */
        RunImage *queue;   /* waiting, oldest first */
        RunImage *round;   /* being written */
        RunImage *done;    /* written; freed by the recorder's thread */
        RunWriterState state;
};

int run_writer_new(int dirfd, RunWriter **ret)
{
        RunWriter *w = calloc(1, sizeof *w);

        if (!w)
                return -ENOMEM;
        w->dirfd = dirfd;
        pthread_mutex_init(&w->lock, NULL);
        pthread_cond_init(&w->work, NULL);
        pthread_cond_init(&w->idle, NULL);
        *ret = w;
        return 0;
}

static void free_images(RunImage **list)
{
        while (*list) {
                RunImage *next = (*list)->next;
                free(*list);
                *list = next;
        }
}

RunWriter *run_writer_free(RunWriter *w)
{
        if (w) {
                run_writer_stop(w);
                if (w->running)
                        pthread_join(w->thread, NULL);
                free_images(&w->queue);
                free_images(&w->done);
                pthread_mutex_destroy(&w->lock);
                pthread_cond_destroy(&w->work);
                pthread_cond_destroy(&w->idle);
                free(w);
        }
        return NULL;
}

/* ---- one round: no locks held, no allocation ---- */

static int write_temporary(RunWriter *w, RunImage *image)
{
        enum { FLAGS = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW };
        char path[RUN_PATH_MAX];

        run_part_path(path, image->table->name, image->part, ".tmp");
        image->fd = openat(w->dirfd, path, FLAGS, 0644);
        if (image->fd < 0 && errno == ENOENT &&
            (mkdirat(w->dirfd, image->table->name, 0755) == 0 || errno == EEXIST))
                image->fd = openat(w->dirfd, path, FLAGS, 0644);
        if (image->fd < 0)
                return -errno;
        return file_write_all(image->fd, image->data, image->size);
}

static int flush_file(int fd)
{
        return fdatasync(fd) < 0 && errno != EINVAL && errno != EROFS ? -errno : 0;
}

/* The run's name and run.json itself must outlive the machine too; later they are replaced at
 * the end only. */
static void flush_start(RunWriter *w)
{
        _cleanup_close_ int fd = run_open_regular(w->dirfd, "run.json");

        if (fd >= 0)
                (void)fdatasync(fd);
        (void)fsync(w->dirfd);
}

static void rename_temporary(RunWriter *w, RunImage *image)
{
        char from[RUN_PATH_MAX], to[RUN_PATH_MAX];

        run_part_path(from, image->table->name, image->part, ".tmp");
        run_part_path(to, image->table->name, image->part, "");
        if (image->result == 0 && renameat(w->dirfd, from, w->dirfd, to) < 0)
                image->result = -errno;
        if (image->result < 0)
                unlinkat(w->dirfd, from, 0);
}

/* All are written before the first is flushed: the file system then commits once, not once a
 * file; and all are flushed before the first is renamed: a reader sees rows move from one part
 * to the next at once. */
static void write_round(RunWriter *w, RunImage *images, bool durable, bool first)
{
        for (RunImage *i = images; i; i = i->next) {
                i->result = write_temporary(w, i);
                if ((i->result == -ENOSPC || i->result == -EDQUOT) && run_reserve_release(w->dirfd)) {
                        fd_close(i->fd);
                        i->result = write_temporary(w, i);
                }
                if (durable && i->result == 0)
                        (void)sync_file_range(i->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
        }
        for (RunImage *i = images; i; i = i->next) {
                if (durable && i->result == 0 && !atomic_load(&w->ending))
                        i->result = flush_file(i->fd);
                i->fd = fd_close(i->fd);
        }
        for (RunImage *i = images; i; i = i->next)
                rename_temporary(w, i);
        if (durable && first && !atomic_load(&w->ending))
                flush_start(w);
}

/* ---- the queue; lock held ---- */

static RunImage **find(RunWriter *w, const RunImage *image)
{
        RunImage **at = &w->queue;

        while (*at && ((*at)->table != image->table || (*at)->part != image->part))
                at = &(*at)->next;
        return at;
}

static RunImage *unlink_image(RunWriter *w, RunImage **at)
{
        RunImage *image = *at;

        *at = image->next;
        image->next = NULL;
        w->state.queued -= image->size;
        return image;
}

/* Moves the oldest images of the queue to the round. */
static void take_round(RunWriter *w)
{
        RunImage **end = &w->round;

        for (size_t n = 0; n < ROUND_MAX && w->queue; n++) {
                RunImage *image = w->queue;
                w->queue = image->next;
                image->next = NULL;
                *end = image;
                end = &image->next;
        }
        w->busy = w->round != NULL;
}

static void put_done(RunWriter *w, RunImage *image)
{
        image->next = w->done;
        w->done = image;
        w->state.queued -= image->size;
}

/* Books a written round; what failed goes back to the front unless a newer image waits. */
static void finish_round(RunWriter *w)
{
        RunImage *failed = NULL;

        w->state.error = 0;
        while (w->round) {
                RunImage *image = w->round;
                w->round = image->next;
                if (image->result == 0) {
                        image->table->on_disk = true;
                        image->table->disk_part = image->part;
                        image->table->disk_rows = image->rows;
                        w->state.written += image->size;
                        put_done(w, image);
                        continue;
                }
                if (w->state.error == 0) {
                        w->state.error = image->result;
                        run_part_path(w->state.where, image->table->name, image->part, "");
                }
                if (*find(w, image)) {
                        put_done(w, image);
                } else {
                        image->next = failed;
                        failed = image;
                }
        }
        while (failed) { /* newest first here, so that the oldest ends up in front */
                RunImage *next = failed->next;
                failed->next = w->queue;
                w->queue = failed;
                failed = next;
        }
        w->busy = false;
}

/* Writes what is queued, until it is empty or a round failed. Lock held; let go meanwhile. */
static void write_queue(RunWriter *w, bool durable)
{
        do {
                take_round(w);
                if (!w->busy)
                        break;
                bool first = !w->synced_start;
                RunImage *images = w->round;
                pthread_mutex_unlock(&w->lock);
                write_round(w, images, durable, first);
                pthread_mutex_lock(&w->lock);
                w->synced_start |= durable;
                finish_round(w);
        } while (w->state.error == 0 && !(durable && w->stop));
        pthread_cond_broadcast(&w->idle);
}

static void *run_thread(void *data)
{
        RunWriter *w = data;

        /* of this thread only: ioprio_set(2) */
        (void)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
                      IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, IO_PRIORITY));
        pthread_mutex_lock(&w->lock);
        for (;;) {
                while (!w->kicked && !w->stop)
                        pthread_cond_wait(&w->work, &w->lock);
                if (w->stop)
                        break;
                w->kicked = false;
                write_queue(w, true);
        }
        pthread_mutex_unlock(&w->lock);
        return NULL;
}

/* ---- the recorder's side ---- */

static int start_thread(RunWriter *w)
{
        const ThreadOptions options = {.stack_bytes = STACK_BYTES, .run = run_thread, .data = w};
        int r = w->running ? 0 : thread_start(&options, &w->thread);

        w->running = r == 0;
        return r;
}

/* Rows of the image that no part on disk has. */
static uint64_t rows_only_here(const RunImage *image)
{
        const RunWriterTable *t = image->table;
        bool there = t->on_disk && t->disk_part == image->part;

        return there ? image->rows - MIN(image->rows, t->disk_rows) : image->rows;
}

/* Makes room by giving up the oldest. Lock held. */
static void drop_oldest(RunWriter *w, const RunImage *keep, size_t bound)
{
        while (w->state.queued > bound && w->queue && w->queue != keep) {
                RunImage *image = unlink_image(w, &w->queue);
                w->state.lost += rows_only_here(image);
                free(image);
        }
}

void run_writer_put(RunWriter *w, RunImage *image, size_t bound)
{
        pthread_mutex_lock(&w->lock);
        RunImage **at = find(w, image);
        RunImage *next = NULL;
        if (*at) {
                RunImage *older = unlink_image(w, at);
                next = *at;
                free(older);
        }
        image->next = next;
        *at = image;
        w->state.queued += image->size;
        drop_oldest(w, image, bound);
        pthread_mutex_unlock(&w->lock);
}

void run_writer_kick(RunWriter *w)
{
        int r = start_thread(w);

        pthread_mutex_lock(&w->lock);
        if (r == 0) {
                w->kicked = true;
                pthread_cond_signal(&w->work);
        } else {
                write_queue(w, false);
        }
        pthread_mutex_unlock(&w->lock);
}

void run_writer_wait(RunWriter *w)
{
        pthread_mutex_lock(&w->lock);
        while (w->running && (w->kicked || w->busy))
                pthread_cond_wait(&w->idle, &w->lock);
        pthread_mutex_unlock(&w->lock);
}

/* Lock held. */
static void forget_superseded(RunWriter *w)
{
        for (RunImage **at = &w->queue; *at;) {
                if ((*at)->table->superseded)
                        free(unlink_image(w, at));
                else
                        at = &(*at)->next;
        }
}

/* An idle thread is only told to end, not waited for: on a busy machine its turn may be long in
 * coming, and it does nothing more than end. */
void run_writer_stop(RunWriter *w)
{
        atomic_store(&w->ending, true);
        pthread_mutex_lock(&w->lock);
        w->stop = true;
        pthread_cond_signal(&w->work);
        while (w->busy)
                pthread_cond_wait(&w->idle, &w->lock);
        forget_superseded(w);
        write_queue(w, false);
        drop_oldest(w, NULL, 0);
        pthread_mutex_unlock(&w->lock);
}

void run_writer_state(RunWriter *w, RunWriterState *ret)
{
        pthread_mutex_lock(&w->lock);
        *ret = w->state;
        RunImage *done = TAKE(w->done);
        pthread_mutex_unlock(&w->lock);
        free_images(&done);
}

bool run_writer_on_disk(RunWriter *w, const RunWriterTable *table, unsigned part, uint64_t *ret_rows)
{
        pthread_mutex_lock(&w->lock);
        bool there = table->on_disk && table->disk_part == part;
        *ret_rows = there ? table->disk_rows : 0;
        pthread_mutex_unlock(&w->lock);
        return there;
}
