/* Texts cut into cells, one parser a format; what a cell is worth is for the listener to say. All
 * are pure functions on text, and take any bytes. */
#include "monitor/declared-internal.h"

#include <errno.h>
#include <string.h>

#include "base/macros.h"

typedef struct Span {
        const char *at;
        size_t size;
} Span;

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static Span trimmed(const char *from, const char *to)
{
        while (from < to && is_blank(*from))
                from++;
        while (to > from && is_blank(to[-1]))
                to--;
        return (Span){from, (size_t)(to - from)};
}

/* ---- lines ---- */

typedef struct Lines {
        const char *at, *end;
        const char *comment; /* "": none */
        size_t comment_size;
} Lines;

static void next_raw(Lines *lines, Span *ret)
{
        const char *newline = memchr(lines->at, '\n', (size_t)(lines->end - lines->at));
        const char *to = newline ? newline : lines->end;

        *ret = (Span){lines->at, (size_t)(to - lines->at)};
        lines->at = newline ? newline + 1 : lines->end;
}

static Lines lines_of(const DeclaredMonitor *d, const char *text, size_t size)
{
        Lines lines = {text, text + size, d->comment ? d->comment : "#", 0};
        Span ignored;

        lines.comment_size = strlen(lines.comment);
        for (size_t i = 0; i < d->skip && lines.at < lines.end; i++)
                next_raw(&lines, &ignored);
        return lines;
}

static bool is_comment(const Lines *lines, Span line)
{
        Span inner = trimmed(line.at, line.at + line.size);

        return lines->comment_size > 0 && inner.size >= lines->comment_size &&
               memcmp(inner.at, lines->comment, lines->comment_size) == 0;
}

static bool is_empty(Span line)
{
        return trimmed(line.at, line.at + line.size).size == 0;
}

/* The next line that says something; false at the end. */
static bool next_line(Lines *lines, bool comments_too, Span *ret)
{
        while (lines->at < lines->end) {
                next_raw(lines, ret);
                if (!is_empty(*ret) && (comments_too || !is_comment(lines, *ret)))
                        return true;
        }
        return false;
}

static size_t indent_of(Span line)
{
        size_t n = 0;

        while (n < line.size && is_blank(line.at[n]))
                n++;
        return n;
}

/* ---- key-value ---- */

/* Where the key ends and the value begins. */
typedef struct Pair {
        Span key, value;
} Pair;

static Pair pair_of(Span line, const char *key_end, const char *value)
{
        return (Pair){trimmed(line.at, key_end), trimmed(value, line.at + line.size)};
}

static bool has_blank(Span text)
{
        for (size_t i = 0; i < text.size; i++)
                if (is_blank(text.at[i]))
                        return true;
        return false;
}

/* requests{code="200"} 7: blanks and signs within the braces are of the key. */
static const char *after_braces(Span line)
{
        const char *end = line.at + line.size, *p = line.at;
        bool quoted = false;

        while (p < end && *p != '{' && !is_blank(*p) && *p != ':' && *p != '=')
                p++;
        if (p == end || *p != '{' || p == line.at)
                return NULL;
        for (; p < end; p++) {
                if (*p == '\\' && quoted)
                        p++;
                else if (*p == '"')
                        quoted = !quoted;
                else if (*p == '}' && !quoted)
                        return p + 1;
        }
        return NULL;
}

/* "key: value" or "key = value" or "key=value", whichever comes first. A sign inside of a word
 * whose line has blanks before it is of the value: "started 12:30:01". */
static bool split_at_sign(Span line, Pair *ret)
{
        const char *end = line.at + line.size;

        for (const char *p = line.at + 1; p < end; p++) {
                bool alone = p + 1 == end || is_blank(p[1]);
                if (*p != '=' && !(*p == ':' && alone))
                        continue;
                if (!alone && has_blank(trimmed(line.at, p)))
                        return false;
                *ret = pair_of(line, p, p + 1);
                return true;
        }
        return false;
}

/* "key:12": only where the rest is a number. */
static bool split_at_colon(Span line, Pair *ret)
{
        const char *colon = memchr(line.at, ':', line.size);
        Figure figure;

        if (!colon || colon == line.at)
                return false;
        *ret = pair_of(line, colon, colon + 1);
        figure_parse(ret->value.at, ret->value.size, &figure);
        return !has_blank(ret->key) && figure.kind != FIGURE_WORDS && figure.kind != FIGURE_NULL;
}

/* False: it is no pair; then ret->key is the whole line. */
static bool split_pair(const DeclaredMonitor *d, Span line, Pair *ret)
{
        const char *end = line.at + line.size, *p;

        *ret = (Pair){line, {end, 0}};
        if (d->separator) {
                p = memchr(line.at, d->separator[0], line.size);
                if (p)
                        *ret = pair_of(line, p, p + 1);
                return p && ret->key.size > 0;
        }
        p = after_braces(line);
        if (p) {
                *ret = pair_of(line, p, p < end && (*p == ':' || *p == '=') ? p + 1 : p);
                return true;
        }
        if (split_at_sign(line, ret) || split_at_colon(line, ret))
                return true;
        for (p = line.at; p < end && !is_blank(*p);)
                p++;
        *ret = pair_of(line, p, p);
        return p < end;
}

