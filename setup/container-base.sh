#!/bin/sh
# Writes a Debian root file system as a tar archive, for a base image where no registry can be reached:
#
#     setup/container-base.sh [SUITE] | docker import - local/debian:trixie
#
# It trusts the authorities that were added to this machine, so that builds work behind an inspecting proxy.
set -eu

suite=${1:-trixie}
say() { printf '%s\n' "setup: $*" >&2; }

[ "$(id -u)" -eq 0 ] || { say "only root can make a base image"; exit 1; }
if ! command -v debootstrap >/dev/null 2>&1; then
    say "installing debootstrap"
    DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=120 install debootstrap >&2
fi

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
say "making a root file system of Debian $suite"
DPKG_FORCE=unsafe-io debootstrap --variant=minbase "$suite" "$directory" >"$directory.log" 2>&1 || { cat "$directory.log" >&2; exit 1; }
rm -f "$directory.log"
# As in the official images: nothing waits for the disk, and nobody reads manuals.
printf '%s\n' force-unsafe-io 'path-exclude /usr/share/doc/*' 'path-exclude /usr/share/man/*' \
    'path-exclude /usr/share/locale/*' >"$directory/etc/dpkg/dpkg.cfg.d/image"
printf '%s\n' 'Acquire::Languages "none";' 'APT::Install-Recommends "false";' \
    >"$directory/etc/apt/apt.conf.d/image"
rm -rf "$directory"/var/cache/apt/* "$directory"/var/lib/apt/lists/* "$directory"/usr/share/doc/* \
    "$directory"/usr/share/man/* "$directory"/usr/share/locale/*
authorities=usr/local/share/ca-certificates
mkdir -p "$directory/$authorities"
find "/$authorities" -name '*.crt' -exec cp {} "$directory/$authorities/" \;
tar -C "$directory" --one-file-system -c .
