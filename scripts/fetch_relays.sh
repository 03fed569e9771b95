#!/usr/bin/env bash
# Unpacks Debian's Postfix, OpenSMTPD and Exim, each with its libraries into a folder of its own
# that can be chrooted into. Nothing is installed: as packages the three exclude each other.
#
#   scripts/fetch_relays.sh [FOLDER]     default: .relays in the project's root
set -euo pipefail
project=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mkdir -p "${1:-$project/.relays}" && cd "${1:-$project/.relays}" && pwd)
root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
command -v apt-get >/dev/null || { echo "fetch_relays: needs Debian's apt-get" >&2; exit 1; }

apt-cache show postfix exim4-base opensmtpd sasl2-bin >/dev/null 2>&1 || root apt-get -qq update
release=  # where it is another than this host's; `from` has apt read it
from=()

# The packages given and all libraries that they need, level by level.
libraries() {
  local level=("$@") all="$*"
  while [ "${#level[@]}" -gt 0 ]; do
    mapfile -t level < <(
      apt-cache "${from[@]}" depends --important "${level[@]}" |
        sed -nE 's/^ +(Pre)?Depends: (z?lib[^ <:]+).*/\2/p' | sort -u | grep -vxF "${all// /$'\n'}"
    )
    all+=" ${level[*]}"
  done
  echo "$all"
}

# is_whole NAME PACKAGE...: whether it was unpacked from these, which its .complete names.
is_whole() { [ "$(cat "$folder/$1/.complete" 2>/dev/null)" = "${*:2} $release" ]; }

# unpack NAME PACKAGE...: a root folder NAME with the packages and their libraries.
unpack() {
  local name=$1 debs
  is_whole "$@" && return
  shift
  echo "Fetching $name ..."
  rm -rf "${folder:?}/$name"
  debs=$(mktemp -d)
  # shellcheck disable=SC2046
  (cd "$debs" && apt-get "${from[@]}" -qq -o APT::Sandbox::User=root download $(libraries "$@"))
  mkdir -p "$folder/$name"
  for deb in "$debs"/*.deb; do dpkg -x "$deb" "$folder/$name"; done
  rm -rf "$debs" "$folder/$name"/usr/share/{doc,man,locale,lintian,bug}
  for part in bin sbin lib lib64; do  # where the packages moved everything below /usr
    if [ ! -e "$folder/$name/$part" ]; then ln -s "usr/$part" "$folder/$name/$part"; fi
  done
  echo "$* $release" >"$folder/$name/.complete"
}

unpack postfix postfix libsasl2-modules sasl2-bin  # it signs clients in by Cyrus SASL
unpack exim exim4-daemon-light exim4-base

# Debian 12's OpenSMTPD cannot encrypt with its OpenSSL 3 (OpenSMTPD issue 1171): take Debian 13's,
# from where this host has its own packages.
opensmtpd=(opensmtpd dash)  # it starts its delivery programs through sh
version=$(apt-cache show --no-all-versions opensmtpd | sed -n 's/^Version: //p')
if dpkg --compare-versions "$version" lt 7; then
  release=trixie
  if ! is_whole opensmtpd "${opensmtpd[@]}"; then
    lists=$(mktemp -d)
    trap 'rm -rf "$lists"' EXIT
    mkdir -p "$lists"/{lists,cache/archives}/partial
    site=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | head -n 1)
    echo "deb $site $release main" >"$lists/sources"
    from=(-o "Dir::Etc::SourceList=$lists/sources" -o Dir::Etc::SourceParts=/dev/null
      -o "Dir::State::Lists=$lists/lists" -o "Dir::Cache=$lists/cache" -o APT::Sandbox::User=root)
    apt-get "${from[@]}" -qq update
  fi
fi
unpack opensmtpd "${opensmtpd[@]}"
