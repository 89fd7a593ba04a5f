/* Word by word: --password VALUE, --password=VALUE, API_KEY=VALUE, https://me:secret@host/. */
#include "track/redact.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char mask[] = "***";

typedef struct SecretWord {
        const char *word;
        bool only_last;  /* says it only as the last word of the name: --token, not --token-limit */
        bool not_alone;  /* and not as the whole name: --api-key, not --key */
} SecretWord;

static bool is_joint(char c)
{
        return c == '-' || c == '_' || c == '.' || c == ':';
}

/* Whether a name announces a secret. Whole words count ("--keyboard" is none,
 * "AWS_SECRET_ACCESS_KEY" is); a word ends at '-', '_', '.', ':' or the end. */
static bool announces_secret(const char *name, size_t size)
{
        static const SecretWord words[] = {
                {"password", false, false},   {"passwd", false, false},
                {"passphrase", false, false}, {"secret", false, false},
                {"secrets", false, false},    {"apikey", false, false},
                {"pass", true, false},        {"token", true, false},
                {"bearer", true, false},      {"credential", true, false},
                {"credentials", true, false}, {"auth", true, true},
                {"key", true, true},
        };
        size_t start = 0;

        for (size_t i = 0; i <= size; i++) {
                if (i < size && !is_joint(name[i]))
                        continue;
                for (size_t w = 0; i - start > 2 && w < ARRAY_LENGTH(words); w++)
                        if (words[w].word[0] == (name[start] | 0x20) && strlen(words[w].word) == i - start &&
                            strncasecmp(words[w].word, name + start, i - start) == 0 &&
                            (!words[w].only_last || i == size) &&
                            (!words[w].not_alone || start > 2))
                                return true;
                start = i + 1;
        }
        return false;
}

/* The length of the name of NAME=… or --name=…; 0: no such form. */
static size_t assigned_name(const char *word, size_t size)
{
        const char *sign = memchr(word, '=', size);
        size_t i = 0;

        if (!sign)
                return 0;
        while (isalnum((unsigned char)word[i]) || (is_joint(word[i]) && word[i] != ':'))
                i++;
        return word + i == sign ? i : 0;
}

/* scheme://user:password@ — returns where the password is. */
static bool url_password(const char *word, size_t size, size_t *start, size_t *end)
{
        const char *stop = word + size, *scheme = memchr(word, ':', size);

        while (scheme && (stop - scheme < 3 || scheme[1] != '/' || scheme[2] != '/'))
                scheme = memchr(scheme + 1, ':', (size_t)(stop - scheme - 1));
        if (!scheme)
                return false;
        const char *authority = scheme + 3;
        const char *slash = memchr(authority, '/', (size_t)(stop - authority));
        const char *at = memchr(authority, '@', (size_t)((slash ? slash : stop) - authority));
        const char *colon = at ? memchr(authority, ':', (size_t)(at - authority)) : NULL;

        if (!colon)
                return false;
        *start = (size_t)(colon + 1 - word);
        *end = (size_t)(at - word);
        return true;
}

/* Appends one argument; returns whether the next one is the secret that it announces. */
static bool add_word(String *to, const char *word, size_t size)
{
        size_t name = assigned_name(word, size), start, end;

        if (name > 0 && announces_secret(word, name)) {
                string_add_bytes(to, word, name + 1);
                string_add(to, mask);
                return false;
        }
        if (url_password(word, size, &start, &end)) {
                string_add_bytes(to, word, start);
                string_add(to, mask);
                string_add_bytes(to, word + end, size - end);
                return false;
        }
        string_add_bytes(to, word, size);
        return size > 2 && word[0] == '-' && word[1] == '-' && announces_secret(word, size);
}

/* A script given as one argument (sh -c '… --token x …') is looked at word by word too. */
static void add_script(String *to, const char *text, size_t size)
{
        bool hide = false;

        while (size > 0) {
                size_t blanks = 0, word = 0;
                while (blanks < size && isspace((unsigned char)text[blanks]))
                        blanks++;
                string_add_bytes(to, text, blanks);
                while (blanks + word < size && !isspace((unsigned char)text[blanks + word]))
                        word++;
                if (word > 0 && hide && text[blanks] != '-') {
                        string_add(to, mask);
                        hide = false;
                } else if (word > 0) {
                        hide = add_word(to, text + blanks, word);
                }
                text += blanks + word;
                size -= blanks + word;
        }
}

/* Appends one argument, masked if the one before announced it. *hide carries that on. */
static void add_argument(String *to, const char *text, size_t size, bool *hide)
{
        if (*hide && size > 0 && text[0] != '-') {
                string_add(to, mask);
                *hide = false;
        } else if (memchr(text, ' ', size)) {
                add_script(to, text, size);
                *hide = false;
        } else {
                *hide = add_word(to, text, size);
        }
}

void redact_arguments(String *to, const char *arguments, size_t size, bool cut)
{
        bool hide = false, first = true;

        string_clear(to);
        while (size > 0) {
                const char *nul = memchr(arguments, '\0', size);
                size_t n = nul ? (size_t)(nul - arguments) : size;
                if (!first)
                        string_add_char(to, ' ');
                first = false;
                add_argument(to, arguments, n, &hide);
                arguments += MIN(n + 1, size);
                size -= MIN(n + 1, size);
        }
        if (cut)
                string_add(to, " …");
}

char **redact_vector(char *const *argv)
{
        size_t n = 0;
        bool hide = false;

        while (argv[n])
                n++;
        char **copy = calloc(n + 1, sizeof *copy);
        for (size_t i = 0; copy && i < n; i++) {
                String text = {0};
                add_argument(&text, argv[i], strlen(argv[i]), &hide);
                copy[i] = string_take(&text);
        }
        return copy;
}
