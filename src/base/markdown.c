/* What could be read as a mark is written as a numeric character reference. */
#include "base/markdown.h"

#include <string.h>

enum { CELL_COLUMNS = 60, LINE_COLUMNS = 400, LAST_LINES = 3 };

/* A colon makes links of addresses; before a blank it does not. */
static bool is_mark(const char *at)
{
        if (*at == ':')
                return at[1] != ' ' && at[1] != '\0';
        return strchr("|`<>&*_[]\\~#@!$\"'", *at) != NULL;
}

static void add_escaped(Markdown *m, const char *text, size_t columns)
{
        _cleanup_string_ String shown = {0};

        string_add_shown(&shown, text, columns, false);
        for (const char *at = string_get(&shown); *at; at++)
                if (is_mark(at))
                        string_add_format(m->out, "&#%d;", *at);
                else
                        string_add_char(m->out, *at);
        m->out->failed |= shown.failed;
}

void markdown_add_text(Markdown *m, const char *text, size_t columns)
{
        add_escaped(m, text, columns);
}

void markdown_add_code(Markdown *m, const char *text, size_t columns)
{
        if (!*text)
                return;
        string_add(m->out, "<code>");
        add_escaped(m, text, columns);
        string_add(m->out, "</code>");
}

void markdown_add_raw(Markdown *m, const char *text)
{
        string_add(m->out, text);
}

void markdown_end_line(Markdown *m)
{
        string_add_char(m->out, '\n');
        m->lines++;
}

void markdown_add_line(Markdown *m, const char *before, const char *text, const char *behind)
{
        string_add(m->out, before);
        add_escaped(m, text, LINE_COLUMNS);
        string_add(m->out, behind);
        markdown_end_line(m);
}

void markdown_begin_row(Markdown *m)
{
        string_add_char(m->out, '|');
}

void markdown_add_cell(Markdown *m, const char *text)
{
        string_add_char(m->out, ' ');
        add_escaped(m, text, CELL_COLUMNS);
        string_add(m->out, " |");
}

void markdown_add_code_cell(Markdown *m, const char *text, size_t columns)
{
        string_add_char(m->out, ' ');
        markdown_add_code(m, text, columns);
        string_add(m->out, " |");
}

void markdown_add_head(Markdown *m, const char *const *titles, const char *marks)
{
        markdown_begin_row(m);
        for (size_t i = 0; marks[i]; i++)
                markdown_add_cell(m, titles[i]);
        markdown_end_line(m);
        markdown_begin_row(m);
        for (size_t i = 0; marks[i]; i++)
                string_add(m->out, marks[i] == 'r' ? "--:|" : ":--|");
        markdown_end_line(m);
}

/* One more than any run of backticks in it. */
static size_t fence_length(const char *text)
{
        size_t most = 2, run = 0;

        for (; *text; text++) {
                run = *text == '`' ? run + 1 : 0;
                most = run > most ? run : most;
        }
        return most + 1;
}

static void add_fence(Markdown *m, size_t length, const char *behind)
{
        for (size_t i = 0; i < length; i++)
                string_add_char(m->out, '`');
        string_add(m->out, behind);
        markdown_end_line(m);
}

void markdown_add_block(Markdown *m, const char *text)
{
        size_t fence = fence_length(text);

        add_fence(m, fence, "text");
        while (*text) {
                size_t n = strcspn(text, "\n");
                _cleanup_string_ String line = {0};
                string_add_bytes(&line, text, n);
                string_add_shown(m->out, string_get(&line), 0, false);
                m->out->failed |= line.failed;
                markdown_end_line(m);
                text += n + (text[n] == '\n');
        }
        add_fence(m, fence, "");
}

bool markdown_has_room(Markdown *m, size_t lines)
{
        if (m->most == 0 || m->lines + lines + LAST_LINES <= m->most)
                return true;
        m->left_out++;
        return false;
}
