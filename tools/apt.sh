# Debian packages without root, and without a trace on this machine; to be read into a script by `.`
#
#     apt_of FOLDER SUITE     apt-get now speaks of SUITE, and keeps its lists and archives in FOLDER
#
# Needs apt, dpkg and Debian's archive keyring. $DEBIAN_MIRROR and $DEBIAN_KEYRING take the place of this machine's own.

apt_of() {
    keyring=${DEBIAN_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}
    mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)}
    case $mirror in */debian | */debian/) ;; *) mirror=http://deb.debian.org/debian ;; esac
    rm -rf "$1"
    mkdir -p "$1/lists/partial" "$1/cache/archives/partial" "$1/state" "$1/parts"
    : > "$1/status"
    printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$mirror" "$2" > "$1/sources.list"
    cat > "$1/apt.conf" <<CONF
APT::Architecture "amd64";
APT::Architectures "amd64";
APT::Sandbox::User "";
APT::Install-Recommends "false";
Acquire::Languages "none";
Debug::NoLocking "true";
Dir::Cache "$1/cache";
Dir::Etc::sourcelist "$1/sources.list";
Dir::Etc::sourceparts "$1/parts";
Dir::State "$1/state";
Dir::State::Lists "$1/lists";
Dir::State::status "$1/status";
CONF
    export APT_CONFIG="$1/apt.conf"
    apt-get -qq update
}
