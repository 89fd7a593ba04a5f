/* Stacks are put into words when they are first seen, while the process is there to be asked, as far as there is time. */
#include "app/heap-watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/hash.h"

enum { SHIFT_MOST = 12 };
#define NAME_NS      (100 * NS_PER_MS)    /* a look */
#define NAME_LAST_NS (3 * NS_PER_SECOND)  /* in the end */

int heap_watch_init(HeapWatch *watch, HeapProbe *probe, HeapSymbols *symbols, uint64_t now_ns)
{
        *watch = (HeapWatch){.probe = probe, .symbols = symbols, .begun_ns = now_ns, .looked_ns = now_ns};
        int r = map_new(&watch->by_key);
        if (r == 0)
                r = map_new(&watch->by_stack);
        return r < 0 ? r : map_new(&watch->hopeless);
}

void heap_watch_done(HeapWatch *watch)
{
        for (size_t i = 0; i < watch->n; i++) {
                for (size_t k = 0; k < watch->places[i].n_frames; k++)
                        leak_frame_done(&watch->places[i].frames[k]);
                trend_series_done(&watch->places[i].series);
        }
        free(watch->places);
        map_free(watch->by_key);
        map_free(watch->by_stack);
        map_free(watch->hopeless);
        *watch = (HeapWatch){0};
}

uint64_t heap_watch_held(const HeapWatched *place)
{
        const struct heap_figures *f = &place->figures;

        return f->taken_bytes > f->freed_bytes ? f->taken_bytes - f->freed_bytes : 0;
}

/* Where threads and programs begin: in the C library, or in what calls it. */
static bool is_beginning(const LeakFrame *frame)
{
        static const char *const objects[] = {"libc.so", "libc-2.", "libc.musl", "ld-musl", "libpthread"};
        const char *name = frame->object ? strrchr(frame->object, '/') : NULL;

        if (frame->function && (text_equal(frame->function, "_start") || text_starts_with(frame->function, "__libc_start")))
                return true;
        for (size_t i = 0; name && i < ARRAY_LENGTH(objects); i++)
                if (text_starts_with(name + 1, objects[i]))
                        return true;
        return false;
}

static bool is_whole(const HeapWatch *w, const HeapWatched *place)
{
        LeakFrame last = {0};

        if (place->n_calls >= HEAP_STACK_DEPTH)
                return true; /* as deep as was looked */
        bool whole = place->n_calls > 1 && heap_symbols_find(w->symbols, place->calls[place->n_calls - 1], &last) == 0 && is_beginning(&last);
        leak_frame_done(&last);
        return whole;
}

static void refresh(HeapWatch *w)
{
        if (w->symbols && !w->refreshed)
                heap_symbols_refresh(w->symbols);
        w->refreshed = true;
}

static int name_calls(HeapWatch *w, HeapWatched *place)
{
        HeapSymbols *symbols = clock_monotonic_ns() < w->name_until_ns ? w->symbols : NULL;

        place->named = true;
        if (symbols)
                place->whole = is_whole(w, place);
        for (size_t i = 0; i < place->n_calls && place->n_frames < LEAK_FRAMES; i++) {
                LeakFrame frame = {0};
                int r = heap_symbols_find(symbols, place->calls[i], &frame);
                if (r < 0) {
                        leak_frame_done(&frame);
                        return r;
                }
                /* Not in any file: a register that is no frame pointer led there. */
                if (i > 0 && symbols && !frame.object && !place->unwound) {
                        leak_frame_done(&frame);
                        place->whole = false;
                        break;
                }
                if (place->n_frames == 0 && i + 1 < place->n_calls && leak_is_allocator(frame.function))
                        leak_frame_done(&frame);
                else
                        place->frames[place->n_frames++] = frame;
        }
        return 0;
}

static int add_place(HeapWatch *w, const HeapPlace *place, bool unwound, HeapWatched **ret)
{
        *ret = NULL;
        if (w->n >= HEAP_PLACES_MAX) {
                w->left_out++;
                return 0;
        }
        HeapWatched *places = array_grow(w->places, &w->capacity, w->n, sizeof *places);
        if (!places)
                return -ENOMEM;
        w->places = places;
        HeapWatched *new = &w->places[w->n];
        *new = (HeapWatched){.key = place->key, .unwound = unwound, .n_calls = MIN(place->n, ARRAY_LENGTH(new->calls))};
        memcpy(new->calls, place->calls, new->n_calls * sizeof *new->calls);
        trend_series_init(&new->series, 10 * NS_PER_SECOND);
        w->n++;
        int r = 0;
        if (clock_monotonic_ns() < w->name_until_ns) {
                refresh(w);
                r = name_calls(w, new);
        }
        if (r == 0)
                r = map_put(w->by_key, place->key, (void *)(uintptr_t)w->n);
        *ret = new;
        return r;
}

