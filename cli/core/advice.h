/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The next steps that libgmem names, in commands instead of functions. */
#ifndef CLI_CORE_ADVICE_H
#define CLI_CORE_ADVICE_H

/* The command or option for a name of gmem_advice_name(), NULL for none: a gmem_advice_fn. */
const char *advice_words(const char *name, void *arg);

#endif
