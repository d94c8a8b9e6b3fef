/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What follows from the lines of an oops. */
#ifndef GMEM_OOPS_JUDGE_H
#define GMEM_OOPS_JUDGE_H

#include "oops/text.h"

/* Fills all of out; what cannot be this oops's goes from text. */
void oops_judge(struct oops_text *text, struct gmem_oops *out);

#endif
