// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of commands, in the order of the help. */
#include "core/command.h"

#include <string.h>

static const struct command *const commands[] = {
	&walk_command,	  &doctor_command,   &caps_command,	 &list_command,	  &pfns_command,
	&pfn_command,	  &check_command,    &directmap_command, &watch_command,  &top_command,
	&metrics_command, &report_command,   &oops_command,	 &create_command, &convert_command,
	&map_command,	  &finalize_command, &punch_command,	 &status_command, &exec_command,
	&destroy_command, &batch_command,
};

const struct command *command_at(size_t index)
{
	return index < sizeof(commands) / sizeof(commands[0]) ? commands[index] : NULL;
}

const struct command *command_find(const char *name)
{
	for (size_t i = 0; command_at(i); i++)
		if (!strcmp(command_at(i)->name, name))
			return command_at(i);
	return NULL;
}
