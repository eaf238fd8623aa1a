/* Forms: what the texts of a recipe must look like, one row for each sort of text. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "recipe.h"

struct form {
	const char *what; /* with its article, for messages: "a package name" */
	const char *hint; /* how it is written */
	/* An extended regular expression that means the same in ECMAScript, for the JSON Schema;
	 * NULL: any text. */
	const char *pattern;
	/* The words there are, by index; NULL behind the last. In place of a pattern. */
	const char *(*choice)(size_t index);
	bool or_path; /* a text with a '/' or '.' is no such word, but a path */
	/* Looks beyond the text and may replace it; adds a problem. NULL: there is nothing. */
	int (*verify)(struct recipe *recipe, struct word *word);
	size_t longest; /* bytes; 0: 4096 */
	bool lines;     /* may have several lines */
	bool secret;    /* is never shown in a message */
	bool numeric;   /* YAML may take it for a number, and that is fine */
};

extern const struct form form_text, form_name, form_version, form_recipe, form_suite,
	form_architecture, form_mirror, form_snapshot, form_keyring, form_component, form_package,
	form_package_name, form_strip, form_bootstrap, form_base, form_debconf, form_kernel,
	form_base_image, form_fragment, form_kernel_package, form_kernel_word, form_overlay,
	form_hook, form_init, form_password_hash, form_ssh_key, form_firmware, form_cloud_source,
	form_filesystem, form_compression, form_format, form_platform, form_script, form_expression,
	form_module, form_path, form_event, form_lines, form_url, form_eula, form_property,
	form_property_type, form_property_value, form_variable, form_port, form_table, form_changes,
	form_use, form_extent, form_label, form_data_filesystem, form_mount;

/* Adds a problem unless the word, which is not empty, has the form. May replace its text. */
int form_check(struct recipe *recipe, const struct form *form, struct word *word);

/* Of forms that are files: gives the word its path, from the recipe that names it. `what` is for
 * the problem that there is none. */
int form_verify_file(struct recipe *recipe, struct word *word, const char *what);
