/* Values as CSV and JSON show them, and back: exact both ways. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table/batch.h"

typedef enum ValueKind {
        VALUE_TEXT,
        VALUE_INTEGER, /* fits an i64, or a u64 */
        VALUE_DECIMAL,
        VALUE_BOOL,
        VALUE_TIME,
} ValueKind;

enum { VALUE_TEXT_MAX = 40 };

/* What a text reads as; for VALUE_INTEGER, VALUE_BOOL and VALUE_TIME *ret_cell is the value as
 * a batch's cell, for VALUE_DECIMAL the bits of the f64. */
ValueKind value_classify(const char *text, size_t size, uint64_t *ret_cell);

/* Only as times: "2026-11-20T10:15:02.123456789Z", also a blank for T, fewer digits, +02:00. */
bool value_parse_time(const char *text, size_t size, int64_t *ret_ns);

/* A cell of any type but text, NUL-terminated; returns its length. Infinite: "inf", "-inf". */
size_t value_format(char buffer[VALUE_TEXT_MAX], ColumnType type, uint64_t cell);

/* ---- a column's type from its values ---- */

typedef struct TypeGuess {
        uint64_t texts, integers, decimals, bools, times;
        bool negative, over_i64, over_f64; /* of the integers; over_f64: more than 53 bits */
} TypeGuess;

void type_guess_add(TypeGuess *guess, ValueKind kind, uint64_t cell, bool negative);
ColumnType type_guess_result(const TypeGuess *guess);

/* The cell of a value of one kind in a column of the type that was guessed. */
uint64_t type_guess_cell(ColumnType type, ValueKind kind, uint64_t cell);

/* The unit that a column's name ends in: _bytes, _ns, _us, _ms. */
Unit unit_of_name(const char *name);
