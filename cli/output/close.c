// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/close.h"

enum status output_close(struct cli *cli, enum status status)
{
	bool accepts = status <= STATUS_PARTLY && cli->common.accept & 1u << status;
	const struct document_error error = {
		.message = cli->error,
		.code = failure_name(cli->cause.failure),
		.error = failure_errno(&cli->cause),
	};
	const struct ending ending = {
		.error = cli->failed ? &error : NULL,
		.status = (int)(accepts ? STATUS_YES : status),
		.accepted = (int)(accepts ? status : STATUS_YES),
	};

	if (cli->out)
		output_free(cli->out, &ending);
	return accepts ? STATUS_YES : status;
}
