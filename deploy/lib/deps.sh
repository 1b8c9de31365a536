# shellcheck shell=bash disable=SC2086,SC2116
# Installs what Proa needs on Debian 12 or 13; sourced by deploy/quickstart, deploy/image,
# deploy/Dockerfile and tests/run.
#
#   deps_install GROUP...     GROUP: build (compiler, libraries), test (tools of tests/run),
#                             deploy (deploy/image and the suite of that name), examples (the
#                             suite of that name), bench (the peers of bench/compare)
#   deps_source SUITE         prints this machine's package source as a deb822 stanza for a suite
#   deps_tool NAME            prints the program for a versioned tool, "clang" -> clang-14 or clang
#
# dpkg is asked first. The network is touched only when something is missing, so a second run
# needs none. PROA_SKIP_DEPS=1 skips everything (for images that bring their own packages).

# One package a word: NAME, or NAME>=VERSION, or a command that will do instead: NAME/COMMAND.
deps_build_packages() {
    echo 'gcc make cmake ninja-build pkg-config libc6-dev ca-certificates curl/curl' \
        'libuv1-dev libyaml-dev libxxhash-dev zlib1g-dev libhiredis-dev' \
        'libllhttp-dev>=9.2 libmbedtls-dev>=3.6 libcjson-dev>=1.7.18'
}

# The tools of Redis and Valkey are the server's own program under another name; no service comes
# with them, and none is started.
deps_test_packages() {
    echo 'binutils libcmocka-dev python3-minimal python3-pytest python3-pytest-xdist' \
        'python3-venv valgrind strace openssl nodejs/node npm/npm'
    case "$1" in
    bookworm) echo 'clang-14 clang-tidy-14 clang-format-14 libclang-rt-14-dev redis-tools' ;;
    *) echo 'clang clang-tidy clang-format libclang-rt-dev valkey-tools' ;;
    esac
}

# buildah builds images without an engine, mmdebstrap a Debian to build in; runc runs what came out.
deps_deploy_packages() {
    echo 'buildah mmdebstrap runc umoci util-linux iproute2 yamllint python3-yaml systemd/systemd-analyze'
}

# The browser that the chat of deploy/examples is tested in; the other examples come from npm and PyPI.
deps_examples_packages() {
    echo 'chromium/chromium'
}

# Debian starts the services of both packages where an init system runs; bench/ does not need that.
deps_bench_packages() {
    echo 'nginx haproxy openssl valgrind strace python3-minimal'
}

deps_say() {
    printf '%s\n' "$*" >&2
}

deps_codename() {
    (
        # shellcheck disable=SC1091
        . /etc/os-release 2>/dev/null || exit 0
        case "${VERSION_CODENAME:-}" in
        bookworm | trixie) echo "$VERSION_CODENAME" ;;
        esac
    )
}

# Runs as root, or through sudo.
deps_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo -- "$@"
    fi
}

# Prints the words of the argument list that are not satisfied yet, without their conditions.
deps_missing() {
    local word name want installed
    for word in "$@"; do
        name=${word%%[>/]*}
        case "$word" in
        */*)
            if command -v "${word#*/}" >/dev/null 2>&1; then
                continue
            fi
            ;;
        esac
        installed=$(dpkg-query -W -f='${db:Status-Status} ${Version}' "$name" 2>/dev/null) || installed=
        case "$installed" in
        'installed '*) installed=${installed#installed } ;;
        *)
            echo "$name"
            continue
            ;;
        esac
        case "$word" in
        *'>='*)
            want=${word#*>=}
            dpkg --compare-versions "$installed" ge "$want" || echo "$name"
            ;;
        esac
    done
}

# Prints "URIs: ..." and, where the machine's own source has it, "Signed-By: ..." for the Debian
# suite $1, read from the files given (deb822 *.sources or classic *.list).
deps_read_source() {
    local suite=$1
    shift
    awk -v suite="$suite" '
        function has(list, word,    n, part, i) {
            n = split(list, part, /[ \t]+/)
            for (i = 1; i <= n; i++) if (part[i] == word) return 1
            return 0
        }
        function flush_stanza(    uri) {
            if (!done && has(field["types"], "deb") && has(field["suites"], suite) &&
                has(field["components"], "main") && tolower(field["enabled"]) != "no") {
                split(field["uris"], uri, /[ \t]+/)
                if (uri[1] != "") {
                    print "URIs: " uri[1]
                    if (field["signed-by"] != "") print "Signed-By:" keyed
                    done = 1
                }
            }
            delete field
            last = ""
            keyed = ""
        }
        FNR == 1 { flush_stanza(); classic = (FILENAME !~ /\.sources$/) }
        done { next }
        classic {
            if ($1 != "deb") next
            options = ""
            line = $0
            sub(/#.*/, "", line)
            if (match(line, /\[[^]]*\]/)) {
                options = substr(line, RSTART + 1, RLENGTH - 2)
                line = substr(line, 1, RSTART - 1) substr(line, RSTART + RLENGTH)
            }
            n = split(line, word, /[ \t]+/)
            found = 0
            for (i = 4; i <= n; i++) if (word[i] == "main") found = 1
            if (word[3] != suite || !found || word[2] ~ /^cdrom:/) next
            print "URIs: " word[2]
            n = split(options, opt, /[ \t]+/)
            for (i = 1; i <= n; i++)
                if (opt[i] ~ /^signed-by=/) print "Signed-By: " substr(opt[i], 11)
            done = 1
            next
        }
        /^#/ { next }
        /^[ \t]*$/ { flush_stanza(); next }
        /^[ \t]/ {
            if (last == "signed-by") keyed = keyed "\n" $0
            value = $0
            gsub(/^[ \t]+|[ \t]+$/, "", value)
            if (last != "") field[last] = field[last] " " value
            next
        }
        {
            colon = index($0, ":")
            if (!colon) next
            last = tolower(substr($0, 1, colon - 1))
            value = substr($0, colon + 1)
            gsub(/^[ \t]+|[ \t]+$/, "", value)
            field[last] = value
            if (last == "signed-by") { keyed = (value == "") ? "" : " " value; if (value == "") field[last] = "inline" }
        }
        END { flush_stanza() }
    ' "$@"
}

