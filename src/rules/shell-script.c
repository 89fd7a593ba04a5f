/* A scanner for sh's words and separators; no more of the grammar than it takes to find where commands
 * begin and end (POSIX, Shell Command Language, 2.10). The script may be cut anywhere. */
#include "rules/shell-script.h"

#include "rules/program-name.h"
#include "rules/words.h"

/* Words in front of a command. */
#define BEFORE " ! { ( then do else elif if exec command builtin eval time "
/* What is not about one command. */
#define COMPOUND " for while until case select function "
/* What ends something, is no command, and has no arguments. */
#define CLOSING " fi done esac } "
/* What prepares a command. */
#define PREPARING                                                                                  \
        " cd set export unset test [ [[ : true false umask trap ulimit shift read local declare typeset alias "      \
        "emulate setopt source . exit return wait pwd pushd popd hash type shopt readonly getopts break continue kill sync "
/* Commands that stand beside the one that matters. */
#define BESIDE                                                                                     \
        " echo printf mkdir rm mv cp ln touch chmod cat sleep sed grep egrep fgrep awk cut tr sort head tail tee cmp "    \
        "diff basename dirname expr uname date rmdir find which ls wc uniq readlink realpath mktemp id seq "

static bool is_separator(char c)
{
        return c == ';' || c == '&' || c == '|' || c == '\n';
}

/* Behind what begins at p with `open` and is closed by `close`; quotes inside are their own. */
static const char *skip_group(const char *p, const char *end, char open, char close)
{
        unsigned depth = 0;

        for (; p < end; p++) {
                if (*p == '\\' && p + 1 < end) {
                        p++;
                } else if (*p == '\'' && open != '`') {
                        const char *quote = memchr(p + 1, '\'', (size_t)(end - p - 1));
                        p = quote ? quote : end - 1;
                } else if (*p == close && depth > 0) {
                        if (--depth == 0)
                                return p + 1;
                } else if (*p == open) {
                        depth++;
                }
        }
        return end;
}

/* Behind the quoted text that begins at p. */
static const char *skip_quoted(const char *p, const char *end)
{
        char quote = *p++;

        while (p < end && *p != quote) {
                if (quote == '"' && *p == '\\' && p + 1 < end)
                        p += 2;
                else if (quote == '"' && *p == '$' && p + 1 < end && p[1] == '(')
                        p = skip_group(p + 1, end, '(', ')');
                else if (quote == '"' && *p == '`')
                        p = skip_group(p, end, '`', '`');
                else
                        p++;
        }
        return p < end ? p + 1 : end;
}

/* Whether a line is continued here. */
static bool is_continued(const char *p, const char *end)
{
        return p + 1 < end && p[0] == '\\' && p[1] == '\n';
}

static const char *skip_word(const char *p, const char *end)
{
        while (p < end && *p != ' ' && *p != '\t' && !is_separator(*p) && *p != ')' && !is_continued(p, end)) {
                if (*p == '\\')
                        p += p + 1 < end ? 2 : 1;
                else if (*p == '\'' || *p == '"')
                        p = skip_quoted(p, end);
                else if (*p == '$' && p + 1 < end && p[1] == '(')
                        p = skip_group(p + 1, end, '(', ')');
                else if (*p == '$' && p + 1 < end && p[1] == '{')
                        p = skip_group(p + 1, end, '{', '}');
                else if (*p == '`')
                        p = skip_group(p, end, '`', '`');
                else if ((*p == '>' || *p == '<') && p + 1 < end && (p[1] == '&' || p[1] == '|'))
                        p += 2; /* 2>&1 */
                else
                        p++;
        }
        return p;
}

/* 2>file, <file, >: 1 if its file is the next word. -1: no redirection. */
static int redirection(TextPart word)
{
        size_t i = 0;

        while (i < word.size && word.text[i] >= '0' && word.text[i] <= '9')
                i++;
        if (i == word.size || (word.text[i] != '<' && word.text[i] != '>'))
                return -1;
        while (i < word.size && (word.text[i] == '<' || word.text[i] == '>'))
                i++;
        return i == word.size;
}

typedef struct Scan {
        const char *at, *end;
} Scan;

static void skip_blanks(Scan *s)
{
        while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || is_continued(s->at, s->end)))
                s->at += *s->at == '\\' ? 2 : 1;
}

static TextPart scan_word(Scan *s)
{
        const char *begin = s->at;

        if (s->at < s->end && *s->at == '(')
                s->at++; /* a subshell */
        else
                s->at = skip_word(s->at, s->end);
        return text_part(begin, (size_t)(s->at - begin));
}

static bool at_end_of_command(const Scan *s)
{
        return s->at == s->end || is_separator(*s->at) || *s->at == ')';
}

/* Without quotes around all of it. */
static TextPart unquoted(TextPart word)
{
        if (word.size > 2 && (word.text[0] == '"' || word.text[0] == '\'') &&
            word.text[word.size - 1] == word.text[0])
                return text_part(word.text + 1, word.size - 2);
        return word;
}

typedef enum Role { ROLE_NONE, ROLE_UNCLEAR, ROLE_BESIDE, ROLE_MAIN } Role;

static Role role_of(TextPart word)
{
        TextPart name = program_base(unquoted(word));

        if (text_part_among(word, COMPOUND))
                return ROLE_UNCLEAR;
        if (text_part_among(word, CLOSING) || word.text[0] == '#' || text_part_among(name, PREPARING))
                return ROLE_NONE;
        if (memchr(word.text, '$', word.size) || memchr(word.text, '`', word.size) || word.text[0] == '-')
                return ROLE_UNCLEAR;
        return text_part_among(name, BESIDE) ? ROLE_BESIDE : ROLE_MAIN;
}

/* One command: its role, and where it is without what stands in front. The scan is then at its end. */
static Role scan_command(Scan *s, TextPart *ret)
{
        Role role = ROLE_NONE;
        bool file = false; /* the next word is a redirection's */
        const char *begin = NULL, *stop = s->at;

        for (skip_blanks(s); !at_end_of_command(s); skip_blanks(s)) {
                TextPart word = scan_word(s);
                stop = s->at;
                if (begin && word.text[0] == '(' && s->at < s->end && *s->at == ')')
                        return ROLE_UNCLEAR; /* a function is defined */
                if (begin || file) {
                        file = false;
                        continue;
                }
                int redirects = redirection(word);
                if (redirects >= 0)
                        file = redirects > 0;
                else if (!word_is_assignment(word) && !text_part_among(word, BEFORE)) {
                        role = role_of(word);
                        begin = word.text;
                }
        }
        if (begin)
                *ret = text_part(begin, (size_t)(stop - begin));
        return role;
}

bool shell_script_choose(TextPart script, TextPart *ret)
{
        Scan s = {script.text, script.text + script.size};
        TextPart beside = {0};

        while (s.at < s.end) {
                TextPart command = {0};
                Role role = scan_command(&s, &command);
                if (role == ROLE_UNCLEAR)
                        return false;
                if (role == ROLE_MAIN) {
                        *ret = command;
                        return true;
                }
                if (role == ROLE_BESIDE && !beside.text)
                        beside = command;
                while (s.at < s.end && (is_separator(*s.at) || *s.at == ')'))
                        s.at++;
        }
        if (!beside.text)
                return false;
        *ret = beside;
        return true;
}
