/* One walk to index types by id and spot the wanted names, then a recursive copy of those. */
#include "track/bpf-btf.h"

#include <bpf/btf.h>
#include <errno.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

enum { MAX_BTF_BYTES = 64 << 20, MAX_DEPTH = 24, MAX_WANTED = 64 };

typedef struct Raw {
        const uint8_t *types;
        uint32_t types_size;
        const char *strings;
        uint32_t strings_size;
        uint32_t *offsets; /* of type id, in types; [0] unused */
        uint32_t *copies;  /* id in the copy, 0: not copied */
        uint32_t n;        /* ids run from 1 to n */
        uint32_t wanted[MAX_WANTED];
        bool map_memory;
        uint32_t exit_tracepoint, prepare_exec; /* typedefs of their functions */
        struct btf *to;
        int void_pointer;
} Raw;

/* Bytes that follow the 12 of struct btf_type, by kind: `fixed`, and `each` for each of its vlen
 * members. A table, because the walk passes 100,000 types of kinds that no CPU foresees. */
typedef struct Tail {
        uint8_t fixed, each;
        bool known;
} Tail;

static const Tail tails[32] = {
        [BTF_KIND_INT] = {4, 0, true},
        [BTF_KIND_PTR] = {0, 0, true},
        [BTF_KIND_ARRAY] = {sizeof(struct btf_array), 0, true},
        [BTF_KIND_STRUCT] = {0, sizeof(struct btf_member), true},
        [BTF_KIND_UNION] = {0, sizeof(struct btf_member), true},
        [BTF_KIND_ENUM] = {0, sizeof(struct btf_enum), true},
        [BTF_KIND_FWD] = {0, 0, true},
        [BTF_KIND_TYPEDEF] = {0, 0, true},
        [BTF_KIND_VOLATILE] = {0, 0, true},
        [BTF_KIND_CONST] = {0, 0, true},
        [BTF_KIND_RESTRICT] = {0, 0, true},
        [BTF_KIND_FUNC] = {0, 0, true},
        [BTF_KIND_FUNC_PROTO] = {0, sizeof(struct btf_param), true},
        [BTF_KIND_VAR] = {4, 0, true},
        [BTF_KIND_DATASEC] = {0, sizeof(struct btf_var_secinfo), true},
        [BTF_KIND_FLOAT] = {0, 0, true},
        [17] = {4, 0, true},  /* DECL_TAG */
        [18] = {0, 0, true},  /* TYPE_TAG */
        [19] = {0, 12, true}, /* ENUM64 */
};

static const struct btf_type *type_at(const Raw *raw, uint32_t id)
{
        return id > 0 && id <= raw->n ? (const void *)(raw->types + raw->offsets[id]) : NULL;
}

static const char *name_at(const Raw *raw, uint32_t offset)
{
        return offset < raw->strings_size ? raw->strings + offset : "";
}

static void note_struct(Raw *raw, const struct btf_type *t, const char *const *names)
{
        const char *name = name_at(raw, t->name_off);

        for (size_t i = 0; names[i] && i < MAX_WANTED; i++)
                if (name[0] == names[i][0] && !raw->wanted[i] && strcmp(name, names[i]) == 0)
                        raw->wanted[i] = raw->n;
        if (name[0] == 'b' && !raw->map_memory)
                raw->map_memory = strcmp(name, "bpf_mem_alloc") == 0;
}

static void note_tracepoint(Raw *raw, const struct btf_type *t)
{
        const char *name = name_at(raw, t->name_off);

        if (name[0] != 'b')
                return;
        if (strcmp(name, "btf_trace_sched_process_exit") == 0)
                raw->exit_tracepoint = raw->n;
        else if (strcmp(name, "btf_trace_sched_prepare_exec") == 0)
                raw->prepare_exec = raw->n;
}

