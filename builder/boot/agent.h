/*
 * The test agent: a shell script in the guest (agent.sh, where its protocol is) that runs commands
 * for the checks. Its line may carry noise; what is no reply is passed over.
 */
#pragma once

#include "machine.h"

/* Where the agent is in the guest. */
#define AGENT_PATH "/usr/lib/jeos/agent"
/* ... by its own word, in commands that it runs. */
#define AGENT_COMMAND "\"$JEOS_AGENT\""

struct agent_hello {
	uint64_t uptime;      /* milliseconds since the kernel started */
	uint64_t memory_used; /* bytes */
};

struct agent_reply {
	int status;           /* exit status of the command; 124: it was ended by its time limit */
	struct buffer output; /* both streams, at most 64 KiB; owned */
};

struct agent {
	struct machine *machine; /* borrowed */
	const char *script;      /* for a guest that asks for it (loader.h), borrowed; NULL: none */
	unsigned last_id;
};

/* Whether the agent's first words, which say that the system is up, have come by now. On the way
 * there the guest may ask for the agent. */
int agent_look(
	struct agent *agent, bool *ret_ready, struct agent_hello *ret_hello, struct error *err);
/* Runs a shell command, at most `limit` milliseconds of it. STATUS_CHECK when no reply comes. */
int agent_run(struct agent *agent, const char *command, uint64_t limit,
	struct agent_reply *ret_reply, struct error *err);
/* The last lines of the output, each indented on a line of its own; owned by the caller. */
char *agent_reply_tail(const struct agent_reply *reply);
void agent_reply_release(struct agent_reply *reply);
#define cleanup_reply cleanup(agent_reply_release)

/* The protocol's lines. */
char *agent_format_request(unsigned id, uint64_t milliseconds, const char *command);
bool agent_parse_hello(const char *line, struct agent_hello *ret_hello);
bool agent_parse_reply(const char *line, unsigned id, struct agent_reply *ret_reply);
