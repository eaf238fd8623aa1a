#include "bundle.h"

#include "base/memory.h"

static const struct bundle *const bundles[] = {
	&bundle_tar, &bundle_tar_gz, &bundle_tar_xz, &bundle_tar_zst};

const struct bundle *bundle_at(size_t index)
{
	return index < array_count(bundles) ? bundles[index] : NULL;
}
