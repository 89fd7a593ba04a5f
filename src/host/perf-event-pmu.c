/* Events of units that the kernel lists in /sys/bus/event_source/devices (PMUs): what a unit calls its
 * fields is in format/, its events in events/. Documentation/ABI/testing/sysfs-bus-event_source-devices-*. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"
#include "host/perf-event.h"
#include "host/sysfs-value.h"

#define UNITS "sys/bus/event_source/devices"

enum { PATH_SIZE = 512, TERMS_SIZE = 256, TERM_MAX = 64 };

bool perf_event_place(const char *format, uint64_t value, uint64_t config[3])
{
        static const char *const names[] = {"config:", "config1:", "config2:"};
        size_t which = 0;
        uint64_t placed = 0;

        while (which < 3 && !text_starts_with(format, names[which]))
                which++;
        if (which == 3)
                return false;
        const char *p = format + strlen(names[which]), *end = p + strlen(p);
        for (;;) {
                uint64_t first, last;
                if (scan_u64(&p, end, &first) < 0)
                        return false;
                last = first;
                if (p < end && *p == '-') {
                        p++;
                        if (scan_u64(&p, end, &last) < 0)
                                return false;
                }
                if (last < first || last > 63)
                        return false;
                for (uint64_t bit = first; bit <= last; bit++, value >>= 1)
                        placed |= (value & 1) << bit;
                if (p < end && *p == ',')
                        p++;
                else
                        break;
        }
        if (p != end || value != 0)
                return false;
        config[which] |= placed;
        return true;
}

/* A file's name, and nothing that leads elsewhere. */
static bool is_name(const char *text)
{
        size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.");

        return n > 0 && n < TERM_MAX && text[n] == '\0' && text[0] != '.';
}

static ssize_t unit_text(const Host *host, const char *unit, const char *folder, const char *file,
                         char *buffer, size_t size)
{
        char path[PATH_SIZE];

        snprintf(path, sizeof path, UNITS "/%s/%s%s", unit, folder, file);
        return sysfs_text(host, path, buffer, size);
}

static bool parse_number(const char *text, uint64_t *ret)
{
        if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
                return sysfs_parse_hex(text, strlen(text), ret) == 0;
        return parse_u64z(text, ret) == 0;
}

/* "umask=0x1", "inv" (as =1), "config=0x13c". 0, -ENOENT: the unit has no such field, -EINVAL. */
static int take_term(const Host *host, const char *unit, char *term, PerfEvent *event)
{
        char format[128];
        uint64_t value = 1;
        char *equals = strchr(term, '=');

        if (equals) {
                *equals = '\0';
                if (!parse_number(equals + 1, &value))
                        return -EINVAL;
        }
        if (equals && text_equal(term, "config"))
                text_copy(format, sizeof format, "config:0-63");
        else if (equals && text_equal(term, "config1"))
                text_copy(format, sizeof format, "config1:0-63");
        else if (equals && text_equal(term, "config2"))
                text_copy(format, sizeof format, "config2:0-63");
        else if (!is_name(term) ||
                 unit_text(host, unit, "format/", term, format, sizeof format) <= 0)
                return -ENOENT;
        return perf_event_place(format, value, event->config) ? 0 : -EINVAL;
}

static void take_scale(const Host *host, const char *unit, const char *name, PerfEvent *event)
{
        char file[TERM_MAX + 8], text[64];
        double scale;

        snprintf(file, sizeof file, "%s.scale", name);
        if (unit_text(host, unit, "events/", file, text, sizeof text) > 0 &&
            parse_doublez(text, &scale) == 0)
                event->scale = scale;
        snprintf(file, sizeof file, "%s.unit", name);
        if (unit_text(host, unit, "events/", file, event->unit, sizeof event->unit) < 0)
                event->unit[0] = '\0';
}

/* `terms` is changed. named: the names of events may be in it, too. */
static int take_terms(const Host *host, const char *unit, char *terms, bool named, PerfEvent *event)
{
        for (char *term = terms, *next; term; term = next) {
                char of_event[TERMS_SIZE];
                next = strchr(term, ',');
                if (next)
                        *next++ = '\0';
                if (named && is_name(term) &&
                    unit_text(host, unit, "events/", term, of_event, sizeof of_event) > 0) {
                        int r = take_terms(host, unit, of_event, false, event);
                        if (r < 0)
                                return r;
                        take_scale(host, unit, term, event);
                        continue;
                }
                int r = take_term(host, unit, term, event);
                if (r < 0)
                        return r;
        }
        return 0;
}

int perf_event_of_unit(const Host *host, const char *unit, const char *terms, PerfEvent *ret,
                       Error *why)
{
        char path[PATH_SIZE], copy[TERMS_SIZE];
        uint64_t type;

        snprintf(path, sizeof path, UNITS "/%s/type", unit);
        if (!is_name(unit) || sysfs_u64(host, path, &type) < 0 || type > UINT32_MAX)
                return error_set(why, EINVAL, "perf: there is no unit %s; expected one of "
                                              "/sys/bus/event_source/devices", unit);
        ret->type = (uint32_t)type;
        if (!text_copy(copy, sizeof copy, terms))
                return error_set(why, EINVAL, "perf: %s is too long", ret->name);
        int r = take_terms(host, unit, copy, true, ret);
        if (r < 0)
                return error_set(why, EINVAL, "perf: %s: the unit %s has no such event; expected one of "
                                              "events/ and format/ in /sys/bus/event_source/devices/%s",
                                 ret->name, unit, unit);
        ret->of_machine = unit_text(host, unit, "", "cpumask", ret->cpus, sizeof ret->cpus) > 0;
        if (!ret->of_machine)
                ret->cpus[0] = '\0';
        return 0;
}
