/* A handful of elements matter; what stands around them is only counted in depth. Expat is loaded when it is needed. */
#include "app/memcheck.h"

#include <errno.h>
#include <dlfcn.h>
#include <expat.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/library.h"
#include "base/macros.h"

enum { DEPTH_MAX = 64, CHUNK = 1 << 16, STACK_MAX = 64 };

typedef struct ExpatApi {
        __typeof__(&XML_ParserCreate) create;
        __typeof__(&XML_ParserFree) free;
        __typeof__(&XML_SetUserData) set_data;
        __typeof__(&XML_SetElementHandler) set_elements;
        __typeof__(&XML_SetCharacterDataHandler) set_text;
        __typeof__(&XML_SetStartDoctypeDeclHandler) set_doctype;
        __typeof__(&XML_StopParser) stop;
        __typeof__(&XML_Parse) parse;
        __typeof__(&XML_GetErrorCode) error;
        __typeof__(&XML_ErrorString) error_text;
        __typeof__(&XML_GetCurrentLineNumber) line;
        __typeof__(&XML_GetCurrentColumnNumber) column;
} ExpatApi;

static const LibrarySymbol symbols[] = {
        {"XML_ParserCreate", offsetof(ExpatApi, create)},
        {"XML_ParserFree", offsetof(ExpatApi, free)},
        {"XML_SetUserData", offsetof(ExpatApi, set_data)},
        {"XML_SetElementHandler", offsetof(ExpatApi, set_elements)},
        {"XML_SetCharacterDataHandler", offsetof(ExpatApi, set_text)},
        {"XML_SetStartDoctypeDeclHandler", offsetof(ExpatApi, set_doctype)},
        {"XML_StopParser", offsetof(ExpatApi, stop)},
        {"XML_Parse", offsetof(ExpatApi, parse)},
        {"XML_GetErrorCode", offsetof(ExpatApi, error)},
        {"XML_ErrorString", offsetof(ExpatApi, error_text)},
        {"XML_GetCurrentLineNumber", offsetof(ExpatApi, line)},
        {"XML_GetCurrentColumnNumber", offsetof(ExpatApi, column)},
};

typedef struct Reading {
        Memcheck *memcheck;
        ExpatApi api;
        XML_Parser parser;
        unsigned depth;
        const char *refused; /* why it was stopped */
        bool failed;         /* no memory */
        bool in_error, in_stack, is_leak;
        unsigned stacks;     /* of this error; only the first says where it was taken */
        LeakKind kind;
        uint64_t bytes, blocks, indirect; /* indirect: of bytes, what hangs on what was lost */
        LeakFrame frames[STACK_MAX];
        size_t n_frames;
        char text[LEAK_FRAME_TEXT];
        size_t text_size;
} Reading;

void memcheck_done(Memcheck *memcheck)
{
        leak_sites_done(&memcheck->sites);
}

static int load(ExpatApi *api, void **ret, Error *why)
{
        int r = library_load("libexpat.so.1", symbols, ARRAY_LENGTH(symbols), api, ret, why);

        return r < 0 ? error_set(why, -r, "libexpat.so.1 cannot be loaded (Debian: libexpat1)") : 0;
}

int memcheck_can_read(Error *why)
{
        ExpatApi api;
        void *handle;
        int r = load(&api, &handle, why);

        if (r == 0)
                dlclose(handle);
        return r;
}

static void refuse(Reading *r, const char *why)
{
        r->refused = why;
        r->api.stop(r->parser, XML_FALSE);
}

static void XMLCALL begin_element(void *data, const XML_Char *name, const XML_Char **attributes)
{
        Reading *r = data;

        r->text_size = 0;
        if (++r->depth > DEPTH_MAX) {
                refuse(r, "elements nested too deeply");
        } else if (text_equal(name, "error")) {
                r->in_error = true;
                r->is_leak = false;
                r->stacks = 0;
                r->bytes = r->blocks = r->indirect = 0;
        } else if (r->in_error && text_equal(name, "stack")) {
                r->in_stack = ++r->stacks == 1;
        } else if (r->in_stack && text_equal(name, "frame") && r->n_frames < STACK_MAX) {
                r->frames[r->n_frames++] = (LeakFrame){0};
        }
}

static void take_text(Reading *r, char **to)
{
        free(*to);
        *to = strndup(r->text, r->text_size);
        r->failed |= !*to;
}

static void take_number(const Reading *r, uint64_t *to)
{
        uint64_t value;

        if (parse_u64(r->text, r->text_size, &value) == 0)
                *to = value;
}

/* "1,240 (48 direct, 1,192 indirect) bytes in 1 blocks are definitely lost": that split is in the words only. */
static void take_indirect(Reading *r)
{
        const char *end = memmem(r->text, r->text_size, " indirect)", 10), *p = end;
        char digits[24];
        size_t n = sizeof digits;

        while (p && p > r->text && ((p[-1] >= '0' && p[-1] <= '9') || p[-1] == ',') && n > 0)
                if (*--p != ',')
                        digits[--n] = *p;
        if (end && parse_u64(digits + n, sizeof digits - n, &r->indirect) < 0)
                r->indirect = 0;
}

