/* One question at a time, and a thread that sleeps between them. */
#include "monitor/disk-asker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "host/host.h"
#include "monitor/side-thread.h"

struct DiskAsker {
        SideThread *thread;
};

typedef struct Question {
        Host *host; /* of its own: a hanging thread outlives the monitor's */
        char *directory;
        bool asked, answered;
        int result;
        struct statvfs figures;
} Question;

static void question_free(void *data)
{
        Question *q = data;

        host_free(q->host);
        free(q->directory);
        free(q);
}

static void answer(SideThread *self, void *data)
{
        Question *q = data;

        for (;;) {
                side_thread_pause(self, UINT64_MAX);
                if (side_thread_over(self))
                        return;
                side_thread_lock(self);
                bool asked = q->asked;
                side_thread_unlock(self);
                if (!asked)
                        continue;
                struct statvfs figures = {0};
                int r = host_statvfs(q->host, q->directory, &figures);
                side_thread_lock(self);
                q->result = r;
                q->figures = figures;
                q->asked = false;
                q->answered = true;
                side_thread_unlock(self);
        }
}

int disk_asker_new(const char *directory, DiskAsker **ret)
{
        _cleanup_free_ DiskAsker *asker = calloc(1, sizeof *asker);
        Question *q = calloc(1, sizeof *q);
        int r = -ENOMEM;

        if (asker && q && (q->directory = strdup(directory)))
                r = host_new(NULL, &q->host);
        if (r == 0)
                r = side_thread_start(&(SideThreadOptions){.name = "vigia-mount",
                                                           .run = answer,
                                                           .free_data = question_free,
                                                           .data = q},
                                      &asker->thread);
        if (r < 0) {
                if (q)
                        question_free(q);
                return r;
        }
        *ret = TAKE(asker);
        return 0;
}

DiskAsker *disk_asker_free(DiskAsker *asker)
{
        if (!asker)
                return NULL;
        const Question *q = side_thread_lock(asker->thread);
        bool hangs = q->asked;
        side_thread_unlock(asker->thread);
        if (hangs)
                side_thread_leave(asker->thread);
        else
                side_thread_end(asker->thread);
        free(asker);
        return NULL;
}

int disk_asker_ask(DiskAsker *asker, struct statvfs *ret)
{
        Question *q = side_thread_lock(asker->thread);
        int r = q->asked ? -ETIMEDOUT : q->answered ? q->result : DISK_NOT_YET;

        if (r == 0)
                *ret = q->figures;
        bool again = !q->asked;
        q->asked = true;
        side_thread_unlock(asker->thread);
        if (again)
                side_thread_poke(asker->thread);
        return r;
}
