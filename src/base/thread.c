/* Signals are blocked around the start, so that the thread never has them unblocked. pthread_create(3). */
#include "base/thread.h"

#include <signal.h>

int thread_start(const ThreadOptions *options, pthread_t *ret)
{
        pthread_attr_t attributes;
        sigset_t all, old;

        int r = pthread_attr_init(&attributes);
        if (r != 0)
                return -r;
        pthread_attr_setstacksize(&attributes, options->stack_bytes);
        pthread_attr_setdetachstate(&attributes, options->detached ? PTHREAD_CREATE_DETACHED : PTHREAD_CREATE_JOINABLE);
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &old);
        r = pthread_create(ret, &attributes, options->run, options->data);
        if (r == 0 && options->name)
                pthread_setname_np(*ret, options->name);
        pthread_sigmask(SIG_SETMASK, &old, NULL);
        pthread_attr_destroy(&attributes);
        return -r;
}
