#include "form.h"

#include <regex.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "problem.h"

enum { CHOICES_MOST = 256, LONGEST = 4096 };

/* "; did you mean `kvm`? known: kvm, xen" */
static int unknown_choice(struct recipe *recipe, const struct form *form, const struct word *word)
{
	const char *names[CHOICES_MOST];
	size_t count = 0;
	cleanup_buffer struct buffer known = {0};

	for (const char *name; count < CHOICES_MOST && (name = form->choice(count));) {
		buffer_printf(&known, "%s%s", count ? ", " : "", name);
		names[count++] = name;
	}
	const char *nearest = text_nearest(word->text, names, count);
	return recipe_problem(recipe, word->at, "unknown %s %s%s%s%s known: %s", form->what,
		problem_quote(recipe, word->text), nearest ? "; did you mean `" : ";",
		nearest ? nearest : "", nearest ? "`?" : "", known.data ? known.data : "none");
}

static bool is_choice(const struct form *form, const char *text)
{
	const char *name;

	for (size_t i = 0; (name = form->choice(i)); i++)
		if (!strcmp(name, text))
			return true;
	return false;
}

static bool matches(const char *pattern, const char *text)
{
	regex_t expression;

	if (regcomp(&expression, pattern, REG_EXTENDED | REG_NOSUB))
		return false;
	bool result = !regexec(&expression, text, 0, NULL, 0);
	regfree(&expression);
	return result;
}

int form_check(struct recipe *recipe, const struct form *form, struct word *word)
{
	size_t longest = form->longest ? form->longest : LONGEST;
	const char *shown = form->secret ? "this" : problem_quote(recipe, word->text);

	if (form->choice && is_choice(form, word->text))
		return 0;
	if (form->choice && !(form->or_path && strpbrk(word->text, "/.")))
		return unknown_choice(recipe, form, word);
	if (strlen(word->text) > longest)
		return recipe_problem(recipe, word->at, "%s is too long for %s: at most %zu bytes",
			shown, form->what, longest);
	if (!form->lines && strpbrk(word->text, "\n\t"))
		return recipe_problem(recipe, word->at,
			"%s is not %s: it must be one line, without tabs", shown, form->what);
	if (form->pattern && !matches(form->pattern, word->text))
		return recipe_problem(
			recipe, word->at, "%s is not %s: %s", shown, form->what, form->hint);
	return form->verify ? form->verify(recipe, word) : 0;
}
