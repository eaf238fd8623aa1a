/*
 * A web server on the loopback that misbehaves on request, run in a child process. Each path is a
 * behaviour; the content is always web_content.
 *
 *   /good       whole, honours Range          /busy-N     503 for the first N requests
 *   /plain      whole, ignores Range          /cut        breaks off half way, honours Range
 *   /long       one byte more, no length      /short      one byte less, and says so
 *   /to/PATH    redirects to PATH             /status-N   HTTP status N
 *   /leave      redirects to a file: URL      /stuck      breaks off before the first byte
 */
#pragma once

#include <stddef.h>

enum { WEB_LENGTH = 100000 };

/* Starts it (a group's setup has called enter_scratch); each request adds its line to the file
 * `requests` in the working directory. */
void web_start(void);
void web_stop(void);
/* http://127.0.0.1:PORT/PATH; owned by the caller. */
char *web_url(const char *path);
/* The content, WEB_LENGTH bytes. */
const char *web_content(void);
/* How many requests there were for a path since the start. */
size_t web_requests(const char *path);
