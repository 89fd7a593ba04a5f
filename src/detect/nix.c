/*
 * What Nix says when a build of its fails: which derivation, by its builder's exit code or signal, or that its daemon does
 * not answer. nix-build itself ends with 1 or 100 whatever it was. libstore's derivation-goal.cc, remote-store.cc.
 */
#include <string.h>

#include "detect/detect.h"
#include "detect/nix.h"
#include "detect/said.h"

static const DetectTable tables[] = {{NULL}};

enum { DERIVATION_MAX = 256, REASON_MAX = 160, HASH = 32 };

typedef struct Nix {
        char derivation[DERIVATION_MAX]; /* the path of the first that failed; "": none */
        char reason[REASON_MAX];         /* "failed with exit code 3" */
        char pending[DERIVATION_MAX];    /* of the line before, whose reason is still to come */
        char unreachable[REASON_MAX];
        uint64_t failed;
} Nix;

/* The path between the quotes: "…'/nix/store/HASH-NAME.drv'…". What another could put there is no path of a store. */
static bool take_derivation(const char *line, size_t size, char to[DERIVATION_MAX])
{
        const char *from = memmem(line, size, "'/", 2), *end = line + size;

        if (!from)
                return false;
        from++;
        const char *close = memchr(from, '\'', (size_t)(end - from));
        size_t n = close ? (size_t)(close - from) : 0;
        if (n < 4 || n >= DERIVATION_MAX || memcmp(close - 4, ".drv", 4) != 0)
                return false;
        for (const char *p = from; p < close; p++)
                if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || strchr("/+-._?=", *p)))
                        return false;
        memcpy(to, from, n);
        to[n] = '\0';
        return true;
}

static void take_failure(Nix *n, const char *derivation, const char *reason, size_t size)
{
        while (size > 0 && (reason[size - 1] == ';' || reason[size - 1] == '.' || reason[size - 1] == ' '))
                size--;
        n->failed++;
        if (n->derivation[0])
                return;
        text_copy(n->derivation, sizeof n->derivation, derivation);
        said_quote(n->reason, sizeof n->reason, reason, size);
}

bool nix_says_failed(const char *line, size_t size, const char **ret_reason)
{
        static const char *const words[] = {"' failed with exit code ", "' failed due to signal ", "' failed to produce output path"};
        const char *at;

        for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
                if (said(line, size, "builder for '/") && (at = said_find(line, size, words[i]))) {
                        *ret_reason = at + 2;
                        return true;
                }
        /* 2.29 and later: the line before names the derivation. */
        at = said_find(line, size, "Reason: builder failed");
        *ret_reason = at ? at + strlen("Reason: builder ") : NULL;
        return at != NULL;
}

static void nix_output(void *state, const char *line, size_t size)
{
        Nix *n = state;
        char derivation[DERIVATION_MAX];
        const char *reason;

        if (nix_says_failed(line, size, &reason)) {
                if (take_derivation(line, (size_t)(reason - line), derivation))
                        take_failure(n, derivation, reason, (size_t)(line + size - reason));
                else if (n->pending[0])
                        take_failure(n, n->pending, reason, (size_t)(line + size - reason));
        } else if (!n->unreachable[0] && said(line, size, "cannot connect to ") && said(line, size, "daemon-socket/socket")) {
                said_quote(n->unreachable, sizeof n->unreachable, line, size);
        }
        if (!said(line, size, "error: Cannot build '/") || !take_derivation(line, size, n->pending))
                n->pending[0] = said(line, size, "Reason:") ? '\0' : n->pending[0];
}

/* Without the folder and the hash. */
static const char *name_of(const char *derivation)
{
        const char *slash = strrchr(derivation, '/'), *name = slash ? slash + 1 : derivation;

        return strlen(name) > HASH && name[HASH] == '-' ? name + HASH + 1 : name;
}

/* What a detector before this one found is why the builder failed: that is to be told first. */
static Severity severity_beside(const Findings *out)
{
        for (size_t i = 0; i < out->n; i++)
                if (out->items[i]->cause && out->items[i]->severity == SEVERITY_CRITICAL)
                        return SEVERITY_WARNING;
        return SEVERITY_CRITICAL;
}

static void tell_failed(const Nix *n, Findings *out)
{
        const char *name = name_of(n->derivation);
        char more[FORMAT_MAX];
        Finding *f = findings_raise(out, "nix-build", NULL, severity_beside(out), SURE_CERTAIN, FINDING_NO_TIME);

        if (!f)
                return;
        f->cause = true;
        finding_title(f, "the build of %.*s %s", (int)(strlen(name) - strlen(".drv")), name, n->reason);
        if (n->failed > 1)
                finding_evidence(f, "Nix says so of %s, and of %s more", n->derivation, format_count(more, n->failed - 1));
        else
                finding_evidence(f, "Nix says so of %s", n->derivation);
        finding_meaning(f, "what needs it was not built; without --keep-going Nix ends the other builders at once, by SIGKILL");
        finding_advice(f, "see all that its builder wrote, and keep its folder the next time:\nnix-store --read-log %s\n"
                          "nix-store --realise --keep-failed %s\n", n->derivation, n->derivation);
}

static int nix_finish(void *state, const DetectContext *context, Findings *out)
{
        const Nix *n = state;

        /* A run that went well may test just that. */
        if (context->facts.exit_code <= 0 && context->facts.exit_signal <= 0)
                return 0;
        if (n->derivation[0])
                tell_failed(n, out);
        if (!n->unreachable[0])
                return 0;
        Finding *f = findings_raise(out, "nix-daemon", NULL, SEVERITY_CRITICAL, SURE_CERTAIN, FINDING_NO_TIME);
        if (f)
                f->cause = true;
        finding_title(f, "nix-daemon did not answer");
        finding_evidence(f, "the output says \"%s\"", n->unreachable);
        finding_meaning(f, "what would have built was not there, or this user may not talk to it");
        finding_advice(f, "see whether it runs, and what it said last:\nsystemctl status nix-daemon.socket nix-daemon.service\n");
        return 0;
}

const Detector detector_nix = {
        .name = "nix",
        .tables = tables,
        .state_size = sizeof(Nix),
        .output = nix_output,
        .finish = nix_finish,
};
