/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_CORE_CLOCK_H
#define CLI_CORE_CLOCK_H

#include <stdint.h>

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t now_ms(void);

#endif