typedef struct Section {
        Span name;
        size_t indent; /* a line not deeper than this ends it */
        bool open;     /* "[name]": only another one ends it */
} Section;

static bool is_bracketed(Span line)
{
        return line.size > 2 && line.at[0] == '[' && line.at[line.size - 1] == ']';
}

/* "name:" or "name" alone, with a deeper line below. */
static bool opens_section(const Lines *lines, Span line, const Pair *pair)
{
        Lines ahead = *lines;
        Span below;

        return pair->value.size == 0 && next_line(&ahead, false, &below) &&
               indent_of(below) > indent_of(line);
}

static void enter(Section *section, Span name, size_t indent, bool open)
{
        *section = (Section){name, indent, open};
}

static int parse_pairs(const DeclaredParser *parser, const char *text, size_t size,
                       const DeclaredListener *listener)
{
        Lines lines = lines_of(parser->declaration, text, size);
        Section section = {0};
        size_t place = 0;
        Span line;
        int r = listener->row(listener->data);

        while (r == 0 && next_line(&lines, false, &line)) {
                Span inner = trimmed(line.at, line.at + line.size);
                Pair pair;
                if (is_bracketed(inner)) {
                        enter(&section, (Span){inner.at + 1, inner.size - 2}, 0, true);
                        continue;
                }
                if (!section.open && section.name.size > 0 && indent_of(line) <= section.indent)
                        section = (Section){0};
                bool is_pair = split_pair(parser->declaration, inner, &pair);
                if (opens_section(&lines, line, &pair)) {
                        enter(&section, pair.key, indent_of(line), false);
                        continue;
                }
                if (!is_pair)
                        continue;
                DeclaredCell cell = {
                        .place = place++,
                        .section = section.name.at,
                        .section_size = section.name.size,
                        .name = pair.key.at,
                        .name_size = pair.key.size,
                        .value = pair.value.at,
                        .size = pair.value.size,
                };
                r = listener->cell(listener->data, &cell);
        }
        return r;
}

/* ---- number ---- */

static int parse_number(const DeclaredParser *parser, const char *text, size_t size,
                        const DeclaredListener *listener, Error *err)
{
        Lines lines = lines_of(parser->declaration, text, size);
        Figure figure;
        Span line;

        if (!next_line(&lines, false, &line))
                return error_set(err, EBADMSG, "empty; expected a number");
        figure_parse(line.at, line.size, &figure);
        if (figure.kind == FIGURE_WORDS)
                return error_set(err, EBADMSG, "'%.*s' is no number", (int)MIN(figure.size, 40u),
                                 figure.text);
        int r = listener->row(listener->data);
        if (r < 0)
                return r;
        DeclaredCell cell = {.value = line.at, .size = line.size};
        return listener->cell(listener->data, &cell);
}

/* ---- table ---- */

/* Takes the next field off the line; false at its end. */
static bool next_field(const char *separator, const char **at, const char *end, Span *ret)
{
        const char *p = *at;

        if (!separator) {
                while (p < end && is_blank(*p))
                        p++;
                const char *from = p;
                while (p < end && !is_blank(*p))
                        p++;
                *at = p;
                *ret = (Span){from, (size_t)(p - from)};
                return p > from;
        }
        if (p > end)
                return false;
        const char *from = p;
        while (p < end && is_blank(*p) && *p != separator[0])
                p++;
        if (p < end && *p == '"') /* up to the quote that no other follows */
                for (p++; p < end && !(*p == '"' && (p + 1 == end || p[1] != '"')); p++)
                        if (*p == '"')
                                p++;
        while (p < end && *p != separator[0])
                p++;
        p = MIN(p, end);
        *ret = trimmed(from, p);
        *at = p + 1; /* one behind the end: no more */
        return true;
}

typedef struct Header {
        Span names[DECLARED_COLUMNS_MAX];
        size_t n;
} Header;

/* `free` and /proc/interrupts: the heads of lines have no heading, but a colon. */
static bool has_heads(const Lines *lines, Span header)
{
        Lines ahead = *lines;
        Span line, first;
        const char *at;

        if (!next_line(&ahead, false, &line) || indent_of(header) <= indent_of(line))
                return false;
        at = line.at;
        return next_field(NULL, &at, line.at + line.size, &first) && first.size > 1 &&
               first.at[first.size - 1] == ':';
}

