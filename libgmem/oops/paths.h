/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which kernel path a trace is of, and which step of userspace ran it. */
#ifndef GMEM_OOPS_PATHS_H
#define GMEM_OOPS_PATHS_H

#include "oops/text.h"

/* Fills path, step and page, by the function and the trace. */
void oops_find_path(const struct oops_text *text, struct gmem_oops *out);

#endif