static int find_place(HeapWatch *w, const HeapPlace *place, HeapWatched **ret)
{
        size_t at = (uintptr_t)map_get(w->by_key, place->key);

        *ret = at > 0 ? &w->places[at - 1] : NULL;
        return at > 0 ? 0 : add_place(w, place, false, ret);
}

/* Several ways that come to the same stack are one place. */
static void unwind(uint64_t key, const struct heap_snippet *snippet, void *data)
{
        HeapWatch *w = data;
        HeapPlace place = {.key = key};
        HeapWatched *unused;

        if (w->failed || map_get(w->by_key, key))
                return;
        refresh(w);
        place.n = heap_symbols_unwind(w->symbols, snippet, place.calls, HEAP_STACK_DEPTH);
        /* The caller is known for sure, so it has to be the first. */
        if (place.n == 0 || place.calls[0] != snippet->site.caller) {
                w->failed = map_put(w->hopeless, key, w) < 0;
                return;
        }
        uint64_t stack = hash_bytes(place.calls, place.n * sizeof *place.calls);
        void *known = map_get(w->by_stack, stack);
        if (known)
                w->failed = map_put(w->by_key, key, known) < 0;
        else if (add_place(w, &place, true, &unused) < 0 ||
                 (unused && map_put(w->by_stack, stack, (void *)(uintptr_t)w->n) < 0))
                w->failed = true;
}

static void look_for_code(HeapWatch *w)
{
        struct heap_texts texts;

        if (!w->symbols || heap_symbols_texts(w->symbols, &texts) < 0 || memcmp(&texts, &w->texts, sizeof texts) == 0)
                return;
        w->texts = texts;
        heap_probe_set_texts(w->probe, &texts);
}

static int look_at(const HeapPlace *place, void *data)
{
        HeapWatch *w = data;
        HeapWatched *watched;

        /* Its stack comes with the next look. */
        if (place->figures.told && !map_get(w->by_key, place->key) && !map_get(w->hopeless, place->key))
                return 0;
        int r = find_place(w, place, &watched);

        if (r < 0 || !watched)
                return r;
        watched->figures.taken_bytes += place->figures.taken_bytes;
        watched->figures.taken_blocks += place->figures.taken_blocks;
        watched->figures.freed_bytes += place->figures.freed_bytes;
        watched->figures.freed_blocks += place->figures.freed_blocks;
        return 0;
}

/* Where calls come too fast, fewer are looked at; the others still cost their probes. */
static void choose_sampling(HeapWatch *w, uint64_t calls, uint64_t elapsed_ns)
{
        double rate = elapsed_ns > 0 ? (double)calls * 1e9 / (double)elapsed_ns : 0;
        unsigned shift = 0;

        while (shift < SHIFT_MOST && rate / (double)(1u << shift) > HEAP_RATE_MOST)
                shift++;
        if (shift != w->shift && heap_probe_sample(w->probe, shift) == 0)
                w->shift = shift;
        w->highest_shift = MAX(w->highest_shift, w->shift);
}

int heap_watch_look(HeapWatch *w, uint64_t now_ns)
{
        uint64_t calls, elapsed = now_ns - w->looked_ns;

        heap_probe_counters(w->probe, &calls, &w->missed);
        choose_sampling(w, calls - w->calls, elapsed);
        w->calls = calls;
        w->looked_ns = now_ns;
        w->refreshed = false;
        w->name_until_ns = clock_monotonic_ns() + NAME_NS;
        look_for_code(w);
        heap_probe_drain(w->probe, unwind, w);
        for (size_t i = 0; i < w->n; i++)
                w->places[i].figures = (struct heap_figures){0};
        int r = w->failed ? -ENOMEM : heap_probe_each(w->probe, look_at, w);
        for (size_t i = 0; r == 0 && i < w->n; i++)
                r = trend_series_add(&w->places[i].series, (int64_t)(w->looked_ns - w->begun_ns), (double)heap_watch_held(&w->places[i]) / 1e6);
        return r;
}

static int compare_places(const void *a, const void *b)
{
        uint64_t x = heap_watch_held(a), y = heap_watch_held(b);

        return x > y ? -1 : x < y;
}

int heap_watch_finish(HeapWatch *w, const LeakLimits *limits)
{
        int r = heap_watch_look(w, w->looked_ns); /* for stacks that came between two looks */

        for (size_t i = 0; r == 0 && i < w->n; i++) {
                r = trend_series_finish(&w->places[i].series, (int64_t)(w->looked_ns - w->begun_ns));
                if (r == 0)
                        r = leak_judge(&w->places[i].series, limits, &w->places[i].verdict);
        }
        if (w->n > 1)
                qsort(w->places, w->n, sizeof *w->places, compare_places);
        refresh(w);
        w->name_until_ns = clock_monotonic_ns() + NAME_LAST_NS;
        for (size_t i = 0; r == 0 && i < w->n; i++)
                r = w->places[i].named ? 0 : name_calls(w, &w->places[i]);
        return r;
}
