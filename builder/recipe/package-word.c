#include "package-word.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"

char *package_word_next(char **rest)
{
	char *word = strsep(rest, "|");

	if (!word)
		return NULL;
	word += strspn(word, " ");
	word[strcspn(word, " ")] = '\0';
	return word;
}

bool package_word_names(const char *word, const char *name)
{
	cleanup_free char *copy = xstrdup(word);
	size_t length = strlen(name);

	for (char *rest = copy, *one; (one = package_word_next(&rest));)
		if (strcspn(one, ":=/") == length && !strncmp(one, name, length))
			return true;
	return false;
}
