/* Nothing here wraps by accident: every value is measured in terminal columns. */
#include "report/text-page.h"

#include <string.h>

#include "base/terminal.h"

static const TextStyle looks[] = {[PAGE_PLAIN] = STYLE_PLAIN, [PAGE_DIM] = STYLE_DIM, [PAGE_GREEN] = STYLE_GREEN,
                                  [PAGE_YELLOW] = STYLE_YELLOW, [PAGE_RED] = STYLE_RED};

void page_begin_style(Page *p, PageStyle style)
{
        string_begin_style(p->out, p->color, looks[style]);
}

void page_end_style(Page *p, PageStyle style)
{
        string_end_style(p->out, p->color, looks[style]);
}

void page_label(Page *p, const char *label, PageStyle style)
{
        string_add(p->out, "  ");
        if (*label) {
                page_begin_style(p, style);
                string_add(p->out, label);
                page_end_style(p, style);
        }
        for (size_t n = strlen(label) + 2; n < PAGE_LABEL; n++)
                string_add_char(p->out, ' ');
}

size_t page_room(const Page *p)
{
        return p->columns > PAGE_LABEL + 20 ? p->columns - PAGE_LABEL : 20;
}

void page_pad(Page *p, const char *text, size_t width)
{
        for (size_t n = text_width(text); n < width; n++)
                string_add_char(p->out, ' ');
}

/* A percent sign stays with its figure. */
static bool may_break(const char *at)
{
        return *at == '\0' || (*at == ' ' && at[1] != '%');
}

/* Bytes of the longest start of `text` that ends before a blank and fits; 0 if no word fits. */
static size_t fitting_words(const char *text, size_t columns)
{
        _cleanup_string_ String head = {0};
        size_t best = 0;

        for (size_t i = 1; text[i - 1]; i++) {
                if (!may_break(text + i))
                        continue;
                string_clear(&head);
                string_add_bytes(&head, text, i);
                if (text_width(string_get(&head)) > columns)
                        break;
                best = i;
        }
        return best;
}

void page_text(Page *p, const char *label, PageStyle style, const char *text, size_t max_lines)
{
        _cleanup_string_ String safe = {0};
        size_t room = page_room(p), lines = 0;

        string_add_shown(&safe, text, 0, p->ascii);
        const char *rest = string_get(&safe);
        do {
                size_t n = fitting_words(rest, room);
                page_label(p, lines == 0 ? label : "", style);
                if (++lines == max_lines || n == 0) {
                        string_add_shown(p->out, rest, room, p->ascii);
                        rest = "";
                } else {
                        string_add_bytes(p->out, rest, n);
                        rest += n;
                        while (*rest == ' ')
                                rest++;
                }
                string_add_char(p->out, '\n');
        } while (*rest);
}
