/* An array that is searched by stack; there are few places. */
#include "app/leak-sites.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/macros.h"
#include "base/terminal.h"

const char *leak_kind_name(LeakKind kind)
{
        static const char *const names[LEAK_KINDS] = {"definitely", "indirectly", "possibly", "reachable"};

        return names[kind];
}

void leak_frame_done(LeakFrame *frame)
{
        free(frame->function);
        free(frame->file);
        free(frame->object);
        *frame = (LeakFrame){0};
}

void leak_sites_done(LeakSites *sites)
{
        for (size_t i = 0; i < sites->n; i++)
                for (size_t k = 0; k < sites->items[i].n_frames; k++)
                        leak_frame_done(&sites->items[i].frames[k]);
        free(sites->items);
        *sites = (LeakSites){0};
}

bool leak_is_allocator(const char *function)
{
        static const char *const names[] = {
                "malloc", "calloc", "realloc", "reallocarray", "memalign", "aligned_alloc", "posix_memalign", "valloc",
                "mmap", "mmap64", "operator new", "_Znw", "_Zna", "__libc_malloc", "__libc_calloc", "__libc_realloc", NULL,
        };

        if (!function)
                return false;
        for (const char *const *name = names; *name; name++) {
                size_t n = strlen(*name);
                bool prefix = text_starts_with(*name, "operator") || (*name)[0] == '_';
                if (strncmp(function, *name, n) == 0 && (prefix || function[n] == '\0'))
                        return true;
        }
        return false;
}

