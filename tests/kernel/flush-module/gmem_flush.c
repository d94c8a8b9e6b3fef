// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel's cache flush does to a page frame, for test kernels only: it oopses where the
 * page frame is not in the direct map. Each flush runs in a kernel thread of its own, which is all
 * that dies of it.
 *
 * /sys/kernel/debug/gmem_flush/flush: page frame numbers are written to it, and reading it gives
 * one line for each of the last write:  PFN flushed  or  PFN faulted FUNCTION ERROR-CODE PFN-OF-CR2
 * /sys/kernel/debug/gmem_flush/poison: a number written to it allocates as many pages and takes
 * them out of the direct map as the kernel does where a machine check reports one:
 * set_mce_nospec(). Reading gives their page frame numbers. They come back with the module's end.
 */
#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/kallsyms.h>
#include <linux/kdebug.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/set_memory.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/cacheflush.h>
#include <asm/special_insns.h>

#define MAX_PFNS 4096
#define MAX_TEXT (1u << 20)
#define MAX_POISONED 64

struct flush {
	unsigned long pfn;
	struct completion started;
	bool returned;
	bool faulted;
	char function[KSYM_SYMBOL_LEN];
	unsigned long error_code;
	unsigned long fault_address;
};

static DEFINE_MUTEX(lock);
static struct flush *results;
static unsigned int nr_results;
static struct page *poisoned[MAX_POISONED];
static unsigned int nr_poisoned;
static struct dentry *folder;

/* The flush that runs now, and its thread: for the notifier, which an oops calls in that thread. */
static struct flush *current_flush;
static struct task_struct *current_thread;

static int on_oops(struct notifier_block *block, unsigned long event, void *data)
{
	struct die_args *args = data;
	struct flush *flush = current_flush;

	if (event != DIE_OOPS || !flush || current != current_thread)
		return NOTIFY_DONE;
	flush->faulted = true;
	flush->error_code = args->err;
	flush->fault_address = read_cr2();
	sprint_symbol_no_offset(flush->function, args->regs->ip);
	return NOTIFY_DONE;
}

static struct notifier_block oops_notifier = { .notifier_call = on_oops };

static int run_flush(void *data)
{
	struct flush *flush = data;

	complete(&flush->started);
	/* As tdx_clflush_pfn() does: by arithmetic, whatever the PFN is. */
	clflush_cache_range(__va(PFN_PHYS(flush->pfn)), PAGE_SIZE);
	flush->returned = true;
	while (!kthread_should_stop())
		schedule_timeout_uninterruptible(1);
	return 0;
}

static int flush_one(struct flush *flush)
{
	struct task_struct *thread;

	init_completion(&flush->started);
	thread = kthread_create(run_flush, flush, "gmem_flush/%lx", flush->pfn);
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	get_task_struct(thread);
	current_flush = flush;
	current_thread = thread;
	wake_up_process(thread);
	wait_for_completion(&flush->started);
	/* Comes back when the thread has ended, be it of an oops. */
	kthread_stop(thread);
	current_flush = NULL;
	put_task_struct(thread);
	return 0;
}

static int flush_pfn(unsigned long pfn)
{
	/* Only what is memory has an address in the direct map at all. */
	if (!pfn_valid(pfn))
		return -ENXIO;
	if (nr_results == MAX_PFNS)
		return -E2BIG;
	results[nr_results] = (struct flush){ .pfn = pfn };
	return flush_one(&results[nr_results++]);
}

static int flush_all(char *text)
{
	char *word;
	int err = 0;

	nr_results = 0;
	while (!err && (word = strsep(&text, " \n")) != NULL) {
		unsigned long pfn;

		if (!*word)
			continue;
		err = kstrtoul(word, 0, &pfn);
		if (!err)
			err = flush_pfn(pfn);
	}
	return err;
}

static ssize_t flush_write(struct file *file, const char __user *buffer, size_t size, loff_t *pos)
{
	char *text;
	int err;

	if (size > MAX_TEXT)
		return -E2BIG;
	text = memdup_user_nul(buffer, size);
	if (IS_ERR(text))
		return PTR_ERR(text);
	mutex_lock(&lock);
	err = flush_all(text);
	mutex_unlock(&lock);
	kfree(text);
	return err ? err : size;
}

static int flush_show(struct seq_file *seq, void *unused)
{
	mutex_lock(&lock);
	for (unsigned int i = 0; i < nr_results; i++) {
		const struct flush *flush = &results[i];

		if (flush->faulted)
			seq_printf(seq, "0x%lx faulted %s 0x%04lx 0x%lx\n", flush->pfn,
				   flush->function, flush->error_code,
				   PHYS_PFN(__pa(flush->fault_address)));
		else
			seq_printf(seq, "0x%lx %s\n", flush->pfn,
				   flush->returned ? "flushed" : "lost");
	}
	mutex_unlock(&lock);
	return 0;
}

static int flush_open(struct inode *inode, struct file *file)
{
	return single_open_size(file, flush_show, NULL, MAX_PFNS * 64);
}

static const struct file_operations flush_fops = {
	.owner = THIS_MODULE,
	.open = flush_open,
	.read = seq_read,
	.write = flush_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static int poison(unsigned int count)
{
	while (count--) {
		struct page *page;

		if (nr_poisoned == MAX_POISONED)
			return -E2BIG;
		page = alloc_page(GFP_KERNEL);
		if (!page)
			return -ENOMEM;
		poisoned[nr_poisoned++] = page;
		set_mce_nospec(page_to_pfn(page));
	}
	return 0;
}

static ssize_t poison_write(struct file *file, const char __user *buffer, size_t size, loff_t *pos)
{
	unsigned int count;
	int err = kstrtouint_from_user(buffer, size, 0, &count);

	if (err)
		return err;
	mutex_lock(&lock);
	err = poison(count);
	mutex_unlock(&lock);
	return err ? err : size;
}

static int poison_show(struct seq_file *seq, void *unused)
{
	for (unsigned int i = 0; i < nr_poisoned; i++)
		seq_printf(seq, "0x%lx\n", page_to_pfn(poisoned[i]));
	return 0;
}

static int poison_open(struct inode *inode, struct file *file)
{
	return single_open(file, poison_show, NULL);
}

static const struct file_operations poison_fops = {
	.owner = THIS_MODULE,
	.open = poison_open,
	.read = seq_read,
	.write = poison_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static void heal(void)
{
	for (unsigned int i = 0; i < nr_poisoned; i++) {
		clear_mce_nospec(page_to_pfn(poisoned[i]));
		__free_page(poisoned[i]);
	}
}

static int __init gmem_flush_init(void)
{
	results = kvcalloc(MAX_PFNS, sizeof(*results), GFP_KERNEL);
	if (!results)
		return -ENOMEM;
	register_die_notifier(&oops_notifier);
	folder = debugfs_create_dir("gmem_flush", NULL);
	debugfs_create_file("flush", 0600, folder, NULL, &flush_fops);
	debugfs_create_file("poison", 0600, folder, NULL, &poison_fops);
	return 0;
}
module_init(gmem_flush_init);

static void __exit gmem_flush_exit(void)
{
	debugfs_remove(folder);
	unregister_die_notifier(&oops_notifier);
	heal();
	kvfree(results);
}
module_exit(gmem_flush_exit);

MODULE_DESCRIPTION("Flushes page frames through the direct map, to see which fault");
MODULE_LICENSE("GPL");
