// SPDX-License-Identifier: GPL-2.0-or-later
/* The places of members in structs, from BTF that this test makes. */
#include "unit.h"

#include <errno.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "kernel/linux/linux.h"

static struct gmem_linux host = { .lock = PTHREAD_MUTEX_INITIALIZER };
static int number;

static void begin(void)
{
	host.btf = btf__new_empty();
	ck_assert_ptr_nonnull(host.btf);
	number = btf__add_int(host.btf, "int", 4, BTF_INT_SIGNED);
	ck_assert_int_eq(number, 1);
}

static void end(void)
{
	gmem_linux_btf_free(&host);
	host.btf = NULL;
}

static int add_struct(const char *name, unsigned int size)
{
	int id = btf__add_struct(host.btf, name, size);

	ck_assert_int_gt(id, 0);
	return id;
}

static void add_member(const char *name, int type, unsigned int byte)
{
	ck_assert_int_eq(btf__add_field(host.btf, name, type, byte * 8, 0), 0);
}

static int ask(const char *type, const char *member, size_t *offset)
{
	return gmem_linux_offset_of(&host, type, member, offset);
}

START_TEST(finds_offsets_of_members)
{
	int inner, name, constant;
	size_t offset, size;

	begin();
	inner = add_struct(NULL, 8);
	add_member("first", number, 0);
	add_member("second", number, 4);
	name = btf__add_typedef(host.btf, "pair", inner);
	constant = btf__add_const(host.btf, name);
	add_struct("file", 20);
	add_member("inode", number, 0);
	add_member("", inner, 4);
	add_member("pair", constant, 12);
	ck_assert_int_eq(ask("file", "inode", &offset), 0);
	ck_assert_uint_eq(offset, 0);
	ck_assert_int_eq(ask("file", "second", &offset), 0);
	ck_assert_uint_eq(offset, 8);
	ck_assert_int_eq(ask("file", "pair.second", &offset), 0);
	ck_assert_uint_eq(offset, 16);
	ck_assert_int_eq(ask("file", "pair.third", &offset), -ENOENT);
	ck_assert_int_eq(ask("file", "inode.second", &offset), -ENOENT);
	ck_assert_int_eq(ask("inode", "second", &offset), -ENOENT);
	ck_assert_int_eq(gmem_linux_size_of(&host, "file", &size), 0);
	ck_assert_uint_eq(size, 20);
	end();
}
END_TEST

START_TEST(refuses_what_lies_outside)
{
	size_t offset;
	int inner;

	begin();
	inner = add_struct("inner", 4);
	add_member("far", number, 1 << 20);
	add_struct("outer", 16);
	add_member("end", number, 16); /* as in an array without elements */
	add_member("behind", number, 17);
	add_member("inner", inner, 8);
	ck_assert_int_eq(ask("outer", "end", &offset), 0);
	ck_assert_int_eq(ask("outer", "behind", &offset), -EILSEQ);
	ck_assert_int_eq(ask("outer", "inner.far", &offset), -EILSEQ);
	end();
}
END_TEST

/* A name that refers to itself, and a struct that contains itself many times. */
START_TEST(ends_on_types_that_refer_to_themselves)
{
	size_t offset;
	int self;

	begin();
	self = (int)btf__type_cnt(host.btf);
	ck_assert_int_eq(btf__add_typedef(host.btf, "self", self), self);
	add_struct("named", 4);
	add_member("", self, 0);
	self = add_struct("nested", 4);
	for (int i = 0; i < 64; i++)
		add_member("", self, 0);
	ck_assert_int_eq(ask("named", "member", &offset), -EILSEQ);
	ck_assert_int_eq(ask("nested", "member", &offset), -EILSEQ);
	end();
}
END_TEST

static int own_print(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static void *open_readers(void *arg)
{
	for (int i = 0; i < 20; i++) {
		struct gmem_kernel *kernel;
		char why[256];

		ck_assert_int_eq(gmem_kernel_linux_new(&kernel), 0);
		kernel->ops->reader_open(kernel, GMEM_READER_BPF, why, sizeof(why));
		kernel->ops->destroy(kernel);
	}
	return arg;
}

/*
 * The application's function for libbpf's messages is set again afterwards,
 * whether a reader opens or not.
 */
START_TEST(print_function_stays)
{
	pthread_t threads[4];

	libbpf_set_print(own_print);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, open_readers, NULL), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	ck_assert(libbpf_set_print(own_print) == own_print);
}
END_TEST

UNIT_MAIN("btf", finds_offsets_of_members, refuses_what_lies_outside,
	  ends_on_types_that_refer_to_themselves, print_function_stays)
