/*
 * The metadata service of a cloud: at 169.254.169.254, port 80, a guest asks by HTTP what its
 * instance is called, root's keys and a script. Here it is one for the guest of a test, as EC2,
 * OpenStack or Google have theirs, of what the recipe says.
 */
#pragma once

#include "base/text.h"
#include "recipe/recipe.h"

/* "ec2", "openstack", "gce"; NULL behind the last. */
const char *metadata_source_at(size_t index);
/* Whether it is such a service that tells; else it is a volume, or there is no cloud. */
bool metadata_is_source(const struct recipe_cloud *cloud);

struct metadata;

/* NULL when there is none. */
struct metadata *metadata_new(const struct recipe_cloud *cloud);
/* Appends the reply to a request, of which `head` is all up to the empty line. */
void metadata_reply(const struct metadata *metadata, const char *head, struct buffer *reply);
void metadata_free(struct metadata *metadata);

/* Answers those who connect to the socket, one after the other, until the process ends. */
_Noreturn void metadata_serve(const struct metadata *metadata, int listener);
