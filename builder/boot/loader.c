#include "loader.h"

#include "base/text.h"

extern const char embedded_agent_sh[], embedded_loader_sh[];

char *loader_words(const char *device)
{
	return xasprintf("init=/bin/sh -- -c \"exec <>%s >&0; stty raw -echo; echo; "
			 "echo " LOADER_HELLO "; exec sh 2>/dev/null\"",
		device);
}

char *loader_script(const char *device)
{
	return xasprintf("command -v mount >/dev/null || mount() { busybox mount \"$@\"; }\n"
			 "mount -t tmpfs -o nosuid,nodev,mode=755 run /run\n"
			 "mkdir /run/jeos /run/jeos-agent\n"
			 "cat >/run/jeos-agent/agent <<'END OF AGENT'\n"
			 "%sEND OF AGENT\n"
			 "cat >/run/jeos-agent/init <<'END OF INIT'\n"
			 "%sEND OF INIT\n"
			 "chmod 755 /run/jeos-agent/agent /run/jeos-agent/init\n"
			 "exec /run/jeos-agent/init %s\n",
		embedded_agent_sh, embedded_loader_sh, device);
}
