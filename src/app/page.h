/*
 * A page for a person on a terminal: 80 columns, a coloured verdict on top, dim labels in a column
 * on the left, text wrapped beside them. doctor and monitors are such pages.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/terminal.h"

enum { PAGE_WIDTH = 80 };

typedef struct Page {
        String *to;
        bool colour;
        size_t indent;     /* column where text begins, behind the labels */
        const char *label; /* of the next line; "" once it is written. Never NULL */
} Page;

/* On this stdout: base/terminal.h. */
bool page_colour(void);

void page_add_verdict(Page *page, TextStyle style, const char *text);

/* The label, and blanks up to the indent. */
void page_add_label(Page *page);

/* Label, and text wrapped beside it. */
void page_add_line(Page *page, const char *text);

/* Words of text in lines of PAGE_WIDTH, from the column where the cursor is; further lines begin
 * at `indent`. A word that is longer than a line stays whole: it may be a path. Control bytes
 * are made harmless. Ends the line. */
void page_add_words(String *to, const char *text, size_t column, size_t indent);

/* The same in dim, where there is colour: headings. */
void page_add_dim(Page *page, const char *text);

void page_add_blanks(String *to, size_t n);
