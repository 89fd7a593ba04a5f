/* `vigia send RUN DEST`: a run's archive and its page to another machine, or into a folder. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/commands.h"
#include "app/print.h"
#include "app/send-run.h"
#include "app/sweep-command.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

typedef struct SendCommand {
        SendRun send;
        ConfigurationOptions configured;
        Configuration configuration;
        const char *format;
        uint64_t timeout_ns;
        bool json, no_rsync;
} SendCommand;

static const char *proof_name(SendProof proof)
{
        return proof == PROOF_SHA256 ? "sha256" : proof == PROOF_SIZE ? "size" : NULL;
}

static const char *way_name(SendWay way)
{
        static const char *const names[] = {NULL, "folder", "rsync", "ssh", "sftp"};

        return names[way];
}

static void add_file(Json *j, const char *key, const SendFile *file)
{
        json_open_object(j, key, JSON_LINES);
        json_add_text(j, "name", file->name);
        json_add_u64(j, "bytes", file->size);
        json_add_text(j, "sha256", file->sum);
        json_add_text(j, "verified", proof_name(file->proof));
        json_add_text(j, "way", way_name(file->way));
        json_add_bool(j, "was_there", file->was_there);
        json_add_u64(j, "resumed_bytes", file->resumed_bytes);
        json_add_u64(j, "sent_bytes", file->sent_bytes);
        json_close(j);
}

static int print_json(const SendCommand *c, const char *id, bool sent, const Error *err)
{
        const SendRun *s = &c->send;
        _cleanup_string_ String text = {0};
        Json json = {.out = &text}, *j = &json;

        json_open_object(j, NULL, JSON_LINES);
        json_add_u64(j, "format", 1);
        json_add_text(j, "run", id);
        json_add_text(j, "destination", s->to);
        json_add_bool(j, "sent", sent);
        json_add_text(j, "error", sent ? NULL : err->message);
        json_add_text(j, "kept", s->archive);
        if (s->n_files > 0)
                add_file(j, "archive", &s->files[0]);
        else
                json_add_null(j, "archive");
        if (s->n_files > 1)
                add_file(j, "page", &s->files[1]);
        else
                json_add_null(j, "page");
        json_close(j);
        string_add_char(&text, '\n');
        return print_text(&text);
}

static int send_it(SendCommand *c, const SendSource *source)
{
        SendRun *s = &c->send;
        _cleanup_string_ String text = {0};
        Error err = {0};
        int code = EXIT_FINE;

        s->quiet = c->json;
        if (c->timeout_ns > 0)
                s->options.deadline_ns = clock_monotonic_ns() + c->timeout_ns;
        int r = send_run(s, source, &err);
        if (s->n_files == 1 && s->no_page.message[0])
                log_warning("no latest-report.html: %s", s->no_page.message);
        if (c->json)
                code = print_json(c, source->id, r == 0, &err);
        if (r < 0) {
                if (s->archive)
                        log_error("%s; the archive is %s", err.message, s->archive);
                else
                        log_error("%s", err.message);
                return EXIT_CANNOT;
        }
        if (!c->json) {
                send_run_add_text(s, &text);
                code = print_text(&text);
        }
        return code;
}

static int parse_format(SendCommand *c, Error *err)
{
        if (!c->format)
                c->send.format = archive_best();
        else if (text_equal(c->format, "tar.gz") || text_equal(c->format, "gz"))
                c->send.format = ARCHIVE_TAR_GZ;
        else if (!text_equal(c->format, "tar.zst") && !text_equal(c->format, "zst"))
                return error_set(err, EINVAL, "send: --format %s: expected tar.zst or tar.gz", c->format);
        return 0;
}

static int check(SendCommand *c, char **words, size_t n_words, Error *err)
{
        if (n_words != 2)
                return error_set(err, EINVAL, "send: expected a RUN and where it goes: [USER@]HOST[:PATH] or a folder");
        c->send.to = words[1];
        int r = parse_format(c, err);
        if (r == 0 && (r = send_run_check(&c->send, err)) < 0)
                error_prefix(err, r, "send");
        return r;
}

/* What is set of ssh; the options are stronger. */
static int configure(SendCommand *c, Error *err)
{
        int r = configuration_load(&c->configuration, &c->configured, NULL, 0, err);

        if (r < 0)
                return r;
        configuration_warn(&c->configuration);
        if (c->no_rsync)
                c->send.options.rsync = "";
        if (c->timeout_ns == 0)
                c->timeout_ns = configuration_number(&c->configuration, "send.timeout", 0);
        return send_run_take(&c->send, &c->configuration, err);
}

