# shellcheck shell=bash
# Packages from npm and PyPI in folders of build/, installed once; sourced by tests/sdk/run,
# tests/examples/install and tests/deploy/install.

# install FOLDER STAMP-FILES... -- COMMAND: runs the command in the folder unless the stamp matches.
# Suites run beside each other and share some folders: one installs, the other waits for it.
install() {
    mkdir -p "$(dirname "$1")"
    (
        flock 9
        install_locked "$@" 9>&-
    ) 9>"$1.lock"
}

install_locked() {
    local folder=$1 want files=()
    shift
    while [ "$1" != -- ]; do
        files+=("$1")
        shift
    done
    shift
    want=$(cat "${files[@]}" | sha256sum)
    if [ "$(cat "$folder/.stamp" 2>/dev/null)" = "$want" ]; then
        return 0
    fi
    rm -rf "$folder"
    mkdir -p "$folder"
    cp "${files[@]}" "$folder/"
    (cd "$folder" && "$@") || return 1
    echo "$want" >"$folder/.stamp"
}

npm_ci() {
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error "$@"
}

# The node of an installed tests/sdk/node-22, or the system's where npm has none for this machine.
# It comes from npm because the newest SDKs want 22, and Debian 12 has 18.
node_in() { # folder
    local candidate
    for candidate in "$1"/node_modules/node-linux-*/bin/node; do
        if [ -x "$candidate" ]; then
            echo "$candidate"
            return 0
        fi
    done
    echo node
}
