/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a statement about the direct map comes from. */
#ifndef CLI_INSPECT_EVIDENCE_H
#define CLI_INSPECT_EVIDENCE_H

#include "core/cli.h"

/* Opens the reader, or fails: for commands that can see nothing without it. */
enum status evidence_need(struct cli *cli);

/* Writes the fact evidence. */
void evidence_write(struct cli *cli);

/*
 * Writes the facts evidence and reader_proven; with control the reader has to prove itself now.
 * Where guest memory has no page yet, any_page is false: then the evidence is inferred, whatever
 * the reader is. Returns STATUS_CANNOT_TELL where it was proven wrong.
 */
enum status evidence_prove(struct cli *cli, bool control, bool any_page);

#endif
