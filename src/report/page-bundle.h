/* The page's script and style, made of web/ when this was built (scripts/embed.sh). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct PageBundle {
        const char *script, *style;           /* "" : built without */
        size_t script_size, style_size;
        const char *script_hash, *style_hash; /* base64 of their SHA-256, for the Content-Security-Policy */
} PageBundle;

extern const PageBundle page_bundle;
