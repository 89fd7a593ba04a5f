/* The line about the machine around the run. */
#pragma once

#include "report/text-page.h"

/* Nothing where no monitor of the machine said anything. */
void text_add_machine(Page *page);
