/* Bytes, not UTF-8: command lines are what strangers make them. */
#include "base/regex.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* A command line is short; a text of lines may be a megabyte, each byte a try. */
enum { MATCH_LIMIT = 100000, LINES_MATCH_LIMIT = 10000000 };

/* In KiB; what a match without machine code may take for where it was. */
enum { HEAP_LIMIT = 4096 };

struct RegexRoom {
        pcre2_match_data *data;
        pcre2_match_context *context;
};

struct Regex {
        pcre2_code *code;
        pcre2_match_data *data;
        pcre2_match_context *context;
        bool shared; /* data and context are a room's */
};

/* Its code, and no room to match in. -EINVAL with the bare reason and the byte where it is noticed. */
static int compile_code(const char *pattern, uint32_t options, Regex **ret, size_t *ret_offset, Error *err)
{
        int code;
        PCRE2_SIZE offset;
        PCRE2_UCHAR message[128];
        Regex *regex = calloc(1, sizeof *regex);

        if (!regex)
                return error_set(err, ENOMEM, "out of memory");
        regex->code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, &code, &offset, NULL);
        if (!regex->code) {
                pcre2_get_error_message(code, message, sizeof message);
                free(regex);
                if (ret_offset)
                        *ret_offset = offset;
                return error_set(err, EINVAL, "%s", (const char *)message);
        }
        *ret = regex;
        return 0;
}

static int compile(const char *pattern, uint32_t options, uint32_t limit, Regex **ret, Error *err)
{
        size_t offset = 0;
        Regex *regex;
        int r = compile_code(pattern, options, &regex, &offset, err);

        if (r < 0)
                return r == -EINVAL ? error_prefix(err, r, "regular expression '%s': at character %zu", pattern, offset + 1)
                                    : r;
        pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE); /* without it, only slower */
        regex->data = pcre2_match_data_create_from_pattern(regex->code, NULL);
        regex->context = pcre2_match_context_create(NULL);
        if (!regex->data || !regex->context) {
                regex_free(regex);
                return error_set(err, ENOMEM, "out of memory");
        }
        pcre2_set_match_limit(regex->context, limit);
        *ret = regex;
        return 0;
}

int regex_new(const char *pattern, Regex **ret, Error *err)
{
        return compile(pattern, 0, MATCH_LIMIT, ret, err);
}

int regex_new_lines(const char *pattern, Regex **ret, Error *err)
{
        return compile(pattern, PCRE2_MULTILINE, LINES_MATCH_LIMIT, ret, err);
}

int regex_room_new(RegexRoom **ret)
{
        RegexRoom *room = calloc(1, sizeof *room);

        if (!room)
                return -ENOMEM;
        room->data = pcre2_match_data_create(1, NULL);
        room->context = pcre2_match_context_create(NULL);
        if (!room->data || !room->context) {
                regex_room_free(room);
                return -ENOMEM;
        }
        pcre2_set_heap_limit(room->context, HEAP_LIMIT);
        *ret = room;
        return 0;
}

RegexRoom *regex_room_free(RegexRoom *room)
{
        if (room) {
                pcre2_match_context_free(room->context);
                pcre2_match_data_free(room->data);
                free(room);
        }
        return NULL;
}

int regex_new_in(RegexRoom *room, const char *pattern, Regex **ret, size_t *ret_offset, Error *err)
{
        int r = compile_code(pattern, 0, ret, ret_offset, err);

        if (r < 0)
                return r;
        (*ret)->data = room->data;
        (*ret)->context = room->context;
        (*ret)->shared = true;
        return 0;
}

void regex_hasten(Regex *regex)
{
        pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE); /* without it, only slower */
}

Regex *regex_free(Regex *regex)
{
        if (regex) {
                if (!regex->shared) {
                        pcre2_match_context_free(regex->context);
                        pcre2_match_data_free(regex->data);
                }
                pcre2_code_free(regex->code);
                free(regex);
        }
        return NULL;
}

