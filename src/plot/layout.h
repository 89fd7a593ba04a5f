/* Texts and labels on a page: how wide they are, cut to fit, moved apart. Pure functions. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* The width of a text in DejaVu Sans of a size, in its unit. What other fonts are drawn in is hardly
 * wider. Text must be valid UTF-8. */
double text_span(const char *text, double size, bool bold);

/* Appends the text made safe (string_add_shown), at most 512 columns of it. */
void text_clean(String *to, const char *text);

/* The same, cut in the middle so that it is at most `width` wide. */
void text_fit(String *to, const char *text, double size, bool bold, double width);

/* Moves n places, in the order of `at`, so that neighbours are at least `apart` and all lie within
 * [low, high], each as near to where it was as that allows. Returns how many there is room for; those
 * beyond are not moved. */
size_t labels_spread(double *at, size_t n, double apart, double low, double high);

/* A band between top[i] and bottom[i] (px downwards) over n columns: where `wide` columns side by side
 * leave the most room, if that is at least `height`. Returns false if it is nowhere. */
bool band_find_room(const double *top, const double *bottom, size_t n, size_t wide, double height, size_t *ret_at,
                    double *ret_middle);
