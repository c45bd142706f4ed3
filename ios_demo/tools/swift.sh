#!/bin/sh
# Run a command with Swift 6 in this repository: this machine's own, or else the one that fetch.sh put into DEST.
# usage: swift.sh COMMAND...      e.g. swift.sh swift test --package-path ios_demo/EdgeISPKit
# Variables: EDGEISP_SWIFT (DEST of fetch.sh, default ~/.cache/edgeisp/swift-trixie). Ends with 69 where there is no Swift.
#
# The fetched one needs a newer C library than Debian 12's: it runs with its tree as root, in namespaces of its own.
set -eu
[ $# -ge 1 ] || { sed -n '2,6p' "$0" >&2; exit 2; }
repository=$(cd "$(dirname "$0")/../.." && pwd)
if command -v swift > /dev/null; then
    cd "$repository"
    exec "$@"
fi
fetched=${EDGEISP_SWIFT:-${XDG_CACHE_HOME:-$HOME/.cache}/edgeisp/swift-trixie}
[ -e "$fetched/complete" ] || { echo "no Swift: \`sh ios_demo/tools/fetch.sh $fetched\` fetches one" >&2; exit 69; }
unshare --user --map-root-user --mount true 2> /dev/null ||
    { echo 'no Swift: user namespaces are not allowed on this machine' >&2; exit 69; }
export root="$fetched/root" repository
mkdir -p "$root/repository"
# shellcheck disable=SC2016  # the inner shell expands them
exec unshare --user --map-root-user --mount sh -c '
    mount --rbind /proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount --bind "$repository" "$root/repository"
    exec chroot "$root" /usr/bin/env -i PATH=/usr/libexec/swift/bin:/usr/bin:/bin HOME=/tmp LC_ALL=C.UTF-8 sh -c "cd /repository; exec \"\$@\"" sh "$@"
' sh "$@"
