/* SPDX-License-Identifier: LGPL-2.1-or-later OR GPL-2.0-or-later */
/*
 * The leaves of a page cache's xarray: when a node fits, which entries make one run, and the memory
 * for a question to the kernel and its answer. Both the BPF programs and the walker include this
 * header, so that the same rules hold wherever a leaf is looked through.
 */
#ifndef GMEM_KERNEL_LEAVES_H
#define GMEM_KERNEL_LEAVES_H

#define GMEM_LEAVES 64	   /* in one question: as many as one node has below it */
#define GMEM_LEAF_SLOTS 64 /* of a leaf; kernels with smaller nodes are not asked */
#define GMEM_LEAF_BYTES 1024
#define GMEM_LEAF_SLOTS_AT 504 /* the last offset, in bytes, at which a leaf's slots may begin */

/* Entries as include/linux/xarray.h encodes them: these two bits are zero in a pointer. */
#define GMEM_ENTRY_KIND 3ull

/* Where the members of struct xa_node are, in bytes. */
struct gmem_node_layout {
	unsigned int size;
	unsigned int shift;  /* unsigned char */
	unsigned int offset; /* unsigned char */
	unsigned int parent;
	unsigned int array;
	unsigned int slots;
};

/* What a node must say about itself to be accepted. */
struct gmem_node_place {
	unsigned long long array;  /* the xarray that it belongs to */
	unsigned long long parent; /* 0: it is the first */
	unsigned int offset;	   /* the parent's slot that it hangs on */
	unsigned int shift;	   /* index bits below it */
};

struct gmem_leaf {
	unsigned long long address;
	unsigned int at;   /* the parent's slot that it hangs on */
	unsigned int runs; /* out: number of runs; 0 if the node does not fit, or has more than
			    * pages in it */
};

/* Slots of a leaf, from where the run before it ends. */
struct gmem_leaf_run {
	unsigned long long entry; /* of the last slot; 0: they are empty */
	unsigned int end;	  /* the slot behind the last */
	unsigned int pad;
};

/* The question, and the answer. */
struct gmem_leaves {
	struct gmem_node_layout layout;
	unsigned long long array;
	unsigned long long parent; /* address of the node that the leaves hang on */
	unsigned long long stride; /* bytes between the pointers of one run */
	/*
	 * Filled by the kernel's side: how many runs leaves must have, judged by the leaves before
	 * them, so that the look in the kernel is cheaper than a copy.
	 */
	unsigned int worth;
	unsigned int count;
	int result; /* out: 0, or -EFAULT where the parent is not mapped */
	struct gmem_leaf leaves[GMEM_LEAVES];
	unsigned long long again[GMEM_LEAVES]; /* out: the parent's slots, read behind the leaves */
	struct gmem_leaf_run runs[GMEM_LEAVES][GMEM_LEAF_SLOTS]; /* out: by the slot at */
	unsigned long long node[GMEM_LEAF_BYTES / 8];		 /* where a leaf is copied to */
};

static inline unsigned long long gmem_node_word(const unsigned char *node, unsigned int at)
{
	unsigned long long word;

	__builtin_memcpy(&word, node + at, sizeof(word));
	return word;
}

/* Whether a copy of a node says that it is the one that belongs there. */
static inline _Bool gmem_node_fits(const struct gmem_node_layout *layout, const unsigned char *node,
				   const struct gmem_node_place *place)
{
	return gmem_node_word(node, layout->array) == place->array &&
	       gmem_node_word(node, layout->parent) == place->parent &&
	       node[layout->shift] == place->shift &&
	       (!place->parent || node[layout->offset] == place->offset);
}

/*
 * What the slot behind a page's entry has if the run goes on there; behind an empty one it is
 * empty. A pointer of the kernel's has its highest bit set.
 */
static inline unsigned long long gmem_entry_next(unsigned long long entry,
						 unsigned long long stride)
{
	return entry + (stride & -(entry >> 63));
}

/*
 * 1 if they differ, else 0, without a branch: a CPU could not predict it, and the verifier would
 * follow both ways.
 */
static inline unsigned int gmem_entry_differs(unsigned long long a, unsigned long long b)
{
	unsigned long long x = a ^ b, negative = -x;

	__asm__(""
		: "+r"(negative)); /* without this, compilers recognise the expression and
				    * make a branch of it */
	return (unsigned int)((x | negative) >> 63);
}

/* The runs of a leaf's slots. Returns how many, or 0 where there is more than pages in them. */
static inline unsigned int gmem_leaf_scan(const unsigned long long *slots,
					  unsigned long long stride, struct gmem_leaf_run *runs)
{
	unsigned long long entry = slots[0], kinds = entry;
	unsigned int n = 0;

	runs[0].entry = entry;
	runs[0].end = 1;
#ifdef __bpf__
#pragma unroll
#endif
	for (unsigned int i = 1; i < GMEM_LEAF_SLOTS; i++) {
		unsigned long long next = gmem_entry_next(entry, stride);
		struct gmem_leaf_run *run;

		entry = slots[i];
		kinds |= entry;
		n += gmem_entry_differs(entry, next);
		run = &runs[n & (GMEM_LEAF_SLOTS - 1)];
		run->entry = entry; /* of the last slot that is written into it */
		run->end = i + 1;
	}
	return kinds & GMEM_ENTRY_KIND ? 0 : n + 1;
}

#endif
