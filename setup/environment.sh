#!/bin/sh
# Makes .venv with everything pinned. Idempotent: a second run is instant, a half-made environment is repaired.
set -eu
cd "$(dirname "$0")/.."

venv=.venv
stamp="$venv/.prepared"
requirements=requirements/development.txt

say() { printf '%s\n' "setup: $*" >&2; }
fail() { say "$*"; exit 1; }

# Shows what a command printed only when it failed.
quietly() {
    if ! printed=$("$@" 2>&1); then
        printf '%s\n' "$printed" >&2
        return 1
    fi
}

find_python() {
    for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

apt_install() {
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
        return 1
    fi
    say "installing $*"
    export DEBIAN_FRONTEND=noninteractive
    quietly apt-get -q -o Acquire::Retries=3 update
    quietly apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 install "$@"
}

make_venv() {
    rm -rf "$venv"
    "$python" -m venv "$venv" >/dev/null 2>&1 || {
        rm -rf "$venv"
        apt_install python3-venv || fail "$python cannot make virtual environments: install its venv package"
        "$python" -m venv "$venv" || fail "$python -m venv failed"
    }
}

# Registries hiccup: try several times before giving up.
retried() {
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        [ "$tries" -lt 4 ] || return 1
        say "that failed; trying again"
        sleep $((tries * 3))
    done
}

install() {
    pip="$venv/bin/python -m pip --disable-pip-version-check --no-input --quiet"
    retried $pip install --require-hashes -r "$requirements" || fail "the pinned dependencies could not be installed"
    retried $pip install --no-deps --no-build-isolation -e . || fail "the project itself could not be installed"
}

python=$(find_python) || fail "Python 3.11 or later is needed (set PYTHON to it)"
wanted=$({ cat "$requirements" pyproject.toml; "$python" --version; pwd; } | cksum)

if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && "$venv/bin/python" -c '' 2>/dev/null; then
    exit 0
fi
rm -f "$stamp"
if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1 ||
    [ "$("$venv/bin/python" --version)" != "$("$python" --version)" ]; then
    make_venv
fi
say "installing the pinned dependencies into $venv"
install
printf '%s\n' "$wanted" >"$stamp"
say "ready: $venv/bin/msign-gateway"
