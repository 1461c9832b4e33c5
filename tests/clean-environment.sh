#!/usr/bin/env bash
# Both README commands as a newcomer has them: a clean clone, an empty HOME, and a PATH that holds node, npm, coreutils
# (and sh, grep, sed, awk, find, which compilers' and npm's scripts call), compiler, make and Python 3, and no Vulkan of the system.
#   tests/clean-environment.sh            demo and test
#   tests/clean-environment.sh demo       the demo only
# NODEDIR: where node-gyp finds Node's headers (default: the prefix of the node in use). NPMRC: a user npm configuration
# to keep (registry settings); default: none.
set -euo pipefail
source=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git clone --quiet "$source" "$work/vua"
mkdir "$work/bin" "$work/home" "$work/tmp"
coreutils="[ arch b2sum base32 base64 basename cat chgrp chmod chown cksum comm cp csplit cut date dd df dir dircolors dirname du
  echo env expand expr factor false fmt fold groups head hostid id install join link ln logname ls md5sum mkdir mkfifo
  mknod mktemp mv nice nl nohup nproc numfmt od paste pathchk pinky pr printenv printf ptx pwd readlink realpath rm rmdir
  seq sha1sum sha224sum sha256sum sha384sum sha512sum shred shuf sleep sort split stat stty sum sync tac tail tee test
  timeout touch tr true truncate tsort tty uname unexpand uniq unlink users vdir wc who whoami yes"
for tool in $coreutils node npm npx sh bash grep sed awk gawk mawk find xargs cc gcc g++ c++ ar as ld nm ranlib strip make python3; do
  path=$(type -P "$tool") && ln -sf "$(readlink -f "$path")" "$work/bin/$tool"
done
# npm and npx are links into their package; keep their own names.
for tool in npm npx; do ln -sf "$(type -P "$tool")" "$work/bin/$tool"; done
[ -n "${NPMRC:-}" ] && cp "$NPMRC" "$work/home/.npmrc"
nodedir=${NODEDIR:-$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")}
run() {
  echo "== npm ci && npm $*"
  (cd "$work/vua" && env -i HOME="$work/home" PATH="$work/bin" TMPDIR="$work/tmp" LANG=C.UTF-8 npm_config_nodedir="$nodedir" \
    VK_DRIVER_FILES=/nonexistent sh -c "npm ci --loglevel=error && npm $*")
}
[ "${1:-demo}" = demo ] && time run run demo
[ "${1:-test}" = test ] && time run test
echo "clean environment: ok"
