/* Bytes, not UTF-8: command lines are what strangers make them. */
#include "base/regex.h"

#include <errno.h>
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum { MATCH_LIMIT = 100000 };

struct Regex {
        pcre2_code *code;
        pcre2_match_data *data;
        pcre2_match_context *context;
};

int regex_new(const char *pattern, Regex **ret, Error *err)
{
        int code;
        PCRE2_SIZE offset;
        PCRE2_UCHAR message[128];
        Regex *regex = calloc(1, sizeof *regex);

        if (!regex)
                return error_set(err, ENOMEM, "out of memory");
        regex->code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, 0, &code, &offset,
                                    NULL);
        if (!regex->code) {
                pcre2_get_error_message(code, message, sizeof message);
                free(regex);
                return error_set(err, EINVAL, "regular expression '%s': at character %zu: %s",
                                 pattern, offset + 1, (const char *)message);
        }
        pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE); /* without it, only slower */
        regex->data = pcre2_match_data_create_from_pattern(regex->code, NULL);
        regex->context = pcre2_match_context_create(NULL);
        if (!regex->data || !regex->context) {
                regex_free(regex);
                return error_set(err, ENOMEM, "out of memory");
        }
        pcre2_set_match_limit(regex->context, MATCH_LIMIT);
        *ret = regex;
        return 0;
}

Regex *regex_free(Regex *regex)
{
        if (regex) {
                pcre2_match_context_free(regex->context);
                pcre2_match_data_free(regex->data);
                pcre2_code_free(regex->code);
                free(regex);
        }
        return NULL;
}

bool regex_match(const Regex *regex, const char *text, size_t size)
{
        return pcre2_match(regex->code, (PCRE2_SPTR)text, size, 0, 0, regex->data,
                           regex->context) >= 0;
}
