/* Laying out the text report: labelled lines within a width, escape sequences where wanted. */
#pragma once

#include "report/report-data.h"

enum {
        PAGE_LABEL = 12, /* column at which values begin */
        PAGE_LEAST = 60, /* a narrower terminal wraps by itself */
};

typedef enum PageStyle { PAGE_PLAIN, PAGE_DIM, PAGE_GREEN, PAGE_YELLOW, PAGE_RED } PageStyle;

typedef struct Page {
        const ReportData *data;
        String *out;
        bool color, ascii;
        size_t columns;
} Page;

void page_begin_style(Page *page, PageStyle style);
void page_end_style(Page *page, PageStyle style);

/* "  label     ", dim (or styled); "" continues the line above. */
void page_label(Page *page, const char *label, PageStyle style);

/* A labelled value made safe and wrapped at blanks into as many as max_lines lines, the last
 * cut if need be. */
void page_text(Page *page, const char *label, PageStyle style, const char *text, size_t max_lines);

size_t page_room(const Page *page); /* columns right of the label */

/* Spaces up to a width, if the text is narrower. */
void page_pad(Page *page, const char *text, size_t width);
