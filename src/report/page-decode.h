/* For tests: the sections of a page, as a browser reads them. */
#pragma once

#include <stddef.h>
#include <jansson.h>

#include "base/buffer.h"

/* Decodes base64 text without blanks. 0 or -EBADMSG, -ENOMEM. */
int page_decode_base64(const char *text, size_t size, Buffer *to);

/* Section `i` of the page's JSON as numbers (NAN unknown; owned, *ret_n of them), or NULL if it is wrong. */
double *page_decode_numbers(const json_t *page, const Buffer *data, size_t i, size_t *ret_n);

/* The same as texts: n NUL-terminated ones in an owned array, ended by NULL. */
char **page_decode_texts(const json_t *page, const Buffer *data, size_t i, size_t *ret_n);
void page_decode_texts_free(char **texts);
