/* Parts of doctor's page. */
#pragma once

#include "app/doctor.h"
#include "app/page.h"

/* A second verdict, where hardly another process fits; nothing elsewhere. */
void doctor_show_tight(Page *page, const Doctor *doctor);

/* What a command may use of threads, memory, files, and what is used. */
void doctor_show_room(Page *page, const Doctor *doctor);
