/* What the detector of builds keeps of a run's processes, and how it calls them. Its own files only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/text.h"
#include "model/chain.h"
#include "table/batch.h"

enum {
        BUILD_IMAGES_MAX = 1 << 18,
        BUILD_LABELS_MAX = 1 << 16,
        BUILD_LABEL_MAX = 64, /* bytes */
};

/* What a wait was for, where that tells what to do. */
typedef enum BuildWork { WORK_OTHER, WORK_LINK, WORK_CONFIGURE, WORK_TOOL, N_BUILD_WORKS } BuildWork;

/* A program and what it works on: "cc1plus dag.cpp". */
typedef struct BuildLabel {
        char *text; /* owned */
        uint64_t cpu_us;
        uint64_t n; /* images */
        BuildWork work;
} BuildLabel;

typedef struct BuildImage {
        ChainProcess times;
        uint64_t key, parent_key; /* UINT64_MAX: none */
        uint64_t cpu_us;          /* 0 unknown, too */
        uint32_t label;
} BuildImage;

/* All zero is empty. */
typedef struct BuildImages {
        BuildImage *items; /* by start, after finish */
        size_t n, capacity;
        BuildLabel *labels;
        size_t n_labels, labels_capacity;
        Map *by_label; /* hash of the text; index + 1 */
        uint64_t seen, cpu_us; /* images there were, and what they all used */
        bool too_many;
} BuildImages;

int build_images_observe(BuildImages *images, const Batch *rows); /* 0 or -ENOMEM */
/* In order, with parents; who was alive ends at end_ns. 0 or -ENOMEM. */
int build_images_finish(BuildImages *images, int64_t end_ns);
void build_images_done(BuildImages *images);

/* "cc1plus dag.cpp", "ld vmlinux", "sh". */
void build_label_of(const char *comm, size_t comm_size, const char *cmdline, size_t size, char to[BUILD_LABEL_MAX]);
BuildWork build_work_of(const char *comm, size_t size);
