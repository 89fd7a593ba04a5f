/*
 * The page's binary part (docs/page-data.md): columns of numbers and texts, each a section of its own,
 * rounded as little as its kind asks for, as differences where those are shorter, deflated. Equal
 * sections are kept once.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "report/page-deflate.h"

typedef enum PageType { PAGE_U8, PAGE_U16, PAGE_U32, PAGE_I32, PAGE_F64, PAGE_TEXT } PageType;

typedef struct PageSection {
        size_t offset, size; /* bytes in `data` */
        size_t count;
        PageType type;
        bool deflated, delta;
        double scale;
        uint64_t hash; /* of what it holds */
        size_t plain;  /* bytes when inflated */
} PageSection;

typedef struct PageSections {
        PageSection *items;
        size_t n, capacity;
        Buffer data;
        PageDeflate *deflate; /* NULL: plain */
        struct Map *by_hash;
        int error; /* the first failure: later calls do nothing, their result is 0 */
} PageSections;

int page_sections_init(PageSections *sections); /* 0 or -ENOMEM */
void page_sections_done(PageSections *sections);

/* A column of numbers, NAN unknown; the result is the section's index. `step`: what they are rounded to,
 * or 0: a 65,000th of the largest, unless they are whole anyway. Wider than i32 holds: not rounded. */
size_t page_sections_add(PageSections *sections, const double *values, size_t n, double step);

/* Whole numbers as they are, in `width` bytes: 1, 2 or 4. All bits set: unknown. */
size_t page_sections_add_u32(PageSections *sections, const uint32_t *values, size_t n, size_t width);

/* n texts as one: page_text_add made it. */
size_t page_sections_add_text(PageSections *sections, const String *texts, size_t n);

/* Appends one text of a section: UTF-8 (wrong bytes become U+FFFD), newlines and backslashes escaped. */
void page_text_add(String *to, const char *text, size_t size);

/* Takes the sections from `n` on away again. */
void page_sections_truncate(PageSections *sections, size_t n);

/* "[{…},…]", and the data as base64. */
void page_sections_write_json(const PageSections *sections, String *to);
int page_sections_write_base64(const PageSections *sections, String *to);
