/* Options as getopt(3) reads them, as far as the lost quotes allow. */
#include "rules/words.h"

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\n';
}

TextPart word_next(TextPart *rest)
{
        const char *p = rest->text, *end = p + rest->size;

        while (p < end && is_blank(*p))
                p++;
        const char *stop = p;
        while (stop < end && !is_blank(*stop))
                stop++;
        TextPart word = text_part(p, (size_t)(stop - p));
        *rest = text_part(stop, (size_t)(end - stop));
        return word;
}

bool word_is_assignment(TextPart word)
{
        size_t i = 0;

        while (i < word.size && (word.text[i] == '_' || (word.text[i] >= '0' && word.text[i] <= '9' && i > 0) ||
                                 (word.text[i] >= 'a' && word.text[i] <= 'z') ||
                                 (word.text[i] >= 'A' && word.text[i] <= 'Z')))
                i++;
        if (i > 0 && i + 1 < word.size && word.text[i] == '+')
                i++;
        return i > 0 && i < word.size && word.text[i] == '=';
}

static bool letter_among(const char *list, char letter)
{
        char word[] = {letter};

        return text_part_among(text_part(word, 1), list);
}

/* A cluster of letters. Whether it ends the options: then *ret says how. */
static bool skip_letters(const OptionShape *shape, TextPart word, TextPart *rest, OptionsEnd *ret)
{
        for (size_t i = 1; i < word.size; i++) {
                if (strchr(shape->stops, word.text[i])) {
                        *ret = OPTIONS_NOTHING;
                        return true;
                }
                if (letter_among(shape->script, word.text[i])) {
                        if (shape->attached && i + 1 < word.size)
                                *rest = text_part(word.text + i + 1,
                                                  (size_t)(rest->text + rest->size - word.text) - i - 1);
                        *ret = OPTIONS_SCRIPT;
                        return true;
                }
                if (strchr(shape->letters, word.text[i])) {
                        if (i + 1 == word.size)
                                word_next(rest);
                        return false;
                }
        }
        return false;
}

static bool skip_prefix(const char *prefix, TextPart *rest)
{
        TextPart wanted = text_part(prefix, strlen(prefix));

        while (wanted.size > 0)
                if (!text_part_equal(word_next(&wanted), word_next(rest)))
                        return false;
        return true;
}

/* An option is a word of a dash and more. "--" and what follows are not. */
OptionsEnd options_skip(const OptionShape *shape, TextPart *rest)
{
        unsigned operands = shape->operands;
        bool options = true;
        OptionsEnd end = OPTIONS_NOTHING;

        if (!skip_prefix(shape->prefix, rest))
                return OPTIONS_NOTHING;
        for (;;) {
                TextPart before = *rest, word = word_next(rest);
                if (word.size == 0)
                        return OPTIONS_NOTHING;
                bool plus = shape->plus && word.text[0] == '+';
                if (options && word.size > 1 && (word.text[0] == '-' || plus)) {
                        if (shape->plain)
                                return OPTIONS_NOTHING;
                        if (text_part_is(word, "--"))
                                options = false;
                        else if (text_part_among(word, shape->script))
                                return OPTIONS_SCRIPT;
                        else if (text_part_among(word, shape->longs))
                                word_next(rest);
                        else if (word.text[1] != '-' && skip_letters(shape, word, rest, &end))
                                return end;
                } else if ((shape->assignments && word_is_assignment(word)) || (shape->at && word.text[0] == '@')) {
                        continue;
                } else if (operands > 0) {
                        operands--;
                } else {
                        *rest = text_part(word.text, (size_t)(before.text + before.size - word.text));
                        return OPTIONS_COMMAND;
                }
        }
}
