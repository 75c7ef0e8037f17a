# What the scripts of deploy/ share; to be sourced.
# shellcheck shell=bash disable=SC2034

set -euo pipefail

repo=$(realpath "$(dirname "${BASH_SOURCE[0]}")/..")
build=$(realpath -m "${KELISIM_BUILD:-$repo/build}")
run=$(realpath -m "${KELISIM_RUN:-$repo/.run}")
export KELISIM_BUILD=$build KELISIM_RUN=$run

readonly -A program=([kz]=kz_agency [ru]=ru_service)
readonly -A counterpart_of=([kz]=ru [ru]=kz)
# Whose civil dates are legal dates.
readonly -A zone=([kz]=Asia/Almaty [ru]=Europe/Moscow)

kelisim=$build/shared/cli/kelisim
service() { echo "$build/${program[$1]}/${program[$1]}"; }  # PARTY

say() { printf '%s\n' "$*"; }
heading() { printf '\n== %s\n' "$*"; }
die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# The comment at the head of a script is its help.
help_text() { awk 'NR > 1 && !/^#/ { exit } NR > 1 { sub(/^# ?/, ""); print }' "$0"; }

today() { TZ=${zone[$1]} date +%F; }  # PARTY

# kelisim as an officer of a Party.
officer() {  # PARTY ARGUMENT...
  local party=$1
  shift
  "$kelisim" --profile "$run/$party/officer.textproto" --lang en "$@"
}

# Values of JSON texts, from standard input or files, one a line, by a filter of jq:
# ".state", ".notices[0].entry_id". Objects come out in one canonical form. Nothing when
# it is not there.
json() {  # FILTER [FILE...]
  jq --raw-output --compact-output --sort-keys "($1) // empty" "${@:2}"
}

# The process id of a Party's running service; fails when there is none.
running() {  # PARTY
  local pid
  pid=$(cat "$run/$1/pid" 2>/dev/null) || return 1
  # A recycled id belongs to another program, or to an authority of another directory.
  [[ $(cat "/proc/$pid/comm" 2>/dev/null) == "${program[$1]}" ]] &&
    grep -qzxF -- "$run/$1/config.textproto" "/proc/$pid/cmdline" 2>/dev/null && echo "$pid"
}

# Asks a service to stop and waits until it has.
stop_service() {  # PARTY
  local pid
  pid=$(running "$1") || return 0
  kill -TERM "$pid" || return
  for ((i = 0; i < 450; ++i)); do
    if ! running "$1" >/dev/null; then
      rm -f "$run/$1/pid"
      say "Stopped ${program[$1]}."
      return 0
    fi
    sleep 0.1
  done
  say "${program[$1]} (process $pid) has not stopped within 45 seconds." >&2
  return 1
}
