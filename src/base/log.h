/*
 * Diagnostics on stderr, one line each, "vigia: …". The only mutable global of the house
 * is the level. A function logs or returns an error, never both.
 */
#pragma once

#include "base/macros.h"

typedef enum LogLevel {
        LOG_QUIET,   /* nothing but errors that end the program */
        LOG_WARNING, /* the default */
        LOG_INFO,    /* -v */
        LOG_DEBUG,   /* -vv */
} LogLevel;

void log_set_level(LogLevel level);
LogLevel log_level(void);

void log_error(const char *format, ...) _printf_(1, 2);
void log_warning(const char *format, ...) _printf_(1, 2);
void log_info(const char *format, ...) _printf_(1, 2);
void log_debug(const char *format, ...) _printf_(1, 2);
