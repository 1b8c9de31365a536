#!/bin/bash
# Lays out the root file system of the image: rootfs.sh PROA FOLDER
#
# The program without its debug information, the shared libraries it is linked to, the certificate
# authorities, and for each Debian package that a file came from its licence and its dpkg status,
# which is where scanners for known vulnerabilities look in an image without a package manager.
set -euo pipefail

proa=$1 root=$2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# The package that owns a file; dpkg may know it by its path from before /lib became /usr/lib.
package_of() {
    { dpkg-query -S "$1" 2>/dev/null || dpkg-query -S "${1#/usr}"; } | sed 's/: .*//;q'
}

# The licence and the dpkg status of a package.
document() {
    install -D -m 0644 "/usr/share/doc/${1%:*}/copyright" "$root/usr/share/doc/${1%:*}/copyright"
    mkdir -p "$root/var/lib/dpkg/status.d"
    dpkg-query -s "$1" >"$root/var/lib/dpkg/status.d/${1%:*}"
}

rm -rf "$root"
mkdir -p "$root/etc"
strip -o "$root/proa" "$proa"
chmod 0755 "$root/proa"
install -D -m 0644 "$here/../../LICENSE" "$root/usr/share/doc/proa/copyright"

# "libuv.so.1 => /lib/.../libuv.so.1 (0x...)", and the loader's own path alone.
ldd "$proa" | awk '$2 == "=>" { print $3 } $1 ~ /^\// { print $1 }' | while read -r library; do
    install -D -m 0755 "$library" "$root$library"
    document "$(package_of "$(readlink -f "$library")")"
done

# No package owns the bundle: it is made of the certificates at installation.
install -D -m 0644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
document ca-certificates

# Names: first the hosts file, which is where Kubernetes writes a Pod's own.
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
