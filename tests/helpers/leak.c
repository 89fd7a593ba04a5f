/*
 * leak KIND RATE SECONDS: memory that grows as asked, RATE in kB (1000 bytes) a second, then exit 0.
 *   steady      evenly
 *   flat        20 MB all the time
 *   steps       a jump of RATE each second
 *   teeth       a saw-tooth of 8 MB, two a second, whose troughs stay
 *   teeth-leak  the same, whose troughs rise by RATE
 *   warm        RATE for the first quarter of the time, nothing then
 *   fds         20 MB, and RATE open files a second
 *   threads     20 MB, and RATE threads a second
 * Every page is touched with a value of its own; what shrinks goes back to the kernel.
 */
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "helper.h"

enum { TICK_MS = 20, PAGE = 4096 };

#define ROOM  ((size_t)4 << 30)
#define FIRST 4000000.0 /* bytes there from the beginning, but for flat ones */

static volatile unsigned char *room;
static size_t held;

static void hold(double bytes)
{
        size_t pages = (size_t)(bytes / PAGE);

        if (pages > ROOM / PAGE)
                helper_die("too much");
        if (pages < held)
                madvise((void *)(room + pages * PAGE), (held - pages) * PAGE, MADV_DONTNEED);
        for (; held < pages; held++)
                room[held * PAGE] = (unsigned char)(held * 7 + 1);
        held = pages;
}

static double teeth(double t)
{
        double part = t * 2;

        return 8e6 * (part - (double)(long)part);
}

static double bytes_at(const char *kind, double rate, double t, double all)
{
        if (strcmp(kind, "steady") == 0)
                return FIRST + rate * t;
        if (strcmp(kind, "steps") == 0)
                return FIRST + rate * (double)(long)t;
        if (strcmp(kind, "teeth") == 0)
                return FIRST + teeth(t);
        if (strcmp(kind, "teeth-leak") == 0)
                return FIRST + teeth(t) + rate * t;
        if (strcmp(kind, "warm") == 0)
                return FIRST + rate * (t < all / 4 ? t : all / 4);
        return 20e6;
}

static void *wait_for_ever(void *unused)
{
        for (;;)
                pause();
        return unused;
}

static void open_more(size_t wanted)
{
        static size_t n;

        for (; n < wanted; n++)
                if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
                        helper_die("open");
}

static void start_more(size_t wanted)
{
        static size_t n;
        pthread_attr_t small;
        pthread_t thread;

        pthread_attr_init(&small);
        pthread_attr_setstacksize(&small, 65536);
        for (; n < wanted; n++)
                if (pthread_create(&thread, &small, wait_for_ever, NULL) != 0)
                        helper_die("pthread_create");
        pthread_attr_destroy(&small);
}

int main(int argc, char **argv)
{
        if (argc < 4)
                helper_die("leak KIND RATE SECONDS");
        double rate = (double)helper_number(argv[2]), all = (double)helper_number(argv[3]), t = 0;
        uint64_t begun = helper_now_ns();

        room = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (room == MAP_FAILED)
                helper_die("mmap");
        madvise((void *)room, ROOM, MADV_NOHUGEPAGE);
        for (; t < all; t = (double)(helper_now_ns() - begun) / 1e9) {
                hold(bytes_at(argv[1], rate * 1000, t, all));
                if (strcmp(argv[1], "fds") == 0)
                        open_more((size_t)(rate * t));
                if (strcmp(argv[1], "threads") == 0)
                        start_more((size_t)(rate * t));
                helper_sleep_ms(TICK_MS);
        }
        return 0;
}
