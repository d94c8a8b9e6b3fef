/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What follows from the lines of an oops. */
#ifndef GMEM_OOPS_JUDGE_H
#define GMEM_OOPS_JUDGE_H

#include "oops/text.h"

/*
 * Fills all of out. Clears in text what may be of another oops, where lines of several are mixed.
 */
void oops_judge(struct oops_text *text, struct gmem_oops *out);

#endif