static bool read_header(const DeclaredMonitor *d, Lines *lines, Header *header)
{
        Span line, field;

        header->n = 0;
        if (!next_line(lines, true, &line))
                return false;
        if (!d->separator && has_heads(lines, line))
                header->names[header->n++] = (Span){"name", 4};
        Span inner = trimmed(line.at, line.at + line.size);
        if (is_comment(lines, line)) {
                inner.at += lines->comment_size;
                inner.size -= lines->comment_size;
        }
        const char *at = inner.at;
        while (header->n < DECLARED_COLUMNS_MAX &&
               next_field(d->separator, &at, inner.at + inner.size, &field))
                header->names[header->n++] = field;
        return true;
}

static int parse_row(const char *separator, Span line, const Header *header,
                     const DeclaredListener *listener)
{
        const char *at = line.at;
        Span field;
        int r = listener->row(listener->data);

        for (size_t i = 0; r == 0 && i < DECLARED_COLUMNS_MAX &&
                           next_field(separator, &at, line.at + line.size, &field); i++) {
                DeclaredCell cell = {.place = i, .value = field.at, .size = field.size};
                if (i < header->n) {
                        cell.name = header->names[i].at;
                        cell.name_size = header->names[i].size;
                }
                r = listener->cell(listener->data, &cell);
        }
        return r;
}

static int parse_table(const DeclaredParser *parser, const char *text, size_t size,
                       const DeclaredListener *listener, bool *ret_cut)
{
        const DeclaredMonitor *d = parser->declaration;
        Lines lines = lines_of(d, text, size);
        Header header = {.n = 0};
        size_t rows = 0;
        Span line;
        int r = 0;

        if (!d->no_header && !read_header(d, &lines, &header))
                return 0;
        while (r == 0 && next_line(&lines, false, &line)) {
                if (rows++ == DECLARED_ROWS_MAX) {
                        *ret_cut = true;
                        break;
                }
                r = parse_row(d->separator, line, &header, listener);
        }
        return r;
}

/* ---- regular expressions ---- */

enum { GROUPS_MAX = DECLARED_COLUMNS_MAX };

typedef struct Matching {
        const Regex *regex;
        const char *text;
        const DeclaredListener *listener;
        RegexSpan spans[GROUPS_MAX + 1];
        size_t n; /* of spans */
        bool told[GROUPS_MAX + 1]; /* without rows: this group has its value */
        bool once;
} Matching;

static int tell_groups(Matching *m)
{
        int r = 0;

        for (size_t g = 1; r == 0 && g < m->n; g++) {
                const char *name = regex_group_name(m->regex, g);
                if (!name || m->spans[g].begin == SIZE_MAX || (m->once && m->told[g]))
                        continue;
                m->told[g] = true;
                DeclaredCell cell = {
                        .place = g,
                        .name = name,
                        .name_size = strlen(name),
                        .value = m->text + m->spans[g].begin,
                        .size = m->spans[g].end - m->spans[g].begin,
                };
                r = m->listener->cell(m->listener->data, &cell);
        }
        return r;
}

static bool all_told(const Matching *m)
{
        for (size_t g = 1; g < m->n; g++)
                if (!m->told[g] && regex_group_name(m->regex, g))
                        return false;
        return true;
}

static int parse_matches(const DeclaredParser *parser, const char *text, size_t size,
                         const DeclaredListener *listener, bool *ret_cut, Error *err)
{
        Matching m = {.regex = parser->regex, .text = text, .listener = listener,
                      .once = !parser->regex_rows};
        size_t from = 0, matches = 0;
        int r = m.once ? listener->row(listener->data) : 0;

        m.n = MIN(regex_groups(parser->regex), (size_t)GROUPS_MAX) + 1;
        while (r == 0 && !(m.once && all_told(&m))) {
                int found = regex_find(m.regex, text, size, from, m.spans, m.n);
                if (found < 0)
                        return error_set(err, E2BIG, "the pattern takes too long on it");
                if (found == 0)
                        break;
                if (matches++ == DECLARED_ROWS_MAX) {
                        *ret_cut = true;
                        break;
                }
                if (!m.once)
                        r = listener->row(listener->data);
                if (r == 0)
                        r = tell_groups(&m);
                /* An empty match moves on by hand. */
                bool empty = m.spans[0].end <= MAX(m.spans[0].begin, from);
                from = MAX(m.spans[0].end, from) + empty;
        }
        return r;
}

int declared_parse(const DeclaredParser *parser, const char *text, size_t size,
                   const DeclaredListener *listener, bool *ret_cut, Error *err)
{
        *ret_cut = false;
        switch (parser->declaration->format) {
        case DECLARED_NUMBER:
                return parse_number(parser, text, size, listener, err);
        case DECLARED_TABLE:
                return parse_table(parser, text, size, listener, ret_cut);
        case DECLARED_REGEX:
                return parse_matches(parser, text, size, listener, ret_cut, err);
        case DECLARED_KEY_VALUE:
        default:
                return parse_pairs(parser, text, size, listener);
        }
}
