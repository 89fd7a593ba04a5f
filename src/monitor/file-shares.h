/*
 * How much of their file pages the processes of a tree count, each page once. Instances of a program share
 * its text and its libraries: eight compilers at once hold little more of them than one. What the kernel
 * told of the instances that were read is known of the program, in two figures that hold for any number of
 * instances, and goes for those that were too short, or too dear, to be read.
 *
 * At each tick: file_shares_begin; file_shares_add of each living process; then file_shares_bytes.
 */
#pragma once

#include <stdint.h>

#include "track/process-table.h"

typedef struct FileShares FileShares;
typedef struct FileProgram FileProgram;

int file_shares_new(FileShares **ret); /* 0 or -ENOMEM */
FileShares *file_shares_free(FileShares *shares);
DEFINE_CLEANUP(FileShares, file_shares)

/* The program of a process, by its file's path; lives as long as `shares`. Of too many the last is one for all. */
FileProgram *file_shares_program(FileShares *shares, const Process *process);

void file_shares_begin(FileShares *shares);
/* A living process's sample has been taken in. */
void file_shares_add(FileShares *shares, ProcessWatch *watch);
/* Of all that were added, each page once. */
uint64_t file_shares_bytes(const FileShares *shares);

/* What a process counts of its file pages, by what is known of its program and how many instances were added
 * last; and by its own reading, if there was one. */
uint64_t file_share_bytes(const ProcessWatch *watch);

/* Of one that no sample saw, which held rss_bytes at its peak: its file pages, and how many it counts, as other
 * instances of its program had them. */
uint64_t file_share_unseen(const FileShares *shares, const Process *process, uint64_t rss_bytes, uint64_t *ret_counted);

/* It was read just now (watch.pss_file), after it was added. */
void file_shares_learn(FileShares *shares, ProcessWatch *watch);

/* How far file_share_bytes may be off. */
uint64_t file_share_doubt(const ProcessWatch *watch);
