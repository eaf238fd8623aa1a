# Compressed images: a disk that was built, into each of them; beside: qemu-img convert.
# shellcheck shell=bash disable=SC2154 # run sets what these use
raw=$work/disks.img
convert=$out/tests/bench/image-convert

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
