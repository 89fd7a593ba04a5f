/*
 * The parts of a declared monitor, for its own files only. A text is read (declared-read,
 * declared-command), cut into cells (declared-parse), and the cells go to whoever listens: at start
 * to what finds the columns (declared-columns), then to what fills rows (declared.c).
 */
#pragma once

#include "base/buffer.h"
#include "base/regex.h"
#include "base/text.h"
#include "monitor/declared.h"

/* ---- figures ---- */

typedef enum FigureKind {
        FIGURE_NULL,  /* said to be unknown */
        FIGURE_WHOLE, /* whole: 0 and more */
        FIGURE_BELOW, /* below: a whole number under 0 */
        FIGURE_DECIMAL,
        FIGURE_WORDS,
} FigureKind;

/* A value as it is written. A unit that is written is already counted in. */
typedef struct Figure {
        FigureKind kind;
        uint64_t whole;
        int64_t below;
        double decimal;
        Unit unit;        /* UNIT_NONE: none written */
        const char *text; /* trimmed, without quotes */
        size_t size;
} Figure;

/* "12", "-3", "0.5", "1e3", "0x1f", "812 kB", "45 %", "7 of 9" (7), "on" (words). */
void figure_parse(const char *text, size_t size, Figure *ret);

double figure_f64(const Figure *figure); /* of a number */

/* Brings it from the unit that is written into this one, where that can be; then multiplies. Whole
 * numbers stay whole where nothing is lost. */
void figure_convert(Figure *figure, Unit to, double scale);

/* The unit that a column's name ends with. */
Unit figure_unit_of_name(const char *name);

/* Letters, digits and _; "HugePages_Total" → "huge_pages_total". Never empty. */
void declared_safe_name(const char *text, size_t size, char name[DECLARED_NAME_MAX]);

bool declared_unit_of(const char *word, Unit *ret);

/* ---- cells ---- */

/* One value where it stands. Texts are borrowed from the text. */
typedef struct DeclaredCell {
        size_t place; /* from 0: the key's, field's or group's place; what had this place before is
                         likely what has it now */
        const char *section; /* of key-value; size 0: none */
        size_t section_size;
        const char *name; /* key, heading or group; NULL: none (a table without a header, a number) */
        size_t name_size;
        const char *value;
        size_t size;
} DeclaredCell;

/* Both return 0, or -errno to stop with. */
typedef struct DeclaredListener {
        int (*row)(void *data); /* cells of another row follow */
        int (*cell)(void *data, const DeclaredCell *cell);
        void *data;
} DeclaredListener;

/* What parsing wants to know, made once. */
typedef struct DeclaredParser {
        const DeclaredMonitor *declaration;
        const Regex *regex;
        bool regex_rows; /* a row for every match */
} DeclaredParser;

/* 0; -errno of the listener; -EBADMSG, -E2BIG with a sentence (without the file's name). Rows: at
 * most DECLARED_ROWS_MAX, *ret_cut says that there were more. */
int declared_parse(const DeclaredParser *parser, const char *text, size_t size,
                   const DeclaredListener *listener, bool *ret_cut, Error *err);

/* ---- columns ---- */

/* One column and where its values come from. */
typedef struct DeclaredPlace {
        char name[DECLARED_NAME_MAX];
        char *source; /* owned: the key with its section as "section.key", the heading, the group;
                         NULL: by its field */
        size_t field; /* from 0; SIZE_MAX: by its source */
        char *help;   /* owned; may be NULL */
        double scale;
        bool loose;   /* its source may be written as it is or made safe, with the section or without */
} DeclaredPlace;

enum { DECLARED_HINTS = 512 };

typedef struct DeclaredColumns {
        Schema schema; /* of columns[] */
        char table[DECLARED_NAME_MAX];
        Column columns[DECLARED_COLUMNS_MAX];
        DeclaredPlace places[DECLARED_COLUMNS_MAX]; /* of the same index */
        size_t n;
        size_t line;    /* index of the column `line`; 0: none */
        bool by_field;  /* some are known by their field */
        bool automatic; /* all that was found; what comes later is new */
        bool cut;       /* there were more than fit */
        struct {
                uint64_t hash; /* of what was at this place; 0: nothing yet */
                size_t column; /* 0: none is for it */
        } hints[DECLARED_HINTS];
} DeclaredColumns;

/* Finds the columns in a text. As declared_parse; -ENODATA: none are in it (yet). */
int declared_columns_new(const DeclaredParser *parser, const char *text, size_t size,
                         DeclaredColumns **ret, Error *err);
DeclaredColumns *declared_columns_free(DeclaredColumns *columns);
DEFINE_CLEANUP(DeclaredColumns, declared_columns)

/* The column of a cell, 0: none. */
size_t declared_columns_of(DeclaredColumns *columns, const DeclaredCell *cell);

/* ---- reading ---- */

/* Where the file is, host_prefix and all. */
void declared_path(const DeclaredMonitor *declaration, String *path);

/* Opens it, read-only, if it is a regular file. A descriptor, or -errno; sentences name the file. */
int declared_open_file(const Host *host, const char *path, Error *err);

/* Reads the file into `to` (emptied first; a NUL byte follows). */
int declared_read_file(const Host *host, const char *path, Buffer *to, Error *err);

/* Runs a command and reads what it writes, likewise. `what` names it in sentences, `environment` is
 * as in execve(2). What the command leaves behind is killed, whatever session it is in. */
typedef struct DeclaredCommand {
        const Host *host; /* this machine */
        const char *const *argv;
        char *const *environment;
        const char *what;
        uint64_t timeout_us;
} DeclaredCommand;

int declared_read_command(const DeclaredCommand *command, Buffer *to, Error *err);

/* -EBADMSG for a NUL byte. */
int declared_check_text(const Buffer *text, const char *what, Error *err);

/* ---- the rest ---- */

/* A Monitor that was made here, with its declaration; NULL for one of the registry. */
typedef struct DeclaredMade DeclaredMade;
DeclaredMade *declared_made_hold(const Monitor *monitor);
DeclaredMade *declared_made_release(DeclaredMade *made);