/* -ENOENT: `name` is no sweep; else the exit code. */
static int send_sweep(SendCommand *c, const char *name)
{
        _cleanup_free_ char *path = NULL;
        Sweep sweep;

        sweep_init(&sweep);
        int code = sweep_open(name, &sweep, &path);
        if (code == 0)
                code = send_it(c, &(SendSource){.id = sweep.id, .path = path, .sweep = &sweep});
        sweep_done(&sweep);
        return code;
}

static int open_and_send(SendCommand *c, const char *name)
{
        _cleanup_(run_reader_freep) RunReader *reader = NULL;
        Error err = {0};
        int r = configure(c, &err);

        int code = r == 0 && text_equal(name, "last") ? send_sweep(c, name) : -ENOENT;
        if (code >= 0)
                return code;
        if (r == 0 && (r = run_reader_open_named(name, &reader, &err)) == -ENOENT && (code = send_sweep(c, name)) >= 0)
                return code;
        if (r < 0) {
                log_error("%s", err.message);
                return EXIT_USAGE;
        }
        return send_it(c, &(SendSource){run_reader_info(reader)->id, run_reader_path(reader), reader, NULL});
}

static int run_send(const Command *command, int argc, char **argv)
{
        SendCommand c = {0};
        uint64_t connect_ns = 0;
        const Option options[] = {
                {'o', "output", "PATH", "the archive's file or folder, where it then stays", OPTION_TEXT, &c.send.output},
                {0, "format", "NAME", "tar.zst (the default) or tar.gz", OPTION_TEXT, &c.format},
                {0, "ssh", "COMMAND", "the ssh command: \"ssh -p 2222\"", OPTION_TEXT, &c.send.options.ssh},
                {0, "no-rsync", NULL, "by ssh alone, also where rsync is", OPTION_FLAG, &c.no_rsync},
                {0, "connect-timeout", "TIME", "for the host to answer (10s)", OPTION_DURATION, &connect_ns},
                {0, "timeout", "TIME", "give up then (default: never)", OPTION_DURATION, &c.timeout_ns},
                {'c', "config", "FILE", "a configuration instead of the user's", OPTION_TEXT, &c.configured.file},
                {0, "json", NULL, "what became of it, for programs", OPTION_FLAG, &c.json},
        };
        _cleanup_free_ char **words = NULL;
        size_t n_words;
        Error err = {0};

        int r = options_parse(command, options, ARRAY_LENGTH(options), argc, argv, false, &words, &n_words, &err);
        if (r == 0)
                r = check(&c, words, n_words, &err);
        c.send.options.connect_timeout_s = (connect_ns + NS_PER_SECOND - 1) / NS_PER_SECOND;
        int code = r > 0 ? EXIT_FINE : r < 0 ? usage_error(command, &err) : open_and_send(&c, words[0]);
        send_run_done(&c.send);
        configuration_done(&c.configuration);
        configuration_options_done(&c.configured);
        return code;
}

const Command command_send = {
        .name = "send",
        .summary = "send a run's archive and page to another machine over ssh",
        .usage = "[OPTIONS] RUN DEST",
        .details = "RUN is a path, an id, the unique beginning of an id, or \"last\"; so is a sweep.\nDEST is "
                   "[USER@]HOST[:PATH] as for scp, or a folder with a / in its name:\n\n"
                   "  vigia send last me@desktop:rebuild-diagnostics\n"
                   "  vigia send last /srv/runs\n\n"
                   "The archive and latest-report.html go there by the system's ssh, with its\n"
                   "configuration and agent, and without a question. A transfer that was cut goes on\n"
                   "where it was; a checksum is verified there. If it fails, the archive stays.",
        .run = run_send,
};
