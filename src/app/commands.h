/* The commands there are; each lives in its own cmd-NAME.c. Order is that of `vigia --help`. */
#pragma once

#include "app/options.h"

extern const Command command_run, command_attach, command_doctor, command_config, command_monitors;

/* NULL-terminated. */
extern const Command *const commands[];
extern const Command command_start, command_status, command_snapshot, command_stop, command_kill;
extern const Command command_runs, command_recover;
extern const Command command_sweep;
extern const Command command_report, command_export, command_convert;
extern const Command command_rules, command_compare;
extern const Command command_plot;
extern const Command command_send;
extern const Command command_leak;
extern const Command command_advise;
extern const Command command_why;
extern const Command command_import;
