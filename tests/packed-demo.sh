#!/usr/bin/env bash
# Packs the package, installs it in an empty folder as a user would, runs a short demo with `npx vua`, and the programs
# of tests/doors.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm pack --silent --pack-destination "$work" >/dev/null
cd "$work"
npm init -y >/dev/null
# npm asks before it runs install scripts of packages that were not approved.
npm pkg set allowScripts.better-sqlite3=true allowScripts.koffi=true allowScripts.webgpu=true --json >/dev/null
npm install --silent ./vua-*.tgz
npx vua --version
npx vua doctor
npx vua run --sample --steps 12 --out demo >summary.txt 2>progress.jsonl || { tail -5 progress.jsonl; exit 1; }
cat summary.txt
npx vua verify demo
status=0
npx vua run --sample --steps 12 --out demo >again.txt 2>/dev/null || status=$?
[ "$status" -eq 99 ] || { echo "second run: exit status $status, expected 99"; cat again.txt; exit 1; }
# Not through npx, which would stand between the signal and the server.
node node_modules/vua/dist/main.js inspect demo --port 0 --json >served.json 2>/dev/null &
inspect=$!
for _ in $(seq 100); do [ -s served.json ] && break; sleep 0.1; done
node -e '
  const { url, folders } = JSON.parse(require("fs").readFileSync("served.json", "utf8"));
  const get = async (name) => (await fetch(new URL(name, url))).text();
  const names = ["overview", "train/", "page/main.js", "page/overview.js", "train/page.js", "train/train-worker.js", "train/loader-worker.js"];
  Promise.all([get("api/overview").then(JSON.parse), ...names.map(get)]).then(([{ kept }, view, page, ...scripts]) => {
    if (folders[0] !== "tokens" || !(kept > 0)) throw new Error("vua inspect finds no documents or no tokens");
    if (!view.includes("main.js") || !page.includes("page.js") || scripts.some((text) => !text.includes("import")))
      throw new Error("vua inspect serves no page");
  });
'
kill -TERM "$inspect"
wait "$inspect" || { echo "vua inspect: exit status $?"; exit 1; }
cd "$root"
VUA_INSTALLED="$work" npx vitest run --config tests/vitest.config.ts tests/doors.test.ts
echo "packed demo: ok"
