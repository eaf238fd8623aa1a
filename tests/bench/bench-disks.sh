# Trees of real files into disks; beside: mke2fs -d. Compressed images: a disk that was built, into
# each of them; beside: qemu-img convert.
# shellcheck shell=bash disable=SC2154 # run sets what these use
raw=$work/disks.img
convert=$out/tests/bench/image-convert write=$out/tests/bench/image-write

# same_disk FORMAT FILE...: stops, should what they hold not be the disk.
same_disk() {
	local format=$1 file
	shift
	for file; do
		qemu-img compare -q -f raw -F "$format" "$raw" "$file"
	done
}

# size_row TITLE BESIDE JEOS LIMIT: the sizes of two files; LIMIT is a share of what is beside it.
size_row() {
	local beside jeos
	beside=$(stat -c %s "$2")
	jeos=$(stat -c %s "$3")
	line "$1" "$((beside >> 10)) KiB" "$((jeos >> 10)) KiB" \
		"$(awk "BEGIN { printf \"%.3f\", $jeos / $beside }")" "$4" "$jeos" "$4 * $beside"
}

# small_row TITLE TARGET RECIPE [LINE...]: the size in megabytes of its image, with these lines.
small_row() {
	local title=$1 target=$2 size
	printf '%s\n' 'name: small' "from: $3" "${@:4}" >"$work/small.yaml"
	"$out/jeos" build -q -o "$work/small" "$work/small.yaml" >&2
	size=$(awk "BEGIN { printf \"%.1f\", $(stat -c %s "$work"/small/small-*.qcow2) / 1e6 }")
	rm -r "$work/small"
	line "$title" '' "$size MB" '' "$target MB" "$size" "$target"
}

# make_tree DIRECTORY STEP: every STEP-th of this machine's files in /usr that make a GiB together.
make_tree() {
	[ ! -e "$1" ] || return 0
	mkdir -p "$1.new"
	find /usr -xdev -type f -size -64M -printf '%s %P\n' 2>/dev/null | LC_ALL=C sort -k 2 |
		awk -v step="$2" '(sum += $1) <= 2 ^ 30 && NR % step == 0 {
			sub(/^[0-9]+ /, ""); print }' |
		tar -C /usr -c --no-recursion --verbatim-files-from -T - | tar -C "$1.new" -x
	mv "$1.new" "$1"
}

# by_hand_disk TREE OUTPUT FORMAT: an ext4 of 2 GiB with the tree's files.
by_hand_disk() {
	rm -f "$2.raw"
	mke2fs -q -t ext4 -d "$1" "$2.raw" 2G
	[ "$3" = raw ] || qemu-img convert -f raw -O "$3" "$2.raw" "$2"
}

# growth_row TITLE COLUMN TARGET: how many times as much the larger tree takes as the smaller one, as
# if it were just ten times as large; of seconds (1) or of memory (2), which is not to grow.
growth_row() {
	local column=$2 grown=1 ratio
	[ "$column" = 2 ] ||
		grown=$(awk "BEGIN { print $(du -s "$work/tree-large" | cut -f 1) / 10 / \
			$(du -s "$work/tree-small" | cut -f 1) }")
	ratio=$(paste -d ' ' "$work/jeos-small.times" "$work/jeos-raw.times" |
		awk -v c="$column" -v g="$grown" '{ print $(c + 2) / $c / g }' | sort -n |
		awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }')
	line "$1" '' "$(printf '%.2f' "$ratio")" '' "$3" "$ratio" "$3"
}

export -f by_hand_disk
make_tree "$work/tree-large" 1
make_tree "$work/tree-small" 10
for ((run = 1; run <= runs; run++)); do
	say "disks: files, run $run of $runs"
	for format in raw qcow2; do
		sync
		measure "hand-$format" bash -ec 'by_hand_disk "$@"' . "$work/tree-large" \
			"$work/hand-disk" "$format"
		sync
		measure "jeos-$format" "$write" "$work/tree-large" "$work/jeos-disk" \
			"$format" none whole
	done
	sync
	measure jeos-small "$write" "$work/tree-small" "$work/jeos-small" raw none whole
done
row '1 GiB of files to ext4, raw; beside: mke2fs -d' hand-raw jeos-raw 0.7
row 'the same to qcow2; beside: mke2fs -d, qemu-img convert' hand-qcow2 jeos-qcow2 0.6
growth_row 'time of ext4, raw, as the tree grows 10 times' 1 11
growth_row 'memory of it as the tree grows 10 times' 2 1.25
rm -f "$work"/{hand,jeos}-disk{,.raw} "$work/jeos-small"

"$out/jeos" build -q -o "$work/out" "$recipe" >&2
"$convert" "$(echo "$work"/out/minimal-*.qcow2)" raw "$raw"
for ((run = 1; run <= runs; run++)); do
	say "disks: run $run of $runs"
	for compression in zstd zlib; do
		measure "hand-$compression" qemu-img convert -c -f raw -O qcow2 \
			-o "compression_type=$compression" "$raw" "$work/hand-$compression.qcow2"
		measure "jeos-$compression" "$convert" "$raw" qcow2 \
			"$work/jeos-$compression.qcow2" "$compression"
	done
	measure hand-stream qemu-img convert -f raw -O vmdk -o subformat=streamOptimized "$raw" \
		"$work/hand-stream.vmdk"
	measure jeos-stream "$convert" "$raw" vmdk-stream "$work/jeos-stream.vmdk"
done
same_disk qcow2 "$work"/jeos-{zstd,zlib}.qcow2
same_disk vmdk "$work/jeos-stream.vmdk"
row 'disk to qcow2 with zstd; beside: qemu-img convert -c' hand-zstd jeos-zstd 1/2
row 'disk to qcow2 with zlib; beside: qemu-img convert -c' hand-zlib jeos-zlib 1/3
row 'disk to streamOptimized vmdk; beside: qemu-img convert' hand-stream jeos-stream 1/3
size_row 'size of qcow2 with zstd' "$work"/{hand,jeos}-zstd.qcow2 1.00
size_row 'size of qcow2 with zlib' "$work"/{hand,jeos}-zlib.qcow2 1.02
size_row 'size of streamOptimized vmdk' "$work"/{hand,jeos}-stream.vmdk 1.02

say 'disks: small images, one with a kernel of its own'
small_row 'minimal, with zstd of level 16' 45 "$recipe" \
	'disk: {compression: zstd, compression-level: 16}'
small_row 'sealed' 20 "$PWD/recipes/sealed.yaml"
