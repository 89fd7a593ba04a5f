/* Nothing that ssh, rsync or a shell could take for something else gets past here. */
#include "send/destination.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

enum { DESTINATION_MAX = PATH_MAX };

static bool all_of(const char *text, size_t size, const char *more)
{
        for (size_t i = 0; i < size; i++) {
                char c = text[i];
                if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) &&
                    !strchr(more, c))
                        return false;
        }
        return size > 0;
}

/* What ssh's configuration may put into commands (%h, %r) must be harmless in a shell. */
static bool is_user(const char *text, size_t size)
{
        return text[0] != '-' && all_of(text, size, "._-+@");
}

static bool is_host(const char *text, size_t size)
{
        return text[0] != '-' && all_of(text, size, "._-");
}

static bool is_address(const char *text, size_t size)
{
        return text[0] != '-' && memchr(text, ':', size) && all_of(text, size, ":.%-_");
}

/* "~/x" is from the home directory, where ssh begins; "~other" would want a shell. */
static int take_directory(const char *path, char **ret, Error *err)
{
        int n;

        if (path[0] == '~' && (path[1] == '/' || path[1] == '\0'))
                for (path += path[1] ? 2 : 1; *path == '/'; path++)
                        ;
        else if (path[0] == '~')
                return error_set(err, EINVAL, "%s: expected a path from your own home (~/…) or from /", path);
        if (path[0] == '/')
                n = asprintf(ret, "%s", path);
        else
                n = asprintf(ret, "./%s", path);
        return n < 0 ? error_set(err, ENOMEM, "out of memory") : 0;
}

static int parse_remote(const char *text, Destination *d, Error *err)
{
        static const char expected[] = "expected [USER@]HOST[:PATH], or a folder with a / in its name";
        const char *colon = strchr(text, ':'), *bracket = strchr(text, '['), *path = "";
        bool address = bracket && (!colon || bracket < colon);
        const char *close = address ? strchr(bracket, ']') : NULL;
        const char *host, *end = close ? close + 1 : text + strcspn(text, ":");
        const char *at = memrchr(text, '@', (size_t)((address ? bracket : end) - text));

        if (*end == ':')
                path = end + 1;
        else if (*end)
                return error_set(err, EINVAL, "%s: %s", text, expected);
        host = at ? at + 1 : text;
        if (at && !is_user(text, (size_t)(at - text)))
                return error_set(err, EINVAL, "%s: no name of a user before the @; %s", text, expected);
        if (address && (!close || bracket != host || !is_address(bracket + 1, (size_t)(close - bracket - 1))))
                return error_set(err, EINVAL, "%s: no address in the brackets; %s", text, expected);
        if (!address && !is_host(host, (size_t)(end - host)))
                return error_set(err, EINVAL, "%s: no name of a host; %s", text, expected);
        size_t user = (size_t)(host - text), size = (size_t)(end - host);
        if (asprintf(&d->rsync, "%.*s", (int)(user + size), text) < 0)
                d->rsync = NULL;
        int n = address ? asprintf(&d->host, "%.*s%.*s", (int)user, text, (int)size - 2, host + 1)
                        : asprintf(&d->host, "%.*s", (int)(user + size), text);
        if (n < 0)
                d->host = NULL;
        if (!d->rsync || !d->host)
                return error_set(err, ENOMEM, "out of memory");
        return take_directory(path, &d->directory, err);
}

/* A '/' before any ':' makes it a folder, as for scp and rsync. */
static bool is_folder(const char *text)
{
        const char *slash = strchr(text, '/'), *colon = strchr(text, ':');

        return text_equal(text, ".") || text_equal(text, "..") || (slash && (!colon || slash < colon));
}

int destination_parse(const char *text, Destination *ret, Error *err)
{
        Destination d = {0};
        int r = 0;

        if (!*text)
                return error_set(err, EINVAL, "an empty destination; expected [USER@]HOST[:PATH] or a folder");
        if (*text == '-')
                return error_set(err, EINVAL, "%s: a destination does not begin with '-'; a folder can be ./%s", text,
                                 text);
        if (strlen(text) >= DESTINATION_MAX)
                return error_set(err, EINVAL, "the destination is longer than %d bytes", DESTINATION_MAX);
        for (const char *p = text; *p; p++)
                if ((unsigned char)*p < 0x20 || *p == 0x7f)
                        return error_set(err, EINVAL, "%s: control characters in a destination", text);
        if (is_folder(text)) {
                d.local = true;
                d.directory = strdup(text);
                if (!d.directory)
                        r = error_set(err, ENOMEM, "out of memory");
        } else {
                r = parse_remote(text, &d, err);
        }
        if (r == 0 && !(d.shown = strdup(text)))
                r = error_set(err, ENOMEM, "out of memory");
        if (r < 0)
                destination_done(&d);
        else
                *ret = d;
        return r;
}

void destination_done(Destination *d)
{
        free(d->host);
        free(d->rsync);
        free(d->directory);
        free(d->shown);
        *d = (Destination){0};
}
