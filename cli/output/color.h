/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sequences that colour a terminal: the eight colours that each one with colours has. */
#ifndef CLI_OUTPUT_COLOR_H
#define CLI_OUTPUT_COLOR_H

#define COLOR_RED "\033[31m"
#define COLOR_GREEN "\033[32m"
#define COLOR_YELLOW "\033[33m"
#define COLOR_BLUE "\033[34m"
#define COLOR_MAGENTA "\033[35m"
#define COLOR_CYAN "\033[36m"
#define COLOR_DIM "\033[2m"
#define COLOR_REVERSE "\033[7m" /* is no colour: shown where colours are refused, too */
#define COLOR_PLAIN "\033[0m"

#endif
