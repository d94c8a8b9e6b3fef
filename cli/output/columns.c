// SPDX-License-Identifier: GPL-2.0-or-later
/* Which columns of a table are shown. */
#include "output/columns.h"

#include <ctype.h>
#include <string.h>

const char *column_heading(const struct column *column, char dash, char buffer[CELL_TEXT_MAX])
{
	size_t i;

	for (i = 0; i < CELL_TEXT_MAX - 1 && column->name[i]; i++)
		buffer[i] = column->name[i] == '_' ? dash
						   : (char)toupper((unsigned char)column->name[i]);
	buffer[i] = '\0';
	return buffer;
}

static int canonical(char c)
{
	return c == '-' ? '_' : tolower((unsigned char)c);
}

static bool is_named(const struct column *column, const char *name, size_t length)
{
	if (strlen(column->name) != length)
		return false;
	for (size_t i = 0; i < length; i++)
		if (canonical(name[i]) != column->name[i])
			return false;
	return true;
}

static void select_shown(const struct table *table, bool all, struct selection *selection)
{
	for (size_t i = 0; i < table->n; i++)
		if (all || table->columns[i].shown)
			selection->index[selection->n++] = i;
}

/* A column named twice is shown once: JSON allows a key only once. */
static bool select_name(const struct table *table, const char *name, size_t length,
			struct selection *selection)
{
	for (size_t i = 0; i < table->n; i++) {
		if (!is_named(&table->columns[i], name, length))
			continue;
		if (!columns_selected(selection, i))
			selection->index[selection->n++] = i;
		return true;
	}
	return false;
}

bool columns_have(const struct table *table, const char *name)
{
	for (size_t i = 0; i < table->n; i++)
		if (is_named(&table->columns[i], name, strcspn(name, ",")))
			return true;
	return false;
}

/* The name after this one in a list, or NULL. */
static const char *next_name(const char *name)
{
	name = strchr(name, ',');
	return name ? name + 1 : NULL;
}

bool columns_select(const struct table *table, const struct table *second, const char *list,
		    bool all, struct selection *selection, char wrong[CELL_TEXT_MAX])
{
	bool adds = list && *list == '+';

	selection->n = 0;
	if (!list || all || adds)
		select_shown(table, all, selection);
	if (!list)
		return true;
	for (const char *name = list + adds; name; name = next_name(name)) {
		size_t length = strcspn(name, ",");

		if (select_name(table, name, length, selection) ||
		    (adds && second && columns_have(second, name)))
			continue;
		snprintf(wrong, CELL_TEXT_MAX, "%.*s", length > 40 ? 40 : (int)length, name);
		return false;
	}
	return true;
}

void columns_select_second(const struct table *table, const char *list, bool all,
			   struct selection *selection)
{
	selection->n = 0;
	select_shown(table, all, selection);
	if (!list || *list != '+')
		return;
	for (const char *name = list + 1; name; name = next_name(name))
		select_name(table, name, strcspn(name, ","), selection);
}

bool columns_selected(const struct selection *selection, size_t index)
{
	for (size_t i = 0; i < selection->n; i++)
		if (selection->index[i] == index)
			return true;
	return false;
}
