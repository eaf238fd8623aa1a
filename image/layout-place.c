/* Where partitions are: one behind the other, in whole mebibytes. */
#include "layout.h"

#include "base/size.h"

enum { CONTENT_LEAST = MIB, ROOT_LEAST = 16 * MIB, MBR_PARTITIONS = 4 };

/* Bytes of a table before the first and behind the last partition. */
static uint64_t head_of(const struct image_layout *layout)
{
	return layout->scheme == SCHEME_NONE ? 0 : PARTITION_ALIGN;
}

static uint64_t tail_of(const struct image_layout *layout)
{
	return layout->scheme == SCHEME_GPT ? PARTITION_TAIL : 0;
}

/* The end of what partitions can have. */
static uint64_t usable_end(const struct image_layout *layout)
{
	uint64_t end = layout->size - tail_of(layout);

	return layout->scheme == SCHEME_NONE ? end : end / PARTITION_ALIGN * PARTITION_ALIGN;
}

/* The least that a partition takes of which more is not known. */
static uint64_t least_of(const struct image_partition *partition)
{
	return partition->use == USE_ROOT ? ROOT_LEAST : CONTENT_LEAST;
}

/* What a partition takes; false when that is not known yet or what the others leave. */
static bool length_of(const struct image_layout *layout, const struct image_partition *partition,
	uint64_t *ret_length)
{
	const struct extent *size = &partition->size;

	switch (size->kind) {
	case EXTENT_EXACT:
		*ret_length = round_up(size->number, PARTITION_ALIGN);
		return true;
	case EXTENT_PERCENT:
		*ret_length = layout->size / 100 * size->number / PARTITION_ALIGN * PARTITION_ALIGN;
		return true;
	case EXTENT_REST:
		if (!layout->fits)
			return false;
		/* fall through */
	case EXTENT_CONTENT:
	case EXTENT_UNSET:
		*ret_length = round_up(partition->content + size->number, PARTITION_ALIGN);
		return partition->content;
	}
	return false;
}

/* The bytes of all partitions but the one that takes the rest, as far as they are known, and the
 * least that the disk must have. */
struct sum {
	uint64_t known, least;
	struct image_partition *rest;
	bool complete;
};

static int sum_up(const struct image_layout *layout, struct sum *ret_sum, struct error *err)
{
	struct sum sum = {.complete = true, .least = head_of(layout)};

	for (size_t i = 0; i < layout->partition_count; i++) {
		struct image_partition *partition = &layout->partitions[i];
		bool rest = partition->size.kind == EXTENT_REST && !layout->fits;
		uint64_t length = 0;
		bool known = length_of(layout, partition, &length);
		if (rest && sum.rest)
			return error_set(err, STATUS_FAILED,
				"the partitions `%s` and `%s` both take what the others leave; "
				"give one a size",
				sum.rest->label, partition->label);
		if (rest)
			sum.rest = partition;
		sum.complete = sum.complete && (known || rest);
		sum.known += length;
		sum.least += known ? length : least_of(partition);
	}
	sum.least += layout->scheme == SCHEME_GPT ? PARTITION_ALIGN : 0;
	*ret_sum = sum;
	return 0;
}

static int check_room(const struct image_layout *layout, const struct sum *sum, struct error *err)
{
	char text[32];

	if (layout->size % 512)
		return error_set(err, STATUS_FAILED, "a disk of %llu bytes: not a multiple of 512",
			(unsigned long long)layout->size);
	/* The usable end falls short of a mebibyte, as the least does: what is rounded is equal. */
	if (layout->size < sum->least)
		return error_set(err, STATUS_FAILED,
			"a disk of %llu bytes is too small: it takes at least %s",
			(unsigned long long)layout->size,
			size_format(sum->least, text, sizeof(text)));
	if (layout->scheme == SCHEME_MBR && layout->size / 512 > UINT32_MAX)
		return error_set(err, STATUS_FAILED, "a disk of %s is too large for an MBR",
			size_format(layout->size, text, sizeof(text)));
	return 0;
}

static void place_from(struct image_layout *layout, const struct sum *sum)
{
	uint64_t start = head_of(layout);
	bool known = true;

	for (size_t i = 0; i < layout->partition_count; i++) {
		struct image_partition *partition = &layout->partitions[i];
		uint64_t length = 0;
		bool has_length = length_of(layout, partition, &length);
		if (partition == sum->rest && sum->complete) {
			length = usable_end(layout) - head_of(layout) - sum->known;
			has_length = true;
		}
		partition->start = known ? start : 0;
		partition->length = has_length ? length : 0;
		known = known && has_length;
		start += length;
	}
	if (layout->fits && known)
		layout->size = start + (layout->scheme == SCHEME_GPT ? PARTITION_ALIGN : 0);
}

int layout_place(struct image_layout *layout, struct error *err)
{
	struct sum sum = {0};

	if (layout->scheme == SCHEME_MBR && layout->partition_count > MBR_PARTITIONS)
		return error_set(err, STATUS_FAILED,
			"%zu partitions: an MBR has %d; `table: gpt` has room for more",
			layout->partition_count, MBR_PARTITIONS);
	if (layout->partition_count > PARTITION_MAX)
		return error_set(err, STATUS_FAILED, "%zu partitions: there can be %d",
			layout->partition_count, PARTITION_MAX);
	if (sum_up(layout, &sum, err) || (!layout->fits && check_room(layout, &sum, err)))
		return -1;
	place_from(layout, &sum);
	return 0;
}

bool layout_is_placed(const struct image_layout *layout)
{
	for (size_t i = 0; i < layout->partition_count; i++)
		if (!layout->partitions[i].length)
			return false;
	return layout->size;
}

const struct image_partition *layout_find(const struct image_layout *layout, enum partition_use use)
{
	for (size_t i = 0; i < layout->partition_count; i++)
		if (layout->partitions[i].use == use)
			return &layout->partitions[i];
	return NULL;
}

void layout_partition_id(const struct image_layout *layout, const struct image_partition *partition,
	char ret_text[UUID_TEXT])
{
	if (layout->scheme == SCHEME_MBR)
		partition_mbr_id(&layout->id, partition - layout->partitions + 1, ret_text);
	else
		uuid_format(&partition->id, ret_text);
}
