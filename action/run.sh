#!/usr/bin/env bash
# The one step of action.yml: turns inputs into variables, finds Python, and has action/private_venv.py install and run
# the gate. Written for the bash 3.2 of macOS too.
set -euo pipefail

# First of all: until the gate has ended there is no verdict, however this step ends. A trap on EXIT could not
# write the exit code, for a bash that a signal ends runs it with `$?` 0.
printf 'exit-code=1\nresult=error\n' 2>/dev/null >>"$GITHUB_OUTPUT" || {
  echo '::error title=hssgate::GITHUB_OUTPUT cannot be written, so no later step would see the verdict'
  exit 3
}

# shellcheck source=action/attended.sh
. "$GITHUB_ACTION_PATH/action/attended.sh"

readonly MISUSED=2 NOT_INSTALLED=3
readonly NOT_GIVEN='(not given)' # in action.yml the default of the inputs that must not be empty
readonly NEVER_EMPTY=" IMAGES METADATA CICD_NAME POLICY SCANNED_AFTER RESOLVE PLATFORM "
readonly OPTIONS="IMAGES METADATA CICD_NAME POLICY SCANNED_AFTER RESOLVE PLATFORM TIMEOUT APPEAR_TIMEOUT SETTLE REGION
  CLOUD ENDPOINT PROJECT_ID ENTERPRISE_PROJECT_ID FINDINGS"
readonly DEFAULT_REPORTS='junit=hssgate-junit.xml json=hssgate-report.json'
# hssgate is not installed: it is run from this repository.
readonly HSSGATE='import os, runpy, sys
sys.path.append(os.environ["GITHUB_ACTION_PATH"])
runpy.run_module("hssgate", run_name="__main__", alter_sys=True)'

main() {
  set -f # no value is a pattern
  enter_working_directory
  claim_a_number
  choose_reports
  # shellcheck disable=SC2086 # the reports are words
  remove_old_reports $HSSGATE_REPORTS
  give_options
  find_python
  export GITHUB_ACTIONS=true
  export TERM=dumb # some runners give a terminal, and a line drawn over there would swallow an annotation
  attended "$python" -I -X utf8 "$GITHUB_ACTION_PATH/action/private_venv.py" \
    --require-hashes --no-deps --only-binary :all: -r "$GITHUB_ACTION_PATH/requirements/runtime.txt" \
    -- -c "$HSSGATE" check ${RUNNER_DEBUG:+-vv}
  name_junit
  leave "$code"
}

enter_working_directory() {
  local given=${INPUT_WORKING_DIRECTORY-.} path
  [ -n "$given" ] || fail "$MISUSED" "the input working-directory is empty; was the variable it is made of set?"
  path=$given
  [ "$path" != "${path#/}" ] || path=./$path # to cd, - is another folder
  CDPATH='' cd -- "$path" 2>/dev/null || fail "$MISUSED" "the input working-directory: there is no folder $given"
  from_workspace=${given%/}/
  [ "$from_workspace" != ./ ] || from_workspace=''
}

# Sets number and folder. The steps of a job share RUNNER_TEMP and can run side by side; a folder is made by one of them.
claim_a_number() {
  local job="${RUNNER_TEMP-}/hssgate-${GITHUB_RUN_ID-}-${GITHUB_RUN_ATTEMPT-}-${GITHUB_JOB-}"
  number=1
  until folder=$job-$number && mkdir "$folder" 2>/dev/null; do
    [ -d "$folder" ] || fail "$NOT_INSTALLED" "hssgate could not be installed: RUNNER_TEMP (${RUNNER_TEMP-}) takes no folder"
    number=$((number + 1))
  done
}

# Sets HSSGATE_REPORTS: those of the input, and those of the job.
choose_reports() {
  local reports=${INPUT_REPORTS-} report
  if [ "$number" -gt 1 ] && [ "$reports" = "$DEFAULT_REPORTS" ]; then
    reports="junit=hssgate-junit-$number.xml json=hssgate-report-$number.json"
    echo "hssgate: gate $number of this job; its reports are hssgate-junit-$number.xml and hssgate-report-$number.json"
  fi
  for report in ${HSSGATE_REPORTS-}; do
    case " ${reports//[[:space:]]/ } " in
      *" $report "*) ;;
      *) reports="$reports $report" ;;
    esac
  done
  export HSSGATE_REPORTS="$reports"
}

# Each input that is given becomes the variable of its option; an empty one of the others is an option left out.
give_options() {
  local option input value
  for option in $OPTIONS; do
    input=INPUT_$option
    value=${!input-$NOT_GIVEN}
    if [ "$value" = "$NOT_GIVEN" ]; then
      continue
    elif [ "$option" = METADATA ] && [ -n "${value//[[:space:]]/}" ]; then # the option takes a file
      printf '%s\n' "$value" >"$folder/metadata.json"
      export HSSGATE_METADATA_FILE="$folder/metadata.json"
    elif [ -n "${value//[[:space:]]/}" ]; then
      export "HSSGATE_$option=$value"
    elif [ "$NEVER_EMPTY" != "${NEVER_EMPTY/ $option /}" ]; then
      input=$(printf '%s' "$option" | tr 'A-Z_' 'a-z-')
      fail "$MISUSED" "the input $input is empty; was the output or variable it is made of set? Leave the input out to go without"
    fi
  done
  [ -n "${HSSGATE_IMAGES+set}${HSSGATE_METADATA_FILE+set}" ] ||
    fail "$MISUSED" "the input images is missing: name at least one, such as team/app:1.0, or give metadata"
}

# Sets python.
find_python() {
  local asked=${INPUT_PYTHON:-python3} shown
  shown=$(printf '%q' "$asked")
  # A path by PATH or by itself, never a builtin or function of this shell.
  python=$(type -P -- "$asked") ||
    fail "$MISUSED" "$shown is not found; hssgate needs Python 3.11 or newer: name one with the input python"
  # What it prints shows that it is a Python: many a program would ignore the question and succeed.
  ask "$python" -I -c 'import sys; print(sys.version_info >= (3, 11), end="")'
  [ "$answer" != True ] || return 0
  ask "$python" --version
  fail "$MISUSED" "$shown is $answer, but hssgate needs Python 3.11 or newer: name one with the input python, or run \
actions/setup-python before"
}

# Sets answer: the first line that a program prints.
ask() {
  attended "$@" >"$folder/answer" 2>&1
  [ -z "$stopped" ] || leave "$stopped"
  answer=$(head -n 1 "$folder/answer")
}

# Names the JUnit report, if this run wrote one: older ones were removed.
name_junit() {
  local report path
  for report in $HSSGATE_REPORTS; do
    path=${report#junit=}
    if [ "$path" != "$report" ] && is_report "$report"; then
      [ "$path" != "${path#/}" ] || path=$from_workspace$path
      output junit "$path"
    fi
  done
}

output() {
  printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"
}

fail() { # EXIT_CODE TEXT
  local text=$2
  text=${text//'%'/%25}
  text=${text//$'\r'/%0D}
  printf '::error title=hssgate::%s\n' "${text//$'\n'/%0A}"
  leave "$1"
}

leave() { # EXIT_CODE
  output exit-code "${stopped:-$1}"
  [ -z "$stopped" ] || output result error
  exit "${stopped:-$1}"
}

main