static int index_types(Raw *raw, const char *const *names)
{
        uint32_t at = 0, capacity = 1 << 16;

        raw->offsets = malloc(capacity * sizeof *raw->offsets);
        if (!raw->offsets)
                return -ENOMEM;
        while (raw->types_size - at >= sizeof(struct btf_type)) {
                const struct btf_type *t = (const void *)(raw->types + at);
                const Tail *kind = &tails[BTF_INFO_KIND(t->info)];
                uint32_t tail = kind->fixed + kind->each * BTF_INFO_VLEN(t->info);
                if (!kind->known || tail > raw->types_size - at - sizeof *t)
                        return -EBADMSG;
                if (++raw->n >= capacity) {
                        capacity *= 2;
                        uint32_t *more = realloc(raw->offsets, capacity * sizeof *more);
                        if (!more)
                                return -ENOMEM;
                        raw->offsets = more;
                }
                raw->offsets[raw->n] = at;
                if (BTF_INFO_KIND(t->info) == BTF_KIND_STRUCT && t->name_off)
                        note_struct(raw, t, names);
                else if (BTF_INFO_KIND(t->info) == BTF_KIND_TYPEDEF)
                        note_tracepoint(raw, t);
                at += (uint32_t)sizeof *t + tail;
        }
        raw->copies = calloc((size_t)raw->n + 1, sizeof *raw->copies);
        return raw->copies ? 0 : -ENOMEM;
}

static bool is_wanted(const Raw *raw, uint32_t id)
{
        for (size_t i = 0; i < MAX_WANTED; i++)
                if (raw->wanted[i] == id)
                        return true;
        return false;
}

static int copy_type(Raw *raw, uint32_t id, unsigned depth);

static int copy_struct(Raw *raw, uint32_t id, const struct btf_type *t, unsigned depth)
{
        const struct btf_member *members = (const void *)(t + 1);
        uint32_t n = BTF_INFO_VLEN(t->info);
        bool whole = t->name_off == 0 || is_wanted(raw, id);
        bool is_union = BTF_INFO_KIND(t->info) == BTF_KIND_UNION;
        const char *name = name_at(raw, t->name_off);
        _cleanup_free_ int *types = calloc(MAX(n, 1u), sizeof *types);

        if (!types)
                return -ENOMEM;
        for (uint32_t i = 0; whole && i < n; i++) { /* first, as members must be appended in a row */
                types[i] = copy_type(raw, members[i].type, depth + 1);
                if (types[i] < 0)
                        return types[i];
        }
        int copy = is_union ? btf__add_union(raw->to, name, t->size)
                            : btf__add_struct(raw->to, name, t->size);
        for (uint32_t i = 0; whole && copy > 0 && i < n; i++) {
                uint32_t offset = members[i].offset, bits = 0;
                if (BTF_INFO_KFLAG(t->info)) {
                        bits = BTF_MEMBER_BITFIELD_SIZE(offset);
                        offset = BTF_MEMBER_BIT_OFFSET(offset);
                }
                int r = btf__add_field(raw->to, name_at(raw, members[i].name_off), types[i], offset,
                                       bits);
                if (r < 0)
                        return r;
        }
        return copy;
}

static int copy_array(Raw *raw, const struct btf_type *t, unsigned depth)
{
        const struct btf_array *array = (const void *)(t + 1);
        int element = copy_type(raw, array->type, depth + 1);
        int index = copy_type(raw, array->index_type, depth + 1);

        if (element < 0 || index < 0)
                return element < 0 ? element : index;
        return btf__add_array(raw->to, index, element, array->nelems);
}

static int copy_new(Raw *raw, uint32_t id, const struct btf_type *t, unsigned depth)
{
        char name[16];

        switch (BTF_INFO_KIND(t->info)) {
        case BTF_KIND_STRUCT:
        case BTF_KIND_UNION:
                return copy_struct(raw, id, t, depth);
        case BTF_KIND_ARRAY:
                return copy_array(raw, t, depth);
        case BTF_KIND_TYPEDEF:
        case BTF_KIND_CONST:
        case BTF_KIND_VOLATILE:
        case BTF_KIND_RESTRICT:
        case 18: /* TYPE_TAG: qualifiers and names say nothing about layout */
                return copy_type(raw, t->type, depth + 1);
        case BTF_KIND_INT:
        case BTF_KIND_ENUM:
        case 19:
                memcpy(name, "int0", 5);
                name[3] = (char)('0' + (t->size & 7));
                return btf__add_int(raw->to, name, t->size ? t->size : 4, 0);
        default: /* what a structure can hold besides: pointers */
                if (!raw->void_pointer)
                        raw->void_pointer = btf__add_ptr(raw->to, 0);
                return raw->void_pointer;
        }
}