static void take_kind(Reading *r)
{
        static const char *const kinds[LEAK_KINDS] = {"Leak_DefinitelyLost", "Leak_IndirectlyLost", "Leak_PossiblyLost",
                                                      "Leak_StillReachable"};

        for (int kind = 0; kind < LEAK_KINDS; kind++)
                if (strlen(kinds[kind]) == r->text_size && memcmp(kinds[kind], r->text, r->text_size) == 0) {
                        r->is_leak = true;
                        r->kind = (LeakKind)kind;
                }
}

static void take_of_frame(Reading *r, const char *name)
{
        LeakFrame *frame = &r->frames[r->n_frames - 1];
        uint64_t line = 0;

        if (text_equal(name, "fn") || (text_equal(name, "ip") && !frame->function))
                take_text(r, &frame->function); /* of a stripped program its address */
        else if (text_equal(name, "file"))
                take_text(r, &frame->file);
        else if (text_equal(name, "obj"))
                take_text(r, &frame->object);
        else if (text_equal(name, "line"))
                take_number(r, &line);
        if (line > 0 && line <= UINT32_MAX)
                frame->line = (unsigned)line;
}

static void end_error(Reading *r)
{
        r->in_error = false;
        r->memcheck->errors += !r->is_leak;
        if (r->is_leak) {
                LeakAmount amount = {.kind = r->kind, .bytes = r->bytes, .blocks = r->blocks, .indirect_bytes = MIN(r->indirect, r->bytes)};
                amount.bytes -= amount.indirect_bytes;
                r->failed |= leak_sites_add(&r->memcheck->sites, r->frames, r->n_frames, &amount) < 0;
        }
        for (size_t i = 0; i < r->n_frames; i++)
                leak_frame_done(&r->frames[i]);
        r->n_frames = 0;
}

static void XMLCALL end_element(void *data, const XML_Char *name)
{
        Reading *r = data;

        r->depth--;
        if (r->in_stack && text_equal(name, "stack"))
                r->in_stack = false;
        else if (r->in_stack && r->n_frames > 0)
                take_of_frame(r, name);
        else if (r->in_error && text_equal(name, "kind"))
                take_kind(r);
        else if (r->in_error && text_equal(name, "text"))
                take_indirect(r);
        else if (r->in_error && text_equal(name, "leakedbytes"))
                take_number(r, &r->bytes);
        else if (r->in_error && text_equal(name, "leakedblocks"))
                take_number(r, &r->blocks);
        else if (r->in_error && text_equal(name, "error"))
                end_error(r);
        r->text_size = 0;
        if (r->failed)
                refuse(r, "out of memory");
}

/* Each byte was read as a letter of its own, and is put back. */
static void XMLCALL add_text(void *data, const XML_Char *text, int size)
{
        Reading *r = data;

        for (int i = 0; i < size && r->text_size < sizeof r->text; i++) {
                unsigned char c = (unsigned char)text[i];
                if ((c == 0xc2 || c == 0xc3) && i + 1 < size)
                        c = (unsigned char)((c & 3) << 6 | ((unsigned char)text[++i] & 0x3f));
                r->text[r->text_size++] = (char)c;
        }
}

static void XMLCALL begin_doctype(void *data, const XML_Char *name, const XML_Char *system_id, const XML_Char *public_id,
                                  int has_subset)
{
        refuse(data, "a document type; memcheck writes none");
}

/* Names of files and functions are written as they are, whatever bytes they have: XML has no control characters. */
static void tame(char *chunk, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if ((unsigned char)chunk[i] < ' ' && chunk[i] != '\n' && chunk[i] != '\t' && chunk[i] != '\r')
                        chunk[i] = '?';
}

/* 0, or what expat or the file says. */
static int read_chunks(Reading *r, int fd, const char *path, Error *err)
{
        char chunk[CHUNK];

        for (;;) {
                ssize_t n = read(fd, chunk, sizeof chunk);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return error_set_errno(err, errno, "%s", path);
                tame(chunk, (size_t)n);
                if (r->api.parse(r->parser, chunk, (int)n, n == 0) == XML_STATUS_ERROR) {
                        enum XML_Error code = r->api.error(r->parser);
                        if (r->failed)
                                return error_set(err, ENOMEM, "out of memory");
                        r->memcheck->cut_off++;
                        if (n == 0 && !r->refused)
                                return 0;
                        return error_set(err, EBADMSG, "%s:%lu:%lu: %s", path, (unsigned long)r->api.line(r->parser),
                                         (unsigned long)r->api.column(r->parser) + 1,
                                         r->refused ? r->refused : r->api.error_text(code));
                }
                if (n == 0)
                        return 0;
        }
}

int memcheck_read(Memcheck *memcheck, int fd, const char *shown_path, Error *err)
{
        _cleanup_free_ Reading *r = calloc(1, sizeof *r);
        void *handle;

        if (!r)
                return error_set(err, ENOMEM, "out of memory");
        int result = load(&r->api, &handle, err);
        if (result < 0)
                return result;
        r->memcheck = memcheck;
        r->parser = r->api.create("ISO-8859-1");
        if (r->parser) {
                r->api.set_data(r->parser, r);
                r->api.set_elements(r->parser, begin_element, end_element);
                r->api.set_text(r->parser, add_text);
                r->api.set_doctype(r->parser, begin_doctype);
                result = read_chunks(r, fd, shown_path, err);
                r->api.free(r->parser);
                memcheck->processes++;
        } else {
                result = error_set(err, ENOMEM, "out of memory");
        }
        for (size_t i = 0; i < r->n_frames; i++)
                leak_frame_done(&r->frames[i]);
        dlclose(handle);
        return result;
}
