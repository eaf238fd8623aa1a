/* /etc/shadow as a text, shadow(5): one account a line, fields between colons, the second the
 * password's hash, the third the day of its last change since 1970. Results are owned by the
 * caller. */
#pragma once

/* The account's password is this hash: "*" for none that could match. Also for passwd(5). */
char *shadow_set_hash(const char *shadow, const char *account, const char *hash);
/* No change is later than that day. */
char *shadow_clamp_days(const char *shadow, unsigned long day);
