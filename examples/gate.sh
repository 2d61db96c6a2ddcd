#!/bin/sh
# The gate for whatever runs a shell: CodeArts, Tekton, Drone, Buildkite, cron.
#
#   export HUAWEICLOUD_SDK_AK HUAWEICLOUD_SDK_SK      from the secrets of your CI
#   export HSSGATE_REGION=ap-southeast-1
#   sh gate.sh team/app:1.4.2@sha256:9f86d0…          the arguments are those of `hssgate check`
#
# Needs Python 3.11 or newer. Ends with the exit code of hssgate; with 3 also where it could not be installed.
set -u

folder=$(mktemp -d) || exit 3
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# pip has exit codes of its own: that it failed must not read like a verdict.
python3 -I -m venv "$folder" || exit 3
"$folder/bin/python" -I -m pip install --quiet --disable-pip-version-check hssgate==0.1.0 || exit 3

rm -f hssgate-junit.xml hssgate-report.json # of an earlier run

code=0
"$folder/bin/python" -I -m hssgate check --report junit=hssgate-junit.xml --report json=hssgate-report.json "$@" || code=$?

case $code in
  0) said='passed' ;;
  10) said='the policy is violated: mend the image, or the policy' ;;
  2) said='misused: mend the call' ;;
  3) said='HSS could not be asked: try again, or mend network, credentials or permission' ;;
  4) said='HSS was too slow: try again, or raise --timeout or --appear-timeout' ;; # to go on all the same, add: code=0
  5) said='HSS has no usable result: see the reason above' ;;
  *) said='no verdict' ;;
esac
echo "gate: $said"
exit "$code"
