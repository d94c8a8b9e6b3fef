// SPDX-License-Identifier: GPL-2.0-or-later
#include "inspect/evidence.h"

#include <errno.h>

enum status evidence_need(struct cli *cli)
{
	int ret;

	if (cli->common.reader == READER_NONE)
		return cli_fail(cli, STATUS_CANNOT_TELL,
				"this is seen in kernel memory only, and --reader=none forbids "
				"reading it");
	ret = cli_open_reader(cli);
	if (ret == -GMEM_ENOTRECORDED) /* there is what the snapshot tells, see evidence_write() */
		return STATUS_YES;
	return ret ? cli_fail_error(cli, ret, NULL) : STATUS_YES;
}

static void write_evidence(struct cli *cli, enum gmem_evidence evidence)
{
	output_fact(cli->out, "evidence", KIND_TEXT, cell_text(gmem_evidence_name(evidence)));
}

void evidence_write(struct cli *cli)
{
	write_evidence(cli, gmem_reader_evidence(cli->ctx));
}

enum status evidence_prove(struct cli *cli, bool control, bool any_page)
{
	int proven = control ? gmem_reader_control(cli->ctx) : -EINPROGRESS;
	const char *reason = NULL;
	char text[1024];

	if (proven == -EINPROGRESS)
		reason = "not asked for (--control)";
	else if (proven < 0)
		reason = cli_explain(cli, proven, text, sizeof(text));
	else if (proven == 0)
		reason = "it did not tell a page of memfd_secret from an ordinary one";
	write_evidence(cli, any_page ? gmem_reader_evidence(cli->ctx) : GMEM_EVIDENCE_INFERRED);
	output_fact_or_reason(cli->out, "reader_proven", KIND_BOOL,
			      cell_number_if(proven >= 0, (uint64_t)proven), reason);
	if (proven != 0)
		return STATUS_YES;
	return cli_fail(cli, STATUS_CANNOT_TELL,
			"the reader of kernel memory answers wrongly on this kernel");
}