/* Machine code has 32 KiB for where it was; what needs more is matched without it. */
int regex_try(const Regex *regex, const char *text, size_t size)
{
        if (regex->shared)
                pcre2_set_match_limit(regex->context, (uint32_t)MIN(20 * size + 10000, (size_t)LINES_MATCH_LIMIT));
        int r = pcre2_match(regex->code, (PCRE2_SPTR)text, size, 0, 0, regex->data, regex->context);
        if (r == PCRE2_ERROR_JIT_STACKLIMIT)
                r = pcre2_match(regex->code, (PCRE2_SPTR)text, size, 0, PCRE2_NO_JIT, regex->data,
                                regex->context);
        return r >= 0 ? 1 : r == PCRE2_ERROR_NOMATCH ? 0 : -E2BIG;
}

bool regex_match(const Regex *regex, const char *text, size_t size)
{
        return regex_try(regex, text, size) > 0;
}

typedef struct Steps {
        size_t n, most;
} Steps;

static int count_step(pcre2_callout_block *block, void *data)
{
        Steps *steps = data;

        return ++steps->n >= steps->most ? PCRE2_ERROR_CALLOUT : 0;
}

size_t regex_steps(const char *pattern, const char *text, size_t size, size_t most)
{
        int code;
        PCRE2_SIZE offset;
        Steps steps = {.most = most};
        pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                                             PCRE2_AUTO_CALLOUT, &code, &offset, NULL);
        pcre2_match_data *data = compiled ? pcre2_match_data_create(1, NULL) : NULL;
        pcre2_match_context *context = data ? pcre2_match_context_create(NULL) : NULL;

        if (context) {
                pcre2_set_callout(context, count_step, &steps);
                pcre2_set_heap_limit(context, HEAP_LIMIT);
                int r = pcre2_match(compiled, (PCRE2_SPTR)text, size, 0, PCRE2_NO_JIT, data, context);
                if (r == PCRE2_ERROR_MATCHLIMIT || r == PCRE2_ERROR_HEAPLIMIT)
                        steps.n = most;
        }
        pcre2_match_context_free(context);
        pcre2_match_data_free(data);
        pcre2_code_free(compiled);
        return MAX(steps.n, (size_t)(context != NULL));
}

size_t regex_groups(const Regex *regex)
{
        uint32_t n = 0;

        pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &n);
        return n;
}

/* The table of names: entries of one size, each a number in two bytes and a name. pcre2api(3). */
const char *regex_group_name(const Regex *regex, size_t group)
{
        PCRE2_SPTR table = NULL;
        uint32_t n = 0, size = 0;

        pcre2_pattern_info(regex->code, PCRE2_INFO_NAMECOUNT, &n);
        pcre2_pattern_info(regex->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
        pcre2_pattern_info(regex->code, PCRE2_INFO_NAMETABLE, &table);
        for (uint32_t i = 0; i < n; i++) {
                PCRE2_SPTR entry = table + (size_t)i * size;
                if (((size_t)entry[0] << 8 | entry[1]) == group)
                        return (const char *)entry + 2;
        }
        return NULL;
}

int regex_find(const Regex *regex, const char *text, size_t size, size_t from, RegexSpan *spans,
               size_t n)
{
        if (from > size)
                return 0;
        int found = pcre2_match(regex->code, (PCRE2_SPTR)text, size, from, 0, regex->data,
                                regex->context);
        if (found == PCRE2_ERROR_NOMATCH)
                return 0;
        if (found < 0)
                return -E2BIG;
        const PCRE2_SIZE *at = pcre2_get_ovector_pointer(regex->data);
        size_t have = pcre2_get_ovector_count(regex->data);
        for (size_t i = 0; i < n; i++) {
                bool set = i < have && at[2 * i] != PCRE2_UNSET && at[2 * i] <= at[2 * i + 1];
                spans[i] = set ? (RegexSpan){at[2 * i], at[2 * i + 1]} :
                                 (RegexSpan){SIZE_MAX, SIZE_MAX};
        }
        return 1;
}
