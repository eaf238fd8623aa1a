#include "strip.h"

#include <fnmatch.h>
#include <string.h>

#include "base/cleanup.h"

/* What a merged /usr holds, but packages may spell without the /usr. */
static const char *const merged[] = {"/bin/", "/lib/", "/sbin/"};

const struct strip_rule *strip_find(const char *name)
{
	for (size_t i = 0; i < strip_rule_count; i++)
		if (!strcmp(strip_rules[i].name, name))
			return &strip_rules[i];
	return NULL;
}

bool strip_applies(const struct strip_rule *rule, const struct recipe *recipe)
{
	if (rule->always || !recipe)
		return rule->always;
	if (rule->sealed && recipe->sealed)
		return true;
	for (size_t i = 0; i < recipe->strip.count; i++)
		if (!strcmp(recipe->strip.items[i].text, rule->name))
			return true;
	return false;
}

/* Most paths differ in what comes before the first wildcard, which costs less to see. */
static bool matches_pattern(const char *pattern, const char *path)
{
	return !strncmp(pattern, path, strcspn(pattern, "*?[\\")) && !fnmatch(pattern, path, 0);
}

/* The last pattern that matches decides, as with dpkg. */
static bool rule_matches(const struct strip_rule *rule, const char *path)
{
	bool matches = false;

	for (const char *const *at = rule->patterns; *at; at++) {
		bool exception = **at == '!';
		if (matches_pattern(*at + exception, path))
			matches = !exception;
	}
	return matches;
}

const struct strip_rule *strip_match(const struct recipe *recipe, const char *path)
{
	cleanup_free char *in_usr = NULL;

	for (size_t i = 0; i < array_count(merged) && !in_usr; i++)
		if (text_starts(path, merged[i]))
			in_usr = xasprintf("/usr%s", path);
	for (size_t i = 0; i < strip_rule_count; i++)
		if (strip_applies(&strip_rules[i], recipe) &&
			rule_matches(&strip_rules[i], in_usr ? in_usr : path))
			return &strip_rules[i];
	return NULL;
}

bool strip_matches(const struct recipe *recipe, const char *path)
{
	return strip_match(recipe, path);
}

/* Both spellings: dpkg compares with the path as the package has it. */
static void tell_dpkg(struct buffer *text, const char *pattern)
{
	const char *path = pattern + (*pattern == '!');
	const char *key = *pattern == '!' ? "path-include" : "path-exclude";

	buffer_printf(text, "%s=%s\n", key, path);
	for (size_t i = 0; i < array_count(merged); i++)
		if (text_starts(path, "/usr/") && text_starts(path + 4, merged[i]))
			buffer_printf(text, "%s=%s\n", key, path + 4);
}

char *strip_dpkg_rules(const struct recipe *recipe)
{
	struct buffer text = {0};

	buffer_text(&text, "# What this image goes without, by the strip rules of its recipe.\n");
	for (size_t i = 0; i < strip_rule_count; i++) {
		const struct strip_rule *rule = &strip_rules[i];
		if (!rule->packaged || !strip_applies(rule, recipe))
			continue;
		buffer_printf(&text, "# %s: %s\n", rule->name, rule->summary);
		for (const char *const *at = rule->patterns; *at; at++)
			tell_dpkg(&text, *at);
	}
	return text.data;
}
