/*
 * The matrix of a test: each image on each of its platforms, on each machine that is asked for, by
 * each boot path. All of it is known before the first boot.
 */
#pragma once

#include "boot-arguments.h"

/* An image to be tested. */
struct trial {
	const char *name; /* in the results */
	const char *image;
	const char *disk;            /* what is booted of it: itself, or the disk in it */
	const char *log;             /* directory for console logs */
	const struct recipe *recipe; /* whose checks are made; NULL: none */
	bool built;   /* by that recipe: it must boot by whatever the recipe promises */
	bool analyze; /* see struct boot_options */
};

/* Zero-initialized is empty. Recipes that trials name outlive it. */
struct matrix {
	struct arena arena;
	struct boot_options *items;
	size_t count, capacity;
};

/* Adds all boots of an image; its directory for logs exists. */
int matrix_add(struct matrix *matrix, const struct boot_arguments *arguments,
	const struct trial *trial, struct error *err);
void matrix_release(struct matrix *matrix);
