/*
 * The part of a Schema that Parquet has no words for, as JSON in the file's key-value metadata:
 * {"table":"samples","columns":[{"role":"key","unit":"ns"},…]}, columns in order. A role that is
 * left out is "gauge", a unit left out none.
 */
#pragma once

#include "base/text.h"
#include "table/schema.h"

#define SCHEMA_JSON_KEY "vigia.schema"

void schema_json_write(String *to, const Schema *schema);

/* Applies it to a schema read from a file: sets the table's name, and roles and units of
 * columns (new strings are owned by the schema). JSON that is damaged or of another shape is
 * ignored: the guessed roles stay. 0 or -ENOMEM. */
int schema_json_apply(const char *json, char **table, Column *columns, size_t n_columns);

/* A role for a column that nobody described. */
ColumnRole schema_guess_role(const Column *column);
Unit schema_guess_unit(const Column *column);
