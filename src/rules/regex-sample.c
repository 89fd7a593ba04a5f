/* Literals as they are, classes by a character of theirs, groups by their first alternative, repeats by
 * their least number. What looks back or is not understood gives nothing. */
#include "rules/regex-sample.h"

enum { DEPTH_MAX = 16, REPEATS_MAX = 16, SAMPLE_MAX = 1024 };

typedef struct Sampler {
        const char *at, *end;
        String *to;
        unsigned depth;
        bool mute; /* what is read now is not part of the text */
} Sampler;

static void add(Sampler *s, char c)
{
        if (!s->mute && s->to->size < SAMPLE_MAX)
                string_add_char(s->to, c);
}

static char of_escape(char c)
{
        switch (c) {
        case 's':
        case 'h':
                return ' ';
        case 'd':
                return '0';
        case 'w':
        case 'S':
        case 'D':
        case 'N':
                return 'a';
        case 'W':
                return '-';
        case 't':
                return '\t';
        default:
                return c;
        }
}

/* Assertions and what has no text. */
static bool is_empty_escape(char c)
{
        return strchr("bBAzZGKQE", c) != NULL;
}

static void read_escape(Sampler *s)
{
        if (++s->at >= s->end)
                return;
        char c = *s->at++;
        if (!is_empty_escape(c))
                add(s, of_escape(c));
}

/* Some character that is not in the class, which ends at `close`. */
static char outside(const char *begin, const char *close)
{
        for (const char *c = "a0-_ /.=x"; *c; c++)
                if (!memchr(begin, *c, (size_t)(close - begin)))
                        return *c;
        return '~';
}

static void read_class(Sampler *s)
{
        const char *begin = ++s->at;
        bool negated = begin < s->end && *begin == '^';
        const char *close;

        if (negated)
                begin++;
        close = begin < s->end ? begin + 1 : begin; /* ']' may be the first */
        while (close < s->end && *close != ']')
                close += *close == '\\' ? 2 : 1;
        if (close >= s->end || begin >= s->end) {
                s->at = s->end;
                return;
        }
        if (negated)
                add(s, outside(begin, close));
        else if (*begin == '[')
                add(s, 'a'); /* [:alpha:] and the like */
        else
                add(s, *begin == '\\' ? of_escape(begin[1]) : *begin);
        s->at = close + 1;
}

static void read_alternatives(Sampler *s);

/* What stands behind "(?": whether the group is an assertion that asks for nothing, or for the contrary. */
static bool read_group_kind(Sampler *s)
{
        bool silent = false;

        if (s->at >= s->end || (*s->at != '?' && *s->at != '*'))
                return false;
        s->at++;
        if (s->at < s->end && (*s->at == '!' || (*s->at == '<' && s->at + 1 < s->end &&
                                                 (s->at[1] == '!' || s->at[1] == '=')))) {
                silent = true;
                s->at += *s->at == '<' ? 2 : 1;
        } else if (s->at < s->end && (*s->at == 'P' || *s->at == '<' || *s->at == '\'')) {
                while (s->at < s->end && *s->at != '>' && *s->at != '\'')
                        s->at++;
                s->at += s->at < s->end;
        } else {
                while (s->at < s->end && *s->at != ':' && *s->at != '=' && *s->at != '>' && *s->at != ')')
                        s->at++;
                s->at += s->at < s->end && *s->at != ')';
        }
        return silent;
}

static void read_group(Sampler *s)
{
        bool mute = s->mute;

        s->at++;
        s->mute |= read_group_kind(s) || s->depth >= DEPTH_MAX;
        s->depth++;
        if (s->depth > 4 * DEPTH_MAX)
                s->at = s->end;
        read_alternatives(s);
        s->depth--;
        if (s->at < s->end)
                s->at++; /* ')' */
        s->mute = mute;
}

/* The least number of a repeat that stands here, 1 where none does. */
static unsigned read_repeat(Sampler *s)
{
        unsigned least = 1;

        if (s->at >= s->end)
                return 1;
        if (*s->at == '?' || *s->at == '*') {
                least = 0;
                s->at++;
        } else if (*s->at == '+') {
                s->at++;
        } else if (*s->at == '{' && s->at + 1 < s->end && s->at[1] >= '0' && s->at[1] <= '9') {
                for (least = 0, s->at++; s->at < s->end && *s->at >= '0' && *s->at <= '9'; s->at++)
                        least = MIN(least * 10 + (unsigned)(*s->at - '0'), (unsigned)REPEATS_MAX);
                while (s->at < s->end && *s->at != '}')
                        s->at++;
                s->at += s->at < s->end;
        }
        if (s->at < s->end && (*s->at == '?' || *s->at == '+'))
                s->at++;
        return least;
}

static void read_atom(Sampler *s)
{
        switch (*s->at) {
        case '(':
                read_group(s);
                break;
        case '[':
                read_class(s);
                break;
        case '\\':
                read_escape(s);
                break;
        case '^':
        case '$':
                s->at++;
                break;
        case '.':
                add(s, 'x');
                s->at++;
                break;
        default:
                add(s, *s->at++);
                break;
        }
}

/* Up to the ')' of the group, or the end; what stands behind the first '|' is only read. */
static void read_alternatives(Sampler *s)
{
        bool mute = s->mute;

        while (s->at < s->end && *s->at != ')') {
                if (*s->at == '|') {
                        s->mute = true;
                        s->at++;
                        continue;
                }
                size_t before = s->to->size;
                read_atom(s);
                size_t n = s->to->size - before;
                unsigned least = read_repeat(s);
                if (least == 0 && s->to->text)
                        s->to->text[s->to->size = before] = '\0';
                for (unsigned i = 1; i < least && n > 0 && s->to->size + n < SAMPLE_MAX; i++) {
                        String piece = {0};
                        string_add_bytes(&piece, s->to->text + before, n);
                        string_add_bytes(s->to, string_get(&piece), piece.size);
                        string_done(&piece);
                }
        }
        s->mute = mute;
}

void regex_sample(TextPart pattern, String *to)
{
        Sampler s = {pattern.text, pattern.text + pattern.size, to, 0, false};

        while (s.at < s.end) {
                read_alternatives(&s);
                s.at += s.at < s.end; /* a ')' that closes nothing */
        }
}
