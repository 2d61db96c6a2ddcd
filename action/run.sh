#!/usr/bin/env bash
# The one step of action.yml: finds Python, has it make a private venv, runs `hssgate check` in that and ends as it does.
# Written for the bash 3.2 of macOS too.
set -euo pipefail

readonly MISUSED=2 NOT_ASKED=3
readonly OPTIONS="CICD_NAME POLICY SCANNED_AFTER TIMEOUT APPEAR_TIMEOUT SETTLE REGION ENDPOINT PROJECT_ID
  ENTERPRISE_PROJECT_ID REPORTS"

main() {
  output result error # until the gate has said otherwise
  trap 'output exit-code "$?"' EXIT
  [ -n "$INPUT_IMAGES" ] || fail "$MISUSED" "the input images is empty; was the output it is made of set?"
  find_python
  set_up
  give_options
  run_gate
}

# Sets python.
find_python() {
  local asked=${INPUT_PYTHON:-python3} shown
  shown=$(printf '%q' "$asked")
  # A path by PATH or by itself, never a builtin or function of this shell.
  python=$(type -P -- "$asked") ||
    fail "$MISUSED" "$shown is not found; hssgate needs Python 3.11 or newer: name one with the input python"
  # What it prints shows that it is a Python: many a program would ignore the question and succeed.
  [ "$("$python" -I -c 'import sys; print(sys.version_info >= (3, 11), end="")' 2>/dev/null || true)" = True ] ||
    fail "$MISUSED" "$shown is $("$python" --version 2>&1 | head -n 1 || true), but hssgate needs Python 3.11 or newer: \
name one with the input python, or run actions/setup-python before"
}

# Sets interpreter.
set_up() {
  local code=0
  echo "::group::Set hssgate up"
  # It says on stdout where the interpreter is or what went wrong, and all else on stderr, which belongs into the group.
  { interpreter=$("$python" -I "$GITHUB_ACTION_PATH/action/private_venv.py" 2>&3) || code=$?; } 3>&1
  echo "::endgroup::"
  [ "$code" -eq 0 ] || fail "$NOT_ASKED" "hssgate could not be set up: ${interpreter:-see the log above}"
}

# Each input that is not empty becomes the variable of its option.
give_options() {
  local option input
  export HSSGATE_IMAGES="$INPUT_IMAGES"
  for option in $OPTIONS; do
    input=INPUT_$option
    [ -z "${!input-}" ] || export "HSSGATE_$option=${!input}"
  done
}

run_gate() {
  local begun code=0 gate signalled=''
  begun=$(mktemp "$RUNNER_TEMP/hssgate-begun.XXXXXX")
  # Some runners give a terminal, and a line that is drawn over there would swallow an annotation.
  TERM=dumb "$interpreter" -I -X utf8 -m hssgate check ${RUNNER_DEBUG:+-vv} &
  gate=$!
  # A runner that cancels signals this shell alone, and the gate has reports to write.
  trap 'signalled=1; kill -INT "$gate" || true' INT
  trap 'signalled=1; kill -TERM "$gate" || true' TERM
  wait "$gate" || code=$?
  while [ -n "$signalled" ]; do
    signalled='' code=0
    wait "$gate" || code=$?
  done
  name_junit "$begun"
  rm -f "$begun"
  exit "$code"
}

# Names the JUnit report, if it is newer than the file given.
name_junit() {
  local report
  set -f # a path is no pattern
  for report in ${HSSGATE_REPORTS-}; do
    [ "$report" = "${report#junit=}" ] || [ ! "${report#junit=}" -nt "$1" ] || output junit "${report#junit=}"
  done
}

output() {
  printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"
}

fail() {
  local text=$2
  text=${text//'%'/%25}
  text=${text//$'\r'/%0D}
  printf '::error title=hssgate::%s\n' "${text//$'\n'/%0A}"
  exit "$1"
}

main
