# The bootstrapped tree alone: from a call of each program, packages at hand, to a complete root.
# shellcheck shell=bash disable=SC2154 # run sets what these use
tree=$work/tree.yaml
printf '%s\n' 'name: tree' 'suite: bookworm' 'kernel: none' >"$tree"

# jeos_tree: adds the seconds until it begins to write the image, by this clock, not its own.
jeos_tree() {
	local begun=${EPOCHREALTIME/./} event ended=
	forget
	while read -r event; do
		case $event in *'"end","stage":"clean"'*) ended=${EPOCHREALTIME/./} ;; esac
	done < <("$out/jeos" build --json --force -o "$work/out" "$tree" 2>&1 >/dev/null)
	wait "$!" || { say 'tree: jeos failed'; exit 1; }
	awk "BEGIN { print ($ended - $begun) / 1000000, 0 }" >>"$work/jeos-tree.times"
}

# same_packages: stops, should the tree by hand be of other packages.
same_packages() {
	diff <(tr , '\n' <<<"$packages" | sort -u) \
		<(dpkg-query --admindir="$work/by-hand/by-hand.root/var/lib/dpkg" -Wf '${Package}\n' |
			sort -u) >&2
}

"$out/jeos" build -q -o "$work/out" "$tree" >&2
packages=$("$out/jeos" plan --json "$tree" | jq -r '[.packages[].name] | join(",")')
"$by_hand" fetch bookworm "$work/by-hand" "$packages" >&2
"$by_hand" debootstrap bookworm "$work/by-hand" "$packages" >&2 # for the packages that it keeps
for ((run = 1; run <= runs; run++)); do
	say "tree: run $run of $runs"
	for program in mmdebstrap debootstrap; do
		measure hand-$program "$by_hand" $program bookworm "$work/by-hand" "$packages"
		same_packages
	done
	jeos_tree
done
row 'tree of the base system; beside: mmdebstrap, to a directory' hand-mmdebstrap jeos-tree 1/4
row 'the same; beside: debootstrap --variant=minbase' hand-debootstrap jeos-tree 1/6
