/*
 * What a process is for: a major category and a detailed one (CPP_Compile, cc1plus). Who records asks
 * for labels without knowing rules; rules/ gives them.
 */
#pragma once

#include <stdbool.h>

/* Borrowed from whoever labels, equal labels being the same pointer. Never NULL inside. */
typedef struct Label {
        const char *major, *category;
} Label;

/* What is known of a process image. Texts as in the processes table; NULL unknown. */
typedef struct LabelWords {
        const char *comm;     /* at most 15 bytes of the program's name, or what it calls itself */
        const char *exe;      /* path of the file */
        const char *cmdline;  /* arguments, joined with blanks */
        const char *response; /* contents of the @files among them, joined with blanks */
        /* Of the image that forked it, as labelled without regard to its own parent. */
        const Label *parent;
        bool *ret_alone; /* set: would it be the same under every parent; may be NULL */
} LabelWords;

/* Never NULL; until `data` is freed. */
typedef const Label *(*LabelFn)(const LabelWords *words, void *data);

/* Who labels, for whoever reads rows of processes. */
typedef struct Labeller {
        LabelFn label;
        void *data;
        bool parents; /* the rules ask for them */
} Labeller;
