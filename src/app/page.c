/* Wrapping and labels; what is said is the caller's. */
#include "app/page.h"

#include <string.h>
#include <unistd.h>


bool page_colour(void)
{
        return terminal_of(STDOUT_FILENO).color;
}

void page_add_blanks(String *to, size_t n)
{
        string_add_format(to, "%*s", (int)n, "");
}

void page_add_verdict(Page *page, TextStyle style, const char *text)
{
        string_begin_style(page->to, page->colour, style);
        page_add_words(page->to, text, 0, 0);
        page->to->size -= page->to->size > 0; /* the style ends before the line does */
        string_end_style(page->to, page->colour, style);
        string_add_char(page->to, '\n');
}

void page_add_dim(Page *page, const char *text)
{
        string_add_styled(page->to, page->colour, STYLE_DIM, text);
}

void page_add_label(Page *page)
{
        size_t n = text_width(page->label);

        string_add(page->to, "  ");
        if (n > 0)
                page_add_dim(page, page->label);
        page_add_blanks(page->to, n + 2 < page->indent ? page->indent - n - 2 : 1);
        page->label = "";
}

void page_add_words(String *to, const char *text, size_t column, size_t indent)
{
        bool first = true;

        while (*text) {
                text += strspn(text, " ");
                size_t n = strcspn(text, " ");
                String word = {0};
                if (n == 0)
                        break;
                string_add_bytes(&word, text, n);
                size_t width = text_width(string_get(&word));
                if (!first && column + 1 + width > PAGE_WIDTH) {
                        string_add_char(to, '\n');
                        page_add_blanks(to, indent);
                        column = indent;
                } else if (!first) {
                        string_add_char(to, ' ');
                        column++;
                }
                string_add_shown(to, string_get(&word), 0, false);
                column += width;
                first = false;
                string_done(&word);
                text += n;
        }
        /* Nothing to say: no blanks before the end of the line. */
        while (first && to->size > 0 && to->text[to->size - 1] == ' ')
                to->text[--to->size] = '\0';
        string_add_char(to, '\n');
}

void page_add_line(Page *page, const char *text)
{
        page_add_label(page);
        page_add_words(page->to, text, page->indent, page->indent);
}
