/* Numbers are made whole by dividing by their step; then 16 bits, 32, or differences, whatever is likely
 * to be shorter when deflated. */
#include "report/page-sections.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/hash.h"
#include "store/parquet/utf8.h"

enum {
        FINE = 65000,      /* parts of the largest value that are told apart where no step is given */
        U16_UNKNOWN = UINT16_MAX,
};

static const char *const type_names[] = {"u8", "u16", "u32", "i32", "f64", "text"};

int page_sections_init(PageSections *s)
{
        *s = (PageSections){0};
        int r = map_new(&s->by_hash);
        if (r == 0 && page_deflate_available())
                r = page_deflate_new(&s->deflate);
        return r;
}

void page_sections_done(PageSections *s)
{
        page_deflate_free(s->deflate);
        map_free(s->by_hash);
        buffer_done(&s->data);
        free(s->items);
        *s = (PageSections){0};
}

static int reserve(PageSections *s)
{
        PageSection *items = array_grow(s->items, &s->capacity, s->n, sizeof *items);

        if (!items)
                return -ENOMEM;
        s->items = items;
        return 0;
}

static bool same(const PageSection *a, const PageSection *b)
{
        return a->hash == b->hash && a->plain == b->plain && a->type == b->type && a->count == b->count &&
               a->delta == b->delta && a->scale == b->scale;
}

/* The hash is keyed and of 64 bits: two sections that agree in it and all else are taken for one. */
static size_t add(PageSections *s, const void *data, size_t size, PageSection section)
{
        if (s->error < 0)
                return 0;
        section.hash = hash_bytes(data, size);
        section.plain = size;
        section.offset = s->data.size;
        uintptr_t at = (uintptr_t)map_get(s->by_hash, section.hash);
        if (at > 0 && at <= s->n && same(&s->items[at - 1], &section))
                return at - 1;
        int r = reserve(s);
        if (r == 0)
                r = s->deflate ? page_deflate_add(s->deflate, data, size, &s->data) : 1;
        section.deflated = r == 0;
        if (r > 0)
                r = buffer_append(&s->data, data, size);
        if (r == 0)
                r = map_put(s->by_hash, section.hash, (void *)(uintptr_t)(s->n + 1));
        if (r < 0) {
                s->error = r;
                return 0;
        }
        section.size = s->data.size - section.offset;
        s->items[s->n] = section;
        return s->n++;
}

void page_sections_truncate(PageSections *s, size_t n)
{
        if (n >= s->n)
                return;
        for (size_t i = n; i < s->n; i++)
                if ((uintptr_t)map_get(s->by_hash, s->items[i].hash) == i + 1)
                        map_remove(s->by_hash, s->items[i].hash);
        s->data.size = s->items[n].offset;
        s->n = n;
}

/* ---- numbers ---- */

static bool whole_in(const double *values, size_t n, double step, double largest)
{
        if (largest / step > INT32_MAX - 1)
                return false;
        for (size_t i = 0; i < n; i++) {
                double v = values[i] / step;
                if (!isnan(v) && fabs(v - nearbyint(v)) > 1e-7 * MAX(1, fabs(v)))
                        return false;
        }
        return true;
}

/* The coarsest step in which all values are whole, else one that shows no difference on a screen. */
static double choose_step(const double *values, size_t n, double largest)
{
        static const double steps[] = {4096, 1024, 1, 0.1, 0.01, 0.001};

        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
                if (whole_in(values, n, steps[i], largest))
                        return steps[i];
        return largest / FINE;
}

/* About how many bytes a whole number takes after deflating. */
static double cost_of(int64_t value)
{
        uint64_t size = (uint64_t)llabs(value);

        return size == 0 ? 0.1 : size < 128 ? 1 : size < 32768 ? 2 : size < 1 << 23 ? 3 : 4;
}

typedef struct Shape {
        bool fits, delta, u16;
} Shape;

/* Numbers may be larger than 32 bits where the differences are not. What is unknown is no part of the
 * differences: the next one is from the last that was known. */
static Shape choose_shape(const double *values, size_t n, double step)
{
        double plain = 0, delta = 0;
        int64_t last = 0;
        bool plain_fits = true, delta_fits = true, u16 = true;

        for (size_t i = 0; i < n; i++) {
                if (isnan(values[i]))
                        continue;
                double whole = nearbyint(values[i] / step);
                if (fabs(whole) > 0x1p52)
                        return (Shape){.fits = false};
                int64_t v = (int64_t)whole, difference = v - last;
                plain_fits = plain_fits && llabs(v) < INT32_MAX;
                delta_fits = delta_fits && llabs(difference) < INT32_MAX;
                u16 = u16 && v >= 0 && v < U16_UNKNOWN;
                plain += difference == 0 ? 0.1 : cost_of(v);
                delta += cost_of(difference);
                last = v;
        }
        bool by_delta = delta_fits && (!plain_fits || delta < plain);
        return (Shape){.fits = plain_fits || delta_fits, .delta = by_delta, .u16 = u16 && !by_delta};
}

static void put(Buffer *to, uint32_t value, size_t width)
{
        for (size_t i = 0; i < width; i++)
                to->data[to->size++] = (uint8_t)(value >> 8 * i);
}

