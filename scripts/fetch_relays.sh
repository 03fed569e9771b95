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

apt-cache show postfix exim4-base opensmtpd >/dev/null 2>&1 || root apt-get -qq update

# The packages given and all libraries that they need, level by level.
libraries() {
  local level=("$@") all="$*"
  while [ "${#level[@]}" -gt 0 ]; do
    mapfile -t level < <(
      apt-cache depends --important "${level[@]}" |
        sed -nE 's/^ +(Pre)?Depends: (z?lib[^ <:]+).*/\2/p' | sort -u | grep -vxF "${all// /$'\n'}"
    )
    all+=" ${level[*]}"
  done
  echo "$all"
}

# unpack NAME PACKAGE...: a root folder NAME with the packages and their libraries.
unpack() {
  local name=$1 debs
  shift
  [ -e "$folder/$name/.complete" ] && return
  echo "Fetching $name ..."
  rm -rf "${folder:?}/$name"
  debs=$(mktemp -d)
  # shellcheck disable=SC2046
  (cd "$debs" && apt-get -qq -o APT::Sandbox::User=root download $(libraries "$@"))
  mkdir -p "$folder/$name"
  for deb in "$debs"/*.deb; do dpkg -x "$deb" "$folder/$name"; done
  rm -rf "$debs" "$folder/$name"/usr/share/{doc,man,locale,lintian,bug}
  for part in bin sbin lib lib64; do  # where the packages moved everything below /usr
    if [ ! -e "$folder/$name/$part" ]; then ln -s "usr/$part" "$folder/$name/$part"; fi
  done
  touch "$folder/$name/.complete"
}

unpack postfix postfix
unpack exim exim4-daemon-light exim4-base
unpack opensmtpd opensmtpd dash  # it starts its delivery programs through sh
