# shellcheck shell=bash
# copy_packages STORE: a store gets the packages and indices of the shared one, which tests beside
# this one may be filling: what is half made there stays out.
copy_packages() {
	mkdir -p "$1/packages" "$1/indices"
	find "$JEOS_STORE/packages" -name '*.deb' -exec ln -t "$1/packages" {} + &&
		find "$JEOS_STORE/indices" -type f -regex '.*/[0-9a-f]+\(\.[a-z]+\)?' ! -name '*.part' \
			-exec ln -t "$1/indices" {} +
}