static size_t add_whole(PageSections *s, const double *values, size_t n, double step, Shape shape)
{
        _cleanup_(buffer_done) Buffer bytes = {0};
        int64_t last = 0;
        size_t width = shape.u16 ? 2 : 4;

        if (buffer_reserve(&bytes, n * width) < 0) {
                s->error = -ENOMEM;
                return 0;
        }
        for (size_t i = 0; i < n; i++) {
                if (isnan(values[i])) {
                        put(&bytes, shape.u16 ? U16_UNKNOWN : (uint32_t)INT32_MIN, width);
                        continue;
                }
                int64_t v = (int64_t)nearbyint(values[i] / step);
                put(&bytes, (uint32_t)(shape.delta ? v - last : v), width);
                last = v;
        }
        return add(s, bytes.data, bytes.size,
                   (PageSection){.count = n, .type = shape.u16 ? PAGE_U16 : PAGE_I32, .delta = shape.delta,
                                 .scale = step});
}

/* As 64-bit floating point numbers: of any size, exact. */
static size_t add_exact(PageSections *s, const double *values, size_t n)
{
        _cleanup_(buffer_done) Buffer bytes = {0};

        if (buffer_reserve(&bytes, n * sizeof *values) < 0) {
                s->error = -ENOMEM;
                return 0;
        }
        for (size_t i = 0; i < n; i++) {
                uint64_t cell;
                memcpy(&cell, &values[i], sizeof cell);
                put(&bytes, (uint32_t)cell, 4);
                put(&bytes, (uint32_t)(cell >> 32), 4);
        }
        return add(s, bytes.data, bytes.size, (PageSection){.count = n, .type = PAGE_F64, .scale = 1});
}

size_t page_sections_add(PageSections *s, const double *values, size_t n, double step)
{
        double largest = 0;

        for (size_t i = 0; i < n; i++)
                if (!isnan(values[i]))
                        largest = MAX(largest, fabs(values[i]));
        if (step <= 0)
                step = largest > 0 ? choose_step(values, n, largest) : 1;
        Shape shape = choose_shape(values, n, step);
        return shape.fits ? add_whole(s, values, n, step, shape) : add_exact(s, values, n);
}

size_t page_sections_add_u32(PageSections *s, const uint32_t *values, size_t n, size_t width)
{
        static const PageType types[] = {[1] = PAGE_U8, [2] = PAGE_U16, [4] = PAGE_U32};
        _cleanup_(buffer_done) Buffer bytes = {0};

        if (buffer_reserve(&bytes, n * width) < 0) {
                s->error = -ENOMEM;
                return 0;
        }
        for (size_t i = 0; i < n; i++)
                put(&bytes, values[i], width);
        return add(s, bytes.data, bytes.size, (PageSection){.count = n, .type = types[width], .scale = 1});
}

/* ---- texts ---- */

void page_text_add(String *to, const char *text, size_t size)
{
        _cleanup_(buffer_done) Buffer repaired = {0};
        size_t plain = 0;

        if (!utf8_valid(text, size)) {
                if (utf8_repair(&repaired, text, size) < 0)
                        to->failed = true;
                text = (const char *)repaired.data;
                size = repaired.size;
        }
        for (size_t i = 0; i < size; i++) {
                if (text[i] != '\n' && text[i] != '\\')
                        continue;
                string_add_bytes(to, text + plain, i - plain);
                string_add(to, text[i] == '\n' ? "\\n" : "\\\\");
                plain = i + 1;
        }
        if (size > plain)
                string_add_bytes(to, text + plain, size - plain);
        string_add_char(to, '\n');
}

size_t page_sections_add_text(PageSections *s, const String *texts, size_t n)
{
        if (texts->failed)
                s->error = -ENOMEM;
        return add(s, string_get(texts), texts->size, (PageSection){.count = n, .type = PAGE_TEXT, .scale = 1});
}

/* ---- out ---- */

void page_sections_write_json(const PageSections *s, String *to)
{
        string_add(to, "[");
        for (size_t i = 0; i < s->n; i++) {
                const PageSection *p = &s->items[i];
                string_add_format(to, "%s{\"offset\":%zu,\"size\":%zu,\"codec\":\"%s\",\"type\":\"%s\",\"count\":%zu,"
                                      "\"delta\":%s,\"scale\":%.17g}",
                                  i > 0 ? "," : "", p->offset, p->size, p->deflated ? "deflate" : "plain",
                                  type_names[p->type], p->count, p->delta ? "true" : "false", p->scale);
        }
        string_add(to, "]");
}

int page_sections_write_base64(const PageSections *s, String *to)
{
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        const uint8_t *data = s->data.data;
        size_t n = s->data.size;
        char line[4096];
        size_t used = 0;

        for (size_t i = 0; i < n; i += 3) {
                uint32_t three = (uint32_t)data[i] << 16 | (i + 1 < n ? (uint32_t)data[i + 1] << 8 : 0) |
                                 (i + 2 < n ? data[i + 2] : 0);
                line[used++] = digits[three >> 18];
                line[used++] = digits[three >> 12 & 63];
                line[used++] = i + 1 < n ? digits[three >> 6 & 63] : '=';
                line[used++] = i + 2 < n ? digits[three & 63] : '=';
                if (used == sizeof line) {
                        string_add_bytes(to, line, used);
                        used = 0;
                }
        }
        string_add_bytes(to, line, used);
        return to->failed ? -ENOMEM : 0;
}
