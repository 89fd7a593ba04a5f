/* Between the parts of send/. */
#pragma once

#include "base/text.h"
#include "send/child.h"
#include "send/send.h"

/* ".NAME.0123456789abcdef.part" */
void send_part_name(const SendFile *file, String *to);

/* Each tries once; the files are open and hashed. As send_files; 1: worth another try. */
int send_to_folder(const Destination *to, SendFile *files, size_t n, const SendOptions *options, Error *err);
int send_to_host(const Destination *to, SendFile *files, size_t n, const SendOptions *options, Error *err);

/* The same by sftp(1); shell: the words of the ssh command. */
int send_by_sftp(const Destination *to, const char *shell, SendFile *files, size_t n, const SendOptions *options,
                 Error *err);

/* What a child that did not end well means; 0: it ended well. -EIO: none of what send_files tells apart. -ENOENT: there
 * is no such program here. */
int send_judge(const Destination *to, const SendChild *child, const char *doing, Error *err);

/* ---- script.c: what the far side's shell is told ---- */

void send_add_quoted(String *to, const char *text); /* as one word of a POSIX shell */

/* What there is: "vigia-send there I" or "vigia-send part I BYTES" of each file, "rsync", "free KIB", "ready". */
void send_script_look(const Destination *to, const SendFile *files, size_t n, String *out);
/* Checks and names: "vigia-send kept I sha256|size", "short I", "damaged I", "taken I". */
void send_script_keep(const Destination *to, const SendFile *files, size_t n, String *out);
/* Takes the parts away: their disk is full. */
void send_script_drop(const Destination *to, const SendFile *files, size_t n, String *out);

/* The command that appends stdin to a file, whose folder and name are stdin's first two lines. */
extern const char send_append_command[];

extern const char send_hello[]; /* in what a script says, when there is a shell */

/* The next line of `*at` that is ours, without "vigia-send "; false: none. */
bool send_next_answer(const char **at, char *line, size_t size);
