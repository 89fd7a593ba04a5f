/*
 * Markdown for pages of CI systems and comments on changes (GitHub Flavored Markdown, which GitLab and
 * Gitea read, too): a bounded number of lines, and strangers' text that can be no markup.
 *
 * Text becomes entities wherever CommonMark could read a mark in it; in code (<code>…</code>) GitHub
 * turns no word into a link or a mention either. Control bytes, invalid UTF-8 and
 * bidi overrides become '?', as for a terminal.
 */
#pragma once

#include "base/text.h"

typedef struct Markdown {
        String *out; /* borrowed */
        size_t most; /* lines there may be, with the one that says how many were left out; 0: no bound */
        size_t lines;
        size_t left_out; /* rows for which markdown_has_room said no */
} Markdown;

/* Each of at most `columns` of a terminal, cut in the middle; 0: whole. */
void markdown_add_text(Markdown *m, const char *text, size_t columns);
void markdown_add_code(Markdown *m, const char *text, size_t columns); /* nothing for "" */

/* Ours, as it stands: marks of Markdown. */
void markdown_add_raw(Markdown *m, const char *text);
void markdown_end_line(Markdown *m);

/* A paragraph or an item of a list: what stands before and behind is ours. One line. */
void markdown_add_line(Markdown *m, const char *before, const char *text, const char *behind);

/* A row: '|', then cells, then markdown_end_line. */
void markdown_begin_row(Markdown *m);
void markdown_add_cell(Markdown *m, const char *text);
void markdown_add_code_cell(Markdown *m, const char *text, size_t columns);

/* A table's head; marks: "lrr", a letter a column, left or right aligned. */
void markdown_add_head(Markdown *m, const char *const *titles, const char *marks);

/* Lines of text in a block that nothing in them can end. Its lines are counted. */
void markdown_add_block(Markdown *m, const char *text);

/* Whether so many lines more leave room for the last ones; else counted as left out. */
bool markdown_has_room(Markdown *m, size_t lines);
