# shellcheck shell=bash
# Packages from npm and PyPI in folders of build/, installed once; sourced by tests/sdk/run and
# tests/deploy/install.

# install FOLDER STAMP-FILES... -- COMMAND: runs the command in the folder unless the stamp matches.
install() {
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
