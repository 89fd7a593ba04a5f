/* JSON objects, one after another or in one array, as rows of named values. */
#pragma once

#include "base/buffer.h"
#include "export/char-source.h"

typedef enum JsonKind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_TEXT, JSON_NESTED } JsonKind;

typedef struct JsonField {
        size_t name, name_size; /* in JsonRow.text */
        size_t text, size; /* numbers, booleans and nested values as written; texts decoded */
        JsonKind kind;
        CharPlace place;
} JsonField;

typedef struct JsonRow {
        Buffer text;
        JsonField *fields; /* owned */
        size_t n_fields, capacity;
        enum { JSON_BETWEEN_LINES, JSON_ARRAY_BEGUN, JSON_ARRAY_MORE, JSON_ARRAY_ENDED } state;
        bool begun;
} JsonRow;

void json_row_done(JsonRow *row);

/* The next object: 1; 0 at the end; negative as csv_scan_record. Start with a zeroed row. */
int json_scan_row(CharSource *source, JsonRow *row, Error *err);
