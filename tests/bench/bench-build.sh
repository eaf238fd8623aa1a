# Whole builds to a qcow2, from nothing but packages and again, beside the pipeline by hand.
# shellcheck shell=bash disable=SC2154 # run sets what these use
say 'build: packages for both sides, a tree, ten appliances that differ in an overlay'
appliances=$work/appliances
mkdir -p "$appliances"
for i in {0..9}; do
	mkdir -p "$appliances/overlays/own-$i/etc"
	printf '%s\n' "name: own-$i" "from: $recipe" "overlays: [own-$i]" >"$appliances/own-$i.yaml"
done
printf '%s\n' 'name: slow' "from: $recipe" 'bootstrap: debootstrap' >"$appliances/slow.yaml"

# edit N...: each of these appliances has something new in its overlay.
edit() {
	for i; do
		date +%s.%N >"$appliances/overlays/own-$i/etc/edition"
	done
}

"$out/jeos" build -q -o "$work/out" "$recipe" >&2
plan=$("$out/jeos" plan --json "$recipe")
suite=$(jq -r .suite <<<"$plan")
packages=$(jq -r '[.packages[].name, (.kernel | objects | .name)] | join(",")' <<<"$plan")
"$by_hand" fetch "$suite" "$work/by-hand" "$packages" >&2
"$by_hand" mmdebstrap "$suite" "$work/by-hand" "$packages" >&2
rm -rf "$work/tree"
mv -T "$work/by-hand/by-hand.root" "$work/tree"

for ((run = 1; run <= runs; run++)); do
	say "build: run $run of $runs"
	measure hand-image "$by_hand" image "$work/tree" "$work/by-hand"
	measure jeos-image env -C "$work" "$out/tests/bench/image-write" "$work/tree" tree.qcow2
	COMPRESS=yes measure hand-build-compressed "$by_hand" build "$suite" "$work/by-hand" "$packages"
	measure hand-build "$by_hand" build "$suite" "$work/by-hand" "$packages"
	forget
	jeos slow build -o "$work/out" "$appliances/slow.yaml"
	forget
	edit {0..9}
	jeos ten build -o "$work/out" "$appliances"/own-?.yaml
	forget
	edit 0
	jeos cold build -o "$work/out" "$appliances/own-0.yaml"
	edit 0
	jeos overlay build -o "$work/out" "$appliances/own-0.yaml"
	jeos unchanged build -o "$work/out" "$appliances/own-0.yaml"
	awk "BEGIN { print ($(last jeos-ten) - $(last jeos-cold)) / 9, 0 }" >>"$work/jeos-further.times"
done

count=$(tr ',' '\n' <<<"$packages" | wc -l)
row "tree of $(du -sm "$work/tree" | cut -f 1) MiB to qcow2 (by hand: no boot loader)" \
	hand-image jeos-image
row "minimal, $count packages cached, to qcow2; by hand compressed" \
	hand-build-compressed jeos-cold 1/6
row 'the same; by hand not compressed' hand-build jeos-cold
row 'the same with debootstrap' hand-build jeos-slow
row 'again after a change in an overlay; by hand compressed' hand-build-compressed jeos-overlay 1/50
row 'again with nothing changed' '' jeos-unchanged '0.1 s'
row 'ten appliances in one call; beside: one' jeos-cold jeos-ten
row 'each further one; beside: again after a change in an overlay' jeos-overlay jeos-further 1
