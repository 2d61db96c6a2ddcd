# Functions around the gate, for any POSIX shell. Read by action/run.sh, and copied into gitlab-ci-template.yml,
# examples/gate.sh and examples/Jenkinsfile by `make copies`. Without a backslash, which Groovy would take.

stopped='' # the exit code of a signal, if one came
child=''
trap 'stop 130 USR1' INT # a child in the background is started with SIGINT ignored
trap 'stop 143 TERM' TERM

# shellcheck disable=SC2317,SC2329 # the traps call it
stop() { # EXIT_CODE SIGNAL
  stopped=${stopped:-$1}
  [ -z "$child" ] || kill -s "$2" "$child" 2>/dev/null || :
}

# Runs COMMAND and sets code. In the background: a shell handles a signal only after its foreground child has ended,
# and as process 1 of a container it gets no signal that it does not trap.
attended() { # COMMAND...
  code=$stopped
  [ -z "$stopped" ] || return 0
  code=0
  "$@" &
  child=$!
  [ -z "$stopped" ] || kill -s TERM "$child" 2>/dev/null || : # the signal came before there was a child
  wait "$child" || code=$?
  while [ -n "$stopped" ] && kill -0 "$child" 2>/dev/null; do
    wait "$child" || : # the first wait ended with the signal
  done
  child=''
  code=${stopped:-$code}
}

# Removes reports of an earlier run, which would be taken for those of a run that ends early. A file that does not begin
# like a report of hssgate is not one, and stays. A link stays, too: the next report is written to its target.
remove_old_reports() { # FORMAT=PATH...
  for report; do
    is_report "$report" || continue
    path=${report#*=}
    while [ -h "$path" ]; do
      case $(readlink "$path") in
        /*) path=$(readlink "$path") ;;
        *) path=$(dirname "$path")/$(readlink "$path") ;;
      esac
    done
    rm -f -- "$path" || : # hssgate refuses to run then
  done
}

is_report() { # FORMAT=PATH
  [ -f "${1#*=}" ] || return
  case ${1%%=*}:$(head -c 16384 <"${1#*=}" | LC_ALL=C tr -dc '!-~') in
    *:'<?xml'*'<testsuite'*'<properties><propertyname="hssgate.'*) ;;
    *:'{"schema_version":'*'"tool":{"name":"hssgate",'*) ;;
    *:'{"'?'schema":'*'"tool":{"driver":{"name":"hssgate",'*) ;;
    *:'{"scan":{"analyzer":{"id":"hssgate",'*) ;;
    *:'[{"engine_name":"hssgate",'* | codequality:'[]') ;;
    *:'##'*'[//]:#(hssgatereport)'*) ;;
    *:'<!DOCTYPEhtml>'*'<metaname="generator"content="hssgate'*) ;;
    *:*'HSSGATE_RESULT='*'HSSGATE_EXIT_CODE='*) ! grep -Eqv '^[A-Za-z0-9_]*HSSGATE_[A-Z_]+=' -- "${1#*=}" ;;
    *) false ;;
  esac
}
