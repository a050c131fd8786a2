#!/usr/bin/env bash
# Compiles profiles/input/fsh with SUSHI into profiles/package (R4) and profiles/package-r5 (R5), snapshots included.
#
#   tools/build_profiles.sh            rebuild both
#   tools/build_profiles.sh --check    rebuild elsewhere and fail when what is committed differs
#
# Runs offline after the first time: SUSHI from npm and the packages it reads stay in .cache. Same input, same bytes.
set -euo pipefail

readonly SUSHI_VERSION=3.21.0
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
python=${PYTHON:-$root/.venv/bin/python}
tool=$root/.cache/sushi/$SUSHI_VERSION
home=$root/.cache/sushi/home
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

case ${1:-} in
  "") into=$root/profiles ;;
  --check) into=$work/built ;;
  *) echo "unknown argument '$1': use none, or --check" >&2; exit 2 ;;
esac

if [ ! -x "$tool/node_modules/.bin/sushi" ]; then
  mkdir -p "$tool"
  npm install --prefix "$tool" --no-save --silent "fsh-sushi@$SUSHI_VERSION"
fi
"$python" "$root/tools/fhir_packages.py" home "$home" \
  hl7.fhir.r4.core@4.0.1 hl7.terminology.r4@7.0.1 hl7.fhir.uv.extensions.r4@5.3.0-ballot-tc1 \
  hl7.fhir.r5.core@5.0.0 hl7.terminology.r5@7.0.1 hl7.fhir.uv.extensions.r5@5.3.0-ballot-tc1 > "$work/home.log"

# The code registry writes the FSH of the code system, the value sets and the concept maps.
for generator in build_code_system build_value_sets build_concept_maps; do
  if [ -f "$root/tools/$generator.py" ]; then
    "$python" "$root/tools/$generator.py" "$@"
  fi
done

# compile RELEASE FOLDER: the shared FSH, and input/fsh-RELEASE for what only that release has.
compile() {
  local project=$work/$1
  mkdir -p "$project/input"
  cp -R "$root/profiles/input/fsh" "$project/input/fsh"
  if [ -d "$root/profiles/input/fsh-$1" ]; then
    cp -R "$root/profiles/input/fsh-$1" "$project/input/fsh/only-$1"
  fi
  "$python" "$root/tools/profile_package.py" config "$1" "$root/profiles/sushi-config.yaml" "$project/sushi-config.yaml"
  # An address where nobody answers, lest SUSHI ask a package server for what is not laid out.
  if ! HOME=$home FPL_REGISTRY=http://127.0.0.1:9 npm_config_offline=true \
      "$tool/node_modules/.bin/sushi" build --snapshot "$project" > "$work/$1.log" 2>&1; then
    cat "$work/$1.log" >&2
    exit 1
  fi
  # hl7.fhir.uv.tools is not on npm, and nothing here uses it.
  if grep -A3 '^warn' "$work/$1.log" | grep -v 'automatically-provided hl7.fhir.uv.tools' | grep -A3 '^warn' >&2; then
    echo "SUSHI warns about the FSH of $1; a package is built without warnings." >&2
    exit 1
  fi
  "$python" "$root/tools/profile_package.py" collect "$1" "$root/profiles/sushi-config.yaml" \
    "$project/fsh-generated/resources" "$into/$2"
  echo "$1: $(find "$into/$2" -name '*-*.json' | wc -l) resources in ${into#"$root/"}/$2"
}

compile r4 package
compile r5 package-r5

if [ "${1:-}" = --check ]; then
  for folder in package package-r5; do
    if ! diff -r "$root/profiles/$folder" "$into/$folder"; then
      echo "profiles/$folder is not what profiles/input/fsh compiles to: run tools/build_profiles.sh and commit it." >&2
      exit 1
    fi
  done
fi
