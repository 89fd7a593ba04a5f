/*
 * Files of ours to another machine, or into a folder here. Each is first a hidden part file whose name holds the
 * beginning of its SHA-256, and takes its own name only when it was verified there: nobody ever sees
 * half of one, and what was cut short goes on where it was only if it is the same file.
 *
 * Over ssh, all that the far side has to have is a POSIX shell; rsync is used where both sides have it. What is sent
 * to be run there are constant words: names travel through stdin and are never parsed by a shell. No secret
 * is on a command line; who logs in is the matter of the user's ssh configuration and agent.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/sha256.h"
#include "send/destination.h"

typedef enum SendWay { SEND_NONE, SEND_FOLDER, SEND_RSYNC, SEND_SSH, SEND_SFTP } SendWay;
typedef enum SendProof { PROOF_NONE, PROOF_SIZE, PROOF_SHA256 } SendProof; /* how it was verified there */

typedef struct SendFile {
        const char *path; /* here */
        const char *name; /* there: no '/', no control characters, not hidden */
        /* told */
        int fd;           /* open while it is sent */
        uint64_t size;
        char sum[SHA256_TEXT];
        uint64_t resumed_bytes; /* were there from a transfer that was cut short */
        uint64_t sent_bytes;    /* known for ssh and folders; with rsync what was not there */
        bool was_there;         /* whole, under its name */
        SendProof proof;
        SendWay way;
} SendFile;

typedef struct SendOptions {
        const char *ssh;             /* words of the ssh command, blanks between; NULL: ssh */
        const char *rsync;           /* program; NULL: rsync; "": never */
        uint64_t connect_timeout_s;  /* 0: 10 */
        uint64_t deadline_ns;        /* CLOCK_MONOTONIC; 0: none */
        void (*progress)(const SendFile *file, uint64_t done, void *data); /* may be NULL */
        void *data;
} SendOptions;

enum { SEND_FILES_MAX = 4, SEND_NAME_MAX = 200 };

/* In their order. 0, or -errno with a sentence that names the destination: -EINTR (a signal asked for the end),
 * -ETIMEDOUT (the deadline), -EHOSTUNREACH (ssh got no connection), -EACCES (who we are, or who they are, is
 * not believed), -ENOENT (no ssh here), -ENOSPC, -EBADMSG (not what was sent arrived, twice), -EIO (anything else). */
int send_files(const Destination *to, SendFile *files, size_t n, const SendOptions *options, Error *err);

/* For connections: a sentence about why ssh failed, from what it wrote. Returns the -errno. */
int send_explain(const char *host, const char *said, Error *err);

/* The words of an ssh command, checked: no quotes or control characters. */
int send_check_ssh(const char *words, Error *err);
