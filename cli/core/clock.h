/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_CORE_CLOCK_H
#define CLI_CORE_CLOCK_H

#include <stdint.h>

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t now_ms(void);

/* Seconds of the same clock. */
double now_seconds(void);

#endif
