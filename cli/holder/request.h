/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a client sends to a holder and gets back, on a SOCK_SEQPACKET socket: the holder says that
 * it is ready, the client sends one packet, and gets one back. Before it is ready nothing is sent.
 * So if a client gives up, none of its descriptors stays in the queue of a holder that is stopped
 * or busy. A request is a command line, some of the environment, and four descriptors: standard
 * input, output and error, and the folder that relative names are about; where the command reads a
 * file, that one is the fifth.
 */
#ifndef CLI_HOLDER_REQUEST_H
#define CLI_HOLDER_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REQUEST_MAX 65536u /* bytes of a packet */
#define REQUEST_WORDS_MAX 1024u
#define REQUEST_FDS 4
#define REQUEST_FDS_MAX 5
#define REQUEST_VERSION_MAX 16

enum { REQUEST_STDIN, REQUEST_STDOUT, REQUEST_STDERR, REQUEST_FOLDER, REQUEST_FILE };

/* Variables that change how output looks; the holder's own are not the client's. */
extern const char *const request_variables[];

struct request {
	char version[REQUEST_VERSION_MAX]; /* of the client */
	int argc;
	char **argv;   /* NULL-ended, into the packet, as are the values */
	char **values; /* one for each of request_variables, NULL where unset */
};

/*
 * Writes a request into packet, REQUEST_MAX bytes. Returns its length, 0 where it does not fit.
 */
size_t request_write(const char *version, int argc, char *const *argv, char *packet);

enum request_error {
	REQUEST_OK,
	REQUEST_MALFORMED,
	REQUEST_OTHER_VERSION, /* request->version tells which */
	REQUEST_NO_MEMORY,
};

/*
 * Reads the packet, which stays in use until request_free(). Nothing in it is trusted; version is
 * the one that is spoken here.
 */
enum request_error request_read(const char *version, char *packet, size_t length,
				struct request *request);
void request_free(struct request *request);

enum reply_kind {
	REPLY_STATUS,  /* status is the command's */
	REPLY_EXEC,    /* run the command's words on the descriptors that come along */
	REPLY_REFUSED, /* the request was not understood; version is that of the holder */
	REPLY_FULL,    /* the holder has no room for the request's descriptors */
	REPLY_READY,   /* the request may be sent */
};

struct reply {
	uint32_t magic;
	uint32_t kind;
	int32_t status;
	char version[REQUEST_VERSION_MAX];
};

#define REPLY_MAGIC 0x474d5250u /* "GMRP" */

/* Whether what came back is a reply. */
bool reply_is_valid(const struct reply *reply, size_t length);

#endif
