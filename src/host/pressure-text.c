/* "some avg10=0.17 avg60=0.95 avg300=6.68 total=2623846266". */
#include "host/pressure-text.h"

#include <errno.h>
#include <string.h>

#include "base/text-part.h"
#include "base/text.h"

/* Takes " NAME=FIGURE" off *text; the figure's bounds. */
static bool next_figure(const char **text, const char *end, const char *name, const char **ret,
                        size_t *ret_size)
{
        size_t n = strlen(name);
        const char *at = *text;

        if (at == end || *at++ != ' ' || (size_t)(end - at) <= n || memcmp(at, name, n) != 0 ||
            at[n] != '=')
                return false;
        *ret = at += n + 1;
        while (at < end && *at != ' ')
                at++;
        *ret_size = (size_t)(at - *ret);
        *text = at;
        return true;
}

static bool next_percent(const char **text, const char *end, const char *name, double *ret)
{
        const char *figure;
        size_t size;

        return next_figure(text, end, name, &figure, &size) && parse_double(figure, size, ret) == 0;
}

static bool parse_line(const char *at, const char *end, PressureLine *ret)
{
        PressureLine line = {.known = true};
        const char *figure;
        size_t size;

        if (!next_percent(&at, end, "avg10", &line.avg10) ||
            !next_percent(&at, end, "avg60", &line.avg60) ||
            !next_percent(&at, end, "avg300", &line.avg300) ||
            !next_figure(&at, end, "total", &figure, &size) ||
            parse_u64(figure, size, &line.total_us) < 0)
                return false;
        *ret = line;
        return true;
}

int pressure_parse(const char *text, size_t size, Pressure *ret)
{
        const char *end = text + size;
        Pressure pressure = {0};

        for (TextPart line; text_next_line(&text, end, &line);)
                if (text_part_begins(line, "some "))
                        parse_line(line.text + 4, line.text + line.size, &pressure.some);
                else if (text_part_begins(line, "full "))
                        parse_line(line.text + 4, line.text + line.size, &pressure.full);
        if (!pressure.some.known && !pressure.full.known)
                return -EBADMSG;
        *ret = pressure;
        return 0;
}