/* Id in the copy, or negative. Type 0 is void in both. */
static int copy_type(Raw *raw, uint32_t id, unsigned depth)
{
        const struct btf_type *t = type_at(raw, id);

        if (id == 0)
                return 0;
        if (!t || depth > MAX_DEPTH)
                return -EBADMSG;
        if (raw->copies[id])
                return (int)raw->copies[id];
        int copy = copy_new(raw, id, t, depth);
        if (copy > 0)
                raw->copies[id] = (uint32_t)copy;
        return copy;
}

static int parse_header(Raw *raw, const uint8_t *data, size_t size)
{
        struct btf_header h;

        if (size < sizeof h)
                return -EBADMSG;
        memcpy(&h, data, sizeof h);
        if (h.magic != BTF_MAGIC || h.hdr_len < sizeof h || h.hdr_len > size || h.type_off % 4)
                return -EBADMSG;
        size -= h.hdr_len;
        if (h.type_off > size || h.type_len > size - h.type_off || h.str_off > size ||
            h.str_len > size - h.str_off || h.str_len == 0)
                return -EBADMSG;
        raw->types = data + h.hdr_len + h.type_off;
        raw->types_size = h.type_len;
        raw->strings = (const char *)data + h.hdr_len + h.str_off;
        raw->strings_size = h.str_len;
        return raw->strings[h.str_len - 1] == '\0' ? 0 : -EBADMSG;
}

static int write_copy(Raw *raw)
{
        uint32_t size;
        const void *data = btf__raw_data(raw->to, &size);
        _cleanup_close_ int fd = memfd_create("vigia-btf", MFD_CLOEXEC);

        if (!data)
                return -ENOMEM;
        if (fd < 0)
                return -errno;
        int r = file_write_all(fd, data, size);
        return r < 0 ? r : TAKE_FD(fd);
}

/* typedef void (*btf_trace_sched_process_exit)(void *, struct task_struct *[, bool group_dead]) */
static void learn_facts(const Raw *raw, BpfBtfFacts *facts)
{
        const struct btf_type *pointer, *function, *t = type_at(raw, raw->exit_tracepoint);

        facts->prepare_exec = raw->prepare_exec != 0;
        facts->map_memory = raw->map_memory;
        pointer = t ? type_at(raw, t->type) : NULL;
        function = pointer ? type_at(raw, pointer->type) : NULL;
        facts->exit_has_mm = function && BTF_INFO_KIND(function->info) == BTF_KIND_FUNC_PROTO &&
                             BTF_INFO_VLEN(function->info) >= 3;
}

int bpf_btf_reduce(const void *data, size_t size, const char *const *names, BpfBtfFacts *facts,
                   Error *err)
{
        Raw raw = {0};
        int r = parse_header(&raw, data, size);

        if (r == 0)
                r = index_types(&raw, names);
        if (r == 0) {
                raw.to = btf__new_empty();
                r = raw.to ? 0 : -ENOMEM;
        }
        for (size_t i = 0; r >= 0 && names[i] && i < MAX_WANTED; i++)
                if (raw.wanted[i])
                        r = copy_type(&raw, raw.wanted[i], 0);
        if (r >= 0)
                learn_facts(&raw, facts);
        if (r >= 0)
                r = write_copy(&raw);
        btf__free(raw.to);
        free(raw.offsets);
        free(raw.copies);
        return r < 0 ? error_set_errno(err, r, "kernel BTF") : r;
}

int bpf_btf_of_kernel(const Host *host, const char *const *names, BpfBtfFacts *facts, Error *err)
{
        _cleanup_close_ int fd = host_open(host, "sys/kernel/btf/vmlinux");

        if (fd < 0)
                return error_set(err, fd, "the kernel has no BTF (/sys/kernel/btf/vmlinux)");
        off_t size = lseek(fd, 0, SEEK_END);
        if (size > 0 && size <= MAX_BTF_BYTES) { /* mappable since 6.16 */
                void *map = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
                if (map != MAP_FAILED) {
                        int r = bpf_btf_reduce(map, (size_t)size, names, facts, err);
                        munmap(map, (size_t)size);
                        return r;
                }
        }
        lseek(fd, 0, SEEK_SET);
        Buffer raw = {0};
        int r = size > 0 && size <= MAX_BTF_BYTES ? buffer_reserve(&raw, (size_t)size + 8192) : 0;
        if (r == 0)
                r = file_read_all(fd, &raw, MAX_BTF_BYTES);
        r = r < 0 ? error_set_errno(err, r, "kernel BTF")
                  : bpf_btf_reduce(raw.data, raw.size, names, facts, err);
        buffer_done(&raw);
        return r;
}
