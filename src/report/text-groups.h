/* Lines about kinds of processes: categories, or programs where no rules gave one. */
#pragma once

#include "report/text-page.h"

/* "  cc1plus ×12 27.4, ld 2.1": what made up the tree's peak, in the peak's own unit where they share it. */
void text_add_composition(Page *page, uint64_t peak, size_t columns);

/* "CPP_Compile 92 % of CPU, at most 27.4 GiB; CPP_Link 5 %, 2.1 GiB": where there are several. */
void text_add_majors(Page *page);

/* "81 % of CPU in cc1 ×312, 9 % ld ×12, 3 others". */
void text_add_programs(Page *page);

/* What a group is called: its category; what no rule knows by its program. Borrowed. */
const char *text_group_name(const SummaryGroup *group);
