# Resolving: packages out of a full suite, its indices at hand, nothing else remembered.
# shellcheck shell=bash disable=SC2154 # run sets what these use
printf '%s\n' 'name: many' 'suite: bookworm' 'kernel: none' \
	'packages: [nginx, openssh-server, postgresql, python3, systemd-sysv, udev]' >"$work/many.yaml"
count=$("$out/jeos" plan --json "$work/many.yaml" | jq '.packages | length')
[ "$count" -ge 150 ]

for ((run = 1; run <= runs; run++)); do
	say "plan: run $run of $runs"
	forget
	jeos plan plan "$work/many.yaml"
done
row "resolving $count packages out of a suite" '' jeos-plan '0.5 s'
