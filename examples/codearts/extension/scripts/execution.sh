#!/bin/sh
# The step of the CodeArts Pipeline extension: turns its inputs into variables, and runs gate.sh, which lies beside it in
# the package.
set -u

# First of all: CodeArts takes a metric that is missing for one that meets its condition. So there are metrics that
# meet none until hssgate has replaced them, however this step ends.
metrics="${RESULT_MSG_PATH-}/${STEP_ID-}_metrics.json"
if [ -z "${RESULT_MSG_PATH-}" ] || [ -z "${STEP_ID-}" ] || ! mkdir -p -- "$RESULT_MSG_PATH" || ! printf '%s\n' \
  '{"exit_code": 1, "high_vulnerabilities": 2147483647, "medium_vulnerabilities": 2147483647, "new_vulnerabilities": 2147483647, "sensitive_files": 2147483647, "malicious_files": 2147483647}' \
  >"$metrics"; then
  echo "hssgate: the metrics cannot be written to ${RESULT_MSG_PATH-} (RESULT_MSG_PATH) for the step ${STEP_ID-} (STEP_ID)" >&2
  exit 2
fi

if [ -z "${GATE_IMAGES-}" ]; then
  echo "hssgate: the input GATE_IMAGES is empty; was the parameter it is made of set?" >&2
  exit 2
fi

# An input that is left out is empty, and its variable would else count as given. A parameter that does not exist may
# stay as it was written.
for option in IMAGES CICD_NAME REGISTRY_NAME POLICY SCANNED_AFTER RESOLVE PLATFORM TIMEOUT APPEAR_TIMEOUT SETTLE REGION \
  CLOUD ENDPOINT PROJECT_ID ENTERPRISE_PROJECT_ID FINDINGS; do
  eval "value=\${GATE_$option-}"
  case $value in
    *\$\{*)
      echo "hssgate: the input GATE_$option is $value: that parameter does not exist" >&2
      exit 2
      ;;
    '') ;;
    *) export "HSSGATE_$option=$value" ;;
  esac
done
for credential in HUAWEICLOUD_SDK_AK HUAWEICLOUD_SDK_SK; do
  eval "value=\${$credential-}"
  case $value in
    *\$\{*)
      echo "hssgate: the input $credential names a parameter that does not exist" >&2
      exit 2
      ;;
    '') unset "$credential" ;;
  esac
done

exec sh "$(dirname -- "$0")/gate.sh"