# The machine's own source, made to name the suite $1.
deps_source() {
    local codename found file files=()
    codename=$(deps_codename)
    for file in /etc/apt/sources.list.d/*.sources /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        case "$file" in
        */proa-trixie.sources) ;;
        *) if [ -r "$file" ]; then files+=("$file"); fi ;;
        esac
    done
    found=
    if [ "${#files[@]}" -gt 0 ]; then
        found=$(deps_read_source "$codename" "${files[@]}")
    fi
    if [ -z "$found" ]; then
        deps_say "No source for Debian ($codename main) found under /etc/apt: add one, then run this again."
        return 1
    fi
    echo 'Types: deb'
    printf '%s\n' "${found%%$'\n'*}"
    echo "Suites: $1"
    echo 'Components: main'
    printf '%s\n' "$found" | sed 1d
}

# Debian 12 only: three libraries come from Debian 13 (they need nothing newer than 12's libc).
# Nothing else is ever taken from there: the pin is negative for every other package.
deps_add_trixie() {
    local source
    source=$(deps_source trixie) || return 1
    deps_write /etc/apt/sources.list.d/proa-trixie.sources "$source"
    deps_write /etc/apt/preferences.d/proa-trixie 'Package: *
Pin: release n=trixie
Pin-Priority: -1

Package: libllhttp-dev libllhttp9.2 libmbedtls-dev libmbedtls21 libmbedx509-7 libmbedcrypto16 libcjson-dev libcjson1
Pin: release n=trixie
Pin-Priority: 990'
}

# Writes the text to a root-owned file unless it is there already.
deps_write() {
    local path=$1 text
    text=$(printf '%s' "$2")
    if [ "$(cat "$path" 2>/dev/null)" = "$text" ]; then
        return 0
    fi
    deps_say "  writing $path"
    printf '%s\n' "$text" | deps_root tee "$path" >/dev/null
}

# Runs apt-get, one short line per finished package; everything else goes to the log.
deps_apt() {
    local log=$1 status
    shift
    deps_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 \
        -o Acquire::Retries=3 "$@" </dev/null 2>&1 | tee -a "$log" | awk '
            / newly installed, / { for (i = 1; i < NF; i++) if ($(i + 1) == "newly") total = $i }
            /^Setting up / { printf "  [%d/%d] %s %s\n", ++n, total, $3, $4; fflush() }' >&2
    status=${PIPESTATUS[0]}
    if [ "$status" != 0 ]; then
        deps_say "apt-get $1 failed; the end of $log:"
        tail -n 15 "$log" >&2
        return 1
    fi
}

deps_install() {
    local codename group words missing log
    if [ "${PROA_SKIP_DEPS:-0}" = 1 ]; then
        return 0
    fi
    codename=$(deps_codename)
    words=
    for group in "$@"; do
        words="$words $(deps_"$group"_packages "$codename")"
    done
    if [ -z "$codename" ] || ! command -v dpkg-query >/dev/null 2>&1; then
        deps_say 'This is not Debian 12 or 13, so nothing is installed. Needed, by their Debian names:'
        deps_say " $(echo $words)"
        deps_say 'With all of them in place, set PROA_SKIP_DEPS=1 and run this again.'
        return 1
    fi
    # shellcheck disable=SC2086
    missing=$(deps_missing $words)
    if [ -z "$missing" ]; then
        deps_say "All packages are there ($*), nothing to install."
        return 0
    fi
    if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null 2>&1; then
        deps_say 'Packages are missing, and installing them needs root or sudo:'
        deps_say " $(echo $missing)"
        return 1
    fi
    log=$(mktemp -t proa-apt.XXXXXX.log)
    deps_say "Installing $(echo "$missing" | wc -l) packages and what they need (log: $log)"
    if [ "$codename" = bookworm ]; then
        deps_add_trixie || return 1
    fi
    deps_say '  reading the package lists'
    deps_apt "$log" update || return 1
    # The runtime halves are named too: the pin holds for named packages only.
    # shellcheck disable=SC2086
    deps_apt "$log" install --no-install-recommends $missing || return 1
    # shellcheck disable=SC2086
    missing=$(deps_missing $words)
    if [ -n "$missing" ]; then
        deps_say "Still missing or too old after the install: $(echo $missing) (log: $log)"
        return 1
    fi
    rm -f "$log"
}

deps_tool() {
    if command -v "$1-14" >/dev/null 2>&1; then
        echo "$1-14"
    else
        echo "$1"
    fi
}