static bool same_text(const char *a, const char *b)
{
        return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_frames(const LeakSite *site, const LeakFrame *frames, size_t n)
{
        if (site->n_frames != n)
                return false;
        for (size_t i = 0; i < n; i++) {
                const LeakFrame *a = &site->frames[i], *b = &frames[i];
                if (a->line != b->line || !same_text(a->function, b->function) || !same_text(a->file, b->file) ||
                    !same_text(a->object, b->object))
                        return false;
        }
        return true;
}

static void forget(LeakFrame *frames, size_t n)
{
        for (size_t i = 0; i < n; i++)
                leak_frame_done(&frames[i]);
}

int leak_sites_add(LeakSites *sites, LeakFrame *frames, size_t n, const LeakAmount *amount)
{
        size_t at = 0, first = 0;

        while (first < n && leak_is_allocator(frames[first].function))
                first++;
        if (first == n)
                first = 0; /* nothing else is known */
        forget(frames, first);
        forget(frames + MIN(n, first + LEAK_FRAMES), n - MIN(n, first + LEAK_FRAMES));
        frames += first;
        n = MIN(n - first, (size_t)LEAK_FRAMES);
        sites->bytes[amount->kind] += amount->bytes;
        sites->blocks[amount->kind] += amount->blocks;
        sites->bytes[LEAK_INDIRECT] += amount->indirect_bytes;
        while (at < sites->n && !same_frames(&sites->items[at], frames, n))
                at++;
        if (at == sites->n) {
                LeakSite *items = at < LEAK_SITES_MAX ? array_grow(sites->items, &sites->capacity, at, sizeof *items) : NULL;
                if (!items) {
                        forget(frames, n);
                        sites->left_out_bytes += amount->bytes + amount->indirect_bytes;
                        return at < LEAK_SITES_MAX ? -ENOMEM : 0;
                }
                sites->items = items;
                sites->items[sites->n++] = (LeakSite){.n_frames = n};
                memcpy(sites->items[at].frames, frames, n * sizeof *frames);
                memset(frames, 0, n * sizeof *frames);
        }
        forget(frames, n);
        sites->items[at].bytes[amount->kind] += amount->bytes;
        sites->items[at].blocks[amount->kind] += amount->blocks;
        sites->items[at].bytes[LEAK_INDIRECT] += amount->indirect_bytes;
        return 0;
}

static uint64_t lost(const LeakSite *s)
{
        return s->bytes[LEAK_DEFINITE] + s->bytes[LEAK_INDIRECT] + s->bytes[LEAK_POSSIBLE];
}

static int compare_sites(const void *a, const void *b)
{
        const LeakSite *x = a, *y = b;

        if (x->bytes[LEAK_DEFINITE] != y->bytes[LEAK_DEFINITE])
                return x->bytes[LEAK_DEFINITE] > y->bytes[LEAK_DEFINITE] ? -1 : 1;
        if (lost(x) != lost(y))
                return lost(x) > lost(y) ? -1 : 1;
        return x->bytes[LEAK_REACHABLE] > y->bytes[LEAK_REACHABLE] ? -1 : x->bytes[LEAK_REACHABLE] < y->bytes[LEAK_REACHABLE];
}

void leak_sites_sort(LeakSites *sites)
{
        if (sites->n > 1)
                qsort(sites->items, sites->n, sizeof *sites->items, compare_sites);
}

static const char *base_of(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}

void leak_frame_words(const LeakFrame *f, String *out)
{
        string_add(out, f->function ? f->function : "?");
        if (f->file && f->line)
                string_add_format(out, " (%s:%u)", base_of(f->file), f->line);
        else if (f->object)
                string_add_format(out, " (%s)", base_of(f->object));
}

enum { BYTES_WIDTH = 10, BLOCKS_WIDTH = 8, KIND_WIDTH = 12, FRAMES_SHOWN = 4 };

static void show_site(const LeakSite *s, size_t columns, bool ascii, String *out)
{
        const size_t indent = 2 + BYTES_WIDTH + BLOCKS_WIDTH + KIND_WIDTH;
        char bytes[FORMAT_MAX], blocks[FORMAT_MAX];
        size_t shown = 0;

        for (int kind = 0; kind < LEAK_REACHABLE; kind++) {
                if (s->bytes[kind] == 0)
                        continue;
                _cleanup_string_ String words = {0};
                if (shown < s->n_frames)
                        leak_frame_words(&s->frames[shown], &words);
                string_add_format(out, "  %-*s%-*s%-*s", BYTES_WIDTH, format_bytes(bytes, s->bytes[kind]), BLOCKS_WIDTH,
                                  s->blocks[kind] ? format_count(blocks, s->blocks[kind]) : "", KIND_WIDTH, leak_kind_name((LeakKind)kind));
                string_add_shown(out, string_get(&words), columns - indent, ascii);
                string_add_char(out, '\n');
                shown++;
        }
        for (; shown < MIN(s->n_frames, (size_t)FRAMES_SHOWN); shown++) {
                _cleanup_string_ String words = {0};
                leak_frame_words(&s->frames[shown], &words);
                string_add_format(out, "%*s", (int)indent, "");
                string_add_shown(out, string_get(&words), columns - indent, ascii);
                string_add_char(out, '\n');
        }
}

void leak_sites_show(const LeakSites *sites, size_t most, const ReportOptions *to, String *out)
{
        size_t n = 0, columns = to->columns ? to->columns : 80;
        _cleanup_string_ String heading = {0};

        string_add_format(&heading, "  %-*s%-*s%-*swhere", BYTES_WIDTH, "lost", BLOCKS_WIDTH, "blocks", KIND_WIDTH, "kind");
        for (size_t i = 0; i < sites->n; i++) {
                if (lost(&sites->items[i]) == 0)
                        continue;
                if (n == 0) {
                        string_add_char(out, '\n');
                        string_add_styled(out, to->color, STYLE_DIM, string_get(&heading));
                        string_add_char(out, '\n');
                }
                if (n++ < most)
                        show_site(&sites->items[i], columns, to->ascii, out);
        }
        if (n > most)
                string_add_format(out, "  and %zu more places\n", n - most);
}

void leak_frame_json(const LeakFrame *f, Json *j)
{
        json_open_object(j, NULL, JSON_ONE_LINE);
        json_add_text(j, "function", f->function);
        json_add_text(j, "file", f->file);
        if (f->line)
                json_add_u64(j, "line", f->line);
        else
                json_add_null(j, "line");
        json_add_text(j, "object", f->object);
        json_close(j);
}

void leak_sites_json(const LeakSites *sites, size_t most, Json *j)
{
        json_open_array(j, "places", JSON_LINES);
        for (size_t i = 0; i < MIN(sites->n, most); i++) {
                const LeakSite *s = &sites->items[i];
                json_open_object(j, NULL, JSON_LINES);
                for (int kind = 0; kind < LEAK_KINDS; kind++) {
                        char key[32];
                        snprintf(key, sizeof key, "%s_bytes", leak_kind_name((LeakKind)kind));
                        json_add_u64(j, key, s->bytes[kind]);
                        snprintf(key, sizeof key, "%s_blocks", leak_kind_name((LeakKind)kind));
                        json_add_u64(j, key, s->blocks[kind]);
                }
                json_open_array(j, "stack", JSON_LINES);
                for (size_t k = 0; k < s->n_frames; k++)
                        leak_frame_json(&s->frames[k], j);
                json_close(j);
                json_close(j);
        }
        json_close(j);
}
