#!/bin/sh
# Installs the programs that the tests compare us with. Needs root only when one is missing.
set -eu

# program and the Debian package that has it
tools='xmlsec1:xmlsec1 pdfsig:poppler-utils qpdf:qpdf openssl:openssl xmllint:libxml2-utils softhsm2-util:softhsm2 pkcs11-tool:opensc chromium:chromium chromium-headless-shell:chromium-headless-shell node:nodejs npm:npm php:php-cli wsdl2h:gsoap g++:g++ promtool:prometheus kubectl:kubernetes-client'

# Shows what a command printed only when it failed.
quietly() {
    if ! printed=$("$@" 2>&1); then
        printf '%s\n' "$printed" >&2
        return 1
    fi
}

missing=
for tool in $tools; do
    command -v "${tool%%:*}" >/dev/null 2>&1 || missing="$missing ${tool##*:}"
done
php -m 2>/dev/null | grep -qix soap || missing="$missing php-soap"
[ -f /usr/include/stdsoap2.h ] || missing="$missing libgsoap-dev libssl-dev"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    printf '%s\n' "setup: the tests need these programs, which only root can install here:$missing" >&2
    exit 1
fi
printf '%s\n' "setup: installing$missing" >&2
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d # what maintainer scripts ask before they start a service: Prometheus is not to run by itself
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi
quietly apt-get -q -o Acquire::Retries=3 update
# shellcheck disable=SC2086 # a list of packages
quietly apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 install $missing
case "$missing" in *prometheus*) [ ! -d /run/systemd/system ] || quietly systemctl disable prometheus.service ;; esac
