"""Chinese texts of the reports that people read, by their English text, in the terms of Huawei Cloud's own console."""

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    # Results and outcomes
    "passed": "通过",
    "failed": "未通过",
    "error": "出错",
    "warned": "警告",
    "skipped": "跳过",
    "blocked": "已拦截",
    "could not be judged": "无法判定",
    "Passed": "通过",
    "Passed, with warnings": "通过，但有警告",
    "Blocked": "已拦截",
    "Interrupted": "已中断",
    "Could not be judged": "无法判定",
    "Could not be reported": "无法写出报告",
    "passed, perhaps with warnings": "通过，可能有警告",
    "the API could not be asked, or a report could not be written": "无法访问接口，或报告写不出来",
    "timed out: the image did not appear, or its scan did not end": "超时：镜像没有出现，或扫描没有结束",
    "no usable result: scan failed, or a needed number missing": "没有可用的结果：扫描失败，或缺少所需的数字",
    "blocked: the policy is violated": "已拦截：不符合策略",
    "interrupted (SIGINT)": "已中断（SIGINT）",
    "interrupted (SIGTERM)": "已中断（SIGTERM）",
    "a report could not be written": "报告写不出来",
    "blocks": "拦截",
    "warns": "警告",
    "accepted": "接受",
    "ignored": "已忽略",
    "denied": "禁止",
    "exploited": "已被利用",
    "yes": "是",
    "no": "否",
    "not checked": "未检查",
    "finding": "漏洞",
    "new": "新增",
    "known": "已知",
    "found": "发现",
    # Counts
    "{count} image": "{count} 个镜像",
    "{count} check": "{count} 项检查",
    "{count} poll": "{count} 次查询",
    "{count} warning": "{count} 条警告",
    "{images} {outcome}": "{images}{outcome}",
    ", ": "，",
    "{checks} passed": "{checks}通过",
    "{count} more": "另有 {count} 个",
    "{count} more image": "另外 {count} 个镜像",
    "and {images}": "以及{images}",
    "say why it may pass": "请写明放行理由",
    "and {count} more": "另有 {count} 个",
    " (and {count} more)": "（另有 {count} 个）",
    "and {count} more, see the reports": "另有 {count} 个，详见报告",
    "and {count} more, see the JSON report": "另有 {count} 个，详见 JSON 报告",
    "no image judged": "没有判定任何镜像",
    "nothing was judged": "没有任何判定",
    # Headings, columns and labels
    "Warnings": "警告",
    "Errors of the run": "运行中的错误",
    "Images": "镜像",
    "Image": "镜像",
    "image": "镜像",
    "All images, the worst first": "全部镜像，最差的在前",
    "Result": "结果",
    "Exit code": "退出码",
    "Because": "原因",
    "exit code {code}": "退出码 {code}",
    "Exit code {code} ({meaning})": "退出码 {code}（{meaning}）",
    "Policies": "策略",
    "Policy": "策略",
    "Every image was judged by each": "每个镜像都按每个策略判定",
    "the policy": "策略",
    "no policy": "没有策略",
    "built-in policy": "内置策略",
    "the built-in policy": "内置策略",
    "hssgate.yaml, .yml, .toml or .json": "hssgate.yaml、.yml、.toml 或 .json",
    "no {names} in {folder}": "{folder} 中没有 {names}",
    "no {names} in {folder} or above, up to {last}": "{folder} 及其上级（直到 {last}）中没有 {names}",
    "Judged by {policies}. Finished {finished}, took {took}. hssgate {version}.": (
        "判定依据：{policies}。结束于 {finished}，用时 {took}。hssgate {version}。"
    ),
    "hssgate {version}, from {started} to {finished} ({took}). The JSON report has all details.": (
        "hssgate {version}，{started} 至 {finished}（{took}）。全部细节见 JSON 报告。"
    ),
    "Asked for:": "检查对象：",
    "Asked for: {values}.": "检查对象：{values}。",
    "**{tally}**. {exit_code}.": "**{tally}**。{exit_code}。",
    "{remedy}.": "{remedy}。",
    "Checks": "检查",
    "Rule": "规则",
    "Against the limit": "与上限相比",
    "What was found": "检查结果",
    "Found": "实际",
    "Accepted": "上限",
    "Message": "说明",
    "Findings": "漏洞",
    "Findings that block, most severe first": "导致拦截的漏洞，最严重的在前",
    "Findings ignored": "已忽略的漏洞",
    "Blocking first, then by level: ": "先列导致拦截的，再按等级：",
    "Effect": "影响",
    "Level": "等级",
    "Finding": "漏洞",
    "CVSS": "CVSS",
    "Package": "软件包",
    "Package and path": "软件包和路径",
    "Exploited": "已被利用",
    "CVE": "CVE",
    "Fix, or why ignored": "修复建议，或忽略的原因",
    "behind {rule}": "影响 {rule}",
    "All {count}": "全部 {count} 个",
    "Fix": "修复建议",
    "Published": "披露日期",
    "Reason": "原因",
    "published {day}": "披露于 {day}",
    "due {day}": "须在 {day} 前修复",
    "without an id": "没有编号",
    "without a name": "没有名称",
    "Details: files and failed baseline checks": "明细：文件和未通过的基线检查项",
    "Malicious files, sensitive files, breaches of the baseline": "恶意文件、敏感文件、未通过的基线检查项",
    "Kind": "类别",
    "Severity": "严重程度",
    "What": "对象",
    "About": "说明",
    "malicious file": "恶意文件",
    "sensitive file": "敏感文件",
    "baseline breach": "基线检查项",
    "malicious_file": "恶意文件",
    "sensitive_file": "敏感文件",
    "baseline_breach": "基线检查项",
    "Left out here to stay within the size limit: {parts}. The JSON report has all of it.": (
        "为不超出大小上限，此处省略：{parts}。JSON 报告包含全部内容。"
    ),
    "{part} of {images}": "{images}的{part}",
    "warnings": "警告",
    "overview": "概览",
    "checks": "检查",
    "evidence": "证据",
    "ignore entries": "可粘贴的条目",
    "ignored findings": "已忽略的漏洞",
    "details": "明细",
    "verdict": "结论",
    "Baseline checks of MLPS (等保, cn_standard)": "等保基线检查（cn_standard）",
    "{failed} failed, {accepted} failed and accepted by the policy, {passed} passed": (
        "{failed} 项未通过，{accepted} 项未通过但已被策略接受，{passed} 项通过"
    ),
    "Number": "编号",
    "Check": "检查项",
    "Evidence": "证据",
    "Each change of state, and the last reads, of {polls}": "{polls}中状态的每次变化和最后几次",
    "CI/CD identifier": "CI/CD标识",
    "registry": "镜像仓库",
    "scanned at or after": "扫描时间不早于",
    "digest": "摘要",
    "proven": "镜像的证明",
    "image id": "镜像 ID",
    "scan status": "扫描状态",
    "scanned at": "扫描时间",
    "waited": "等待",
    "polls": "查询次数",
    "last request ids": "最后的请求 ID",
    "at": "时间",
    "request id": "请求 ID",
    "severity": "风险等级",
    "vulnerabilities": "漏洞",
    "unsafe settings": "不安全配置",
    "malicious files": "恶意文件",
    "sensitive files": "敏感文件",
    "failed baseline checks": "未通过的基线检查项",
    "findings": "漏洞列表",
    "waited {duration}, {polls}": "等待 {duration}，{polls}",
    "was {outcome} in {report}": "此前{outcome}，见 {report}",
    # `hssgate demo`
    "The emulator plays HSS at {url}.\n": "模拟器在 {url} 上模拟 HSS。\n",
    "1. An image was pushed: {image}. Its scan begins in 2 s and takes 3 s.\n": (
        "1. 已推送镜像 {image}：2 秒后开始扫描，扫描用时 3 秒。\n"
    ),
    "\n2. Another image was pushed: {image}. It has vulnerabilities.\n": "\n2. 又推送了镜像 {image}：它有漏洞。\n",
    "\nThe first image passed (exit code 0), the second was blocked (exit code 10): a pipeline stops there.\n\n"
    "Open {report} in a browser: it shows what blocked, and how to fix it.\n"
    "Next:\n"
    "  write a policy:           {program} policy init\n"
    "  check your set-up of HSS: {program} doctor --region REGION\n"
    "  add the gate to a build:  {documentation}": (
        "\n第一个镜像通过（退出码 0），第二个镜像被拦截（退出码 10）：流水线会在这里停止。\n\n"
        "请用浏览器打开 {report}：它说明了拦截的原因和修复办法。\n"
        "接下来：\n"
        "  编写策略：      {program} policy init\n"
        "  检查 HSS 配置： {program} doctor --region REGION\n"
        "  接入流水线：    {documentation}/zh"
    ),
    # What to do
    "What to do": "如何处理",
    "what to do:": "如何处理：",
    "ask: ": "联系：",
    "Ask: {contact}": "联系：{contact}",
    "more: ": "更多：",
    "More: {where}.": "更多：{where}。",
    "https://github.com/hssgate/hssgate/blob/main/docs/troubleshooting.md#exit-code-10 and "
    "`hssgate policy explain IMAGE`": (
        "https://github.com/hssgate/hssgate/blob/main/docs/zh/troubleshooting.md#exit-code-10 "
        "以及 `hssgate policy explain IMAGE`"
    ),
    "https://github.com/hssgate/hssgate/blob/main/docs/troubleshooting.md#exit-code-{code}": (
        "https://github.com/hssgate/hssgate/blob/main/docs/zh/troubleshooting.md#exit-code-{code}"
    ),
    "a policy (`hssgate policy init` writes one)": "策略（可用 `hssgate policy init` 生成）",
    "to let it pass, with a reason of yours, in {policy}:": "如要放行，请写明理由，加入{policy}：",
    "To let it pass, with a reason, in the policy": "如要放行，请写明理由，加入策略",
    "change the image and push it again, or override the rule for this image": (
        "修改镜像后重新推送，或在策略中为该镜像覆盖（overrides）此规则"
    ),
    "write `unlisted: warn` into the policy to be only warned of what HSS counts and does not list": (
        "在策略中写入 `unlisted: warn`，对 HSS 统计了却没有列出的漏洞只发出警告"
    ),
    "update the packages and push the image again, or accept findings with `ignore` entries": (
        "升级软件包后重新推送镜像，或用 `ignore` 条目接受这些漏洞"
    ),
    "fix what HSS rates too high and push the image again; `severity` is HSS's own verdict; ignoring findings does not "
    "change it: override it or use `high_vulnerabilities`": (
        "修复 HSS 评级过高的问题后重新推送镜像；`severity` 是 HSS 自己的结论，忽略漏洞不会改变它："
        "请覆盖（overrides）此规则，"
        "或改用 `high_vulnerabilities`"
    ),
    "correct the settings and push the image again, or accept checks with `ignore` entries (`check_rule`)": (
        "按基线检查（如等保）的要求修正配置后重新推送镜像，或用 `ignore` 条目（`check_rule`）接受这些检查项"
    ),
    "take the files out of the image, replace the secrets, and push it again, or accept files with `ignore` entries "
    "(`file`)": "从镜像中删除这些文件，更换其中的密钥后重新推送，或用 `ignore` 条目（`file`）接受这些文件",
    "take the files out of the image and push it again, or accept files with `ignore` entries (`file`)": (
        "从镜像中删除这些文件后重新推送，或用 `ignore` 条目（`file`）接受这些文件"
    ),
    "update the packages and push the image again, accept findings with `ignore` entries, or record them as known with "
    "`hssgate accept`": "更新软件包后重新推送镜像，用 `ignore` 条目接受漏洞，或用 `hssgate accept` 将其记为已知",
    "update the packages and push the image again; no grace accepts what is exploited": (
        "更新软件包后重新推送镜像；已被利用的漏洞没有宽限期"
    ),
    "update the packages and push the image again; no entry of `ignore` and no grace accepts what is denied": (
        "更新软件包后重新推送镜像；被禁止的漏洞，`ignore` 条目和宽限期都不能放行"
    ),
}

# Messages of checks and warnings, made by the judges; the first that fits is taken.
MESSAGES: Mapping[str, str] = {
    "no score above {limit} found, at most {most} accepted ({notes})": (
        "没有高于 {limit} 的评分，最高接受 {most}（{notes}）"
    ),
    "{found} found, at most {limit} accepted ({notes})": "发现 {found}，最多接受 {limit}（{notes}）",
    "no score above {limit} found, at most {most} accepted": "没有高于 {limit} 的评分，最高接受 {most}",
    "scanned {age} ago, at most {limit} accepted": "扫描于 {age} 之前，最多接受 {limit}",
    "{found} found, at most {limit} accepted": "发现 {found}，最多接受 {limit}",
    "{count} ignored": "已忽略 {count}",
    "{count} without a score, which counts as {number}": "{count} 个没有评分，按 {number} 计算",
    "{count} known": "已知 {count}",
    "{count} known and gone": "已知且已消失 {count}",
    "{count} of {number} counted by HSS but not listed, counted against the image": (
        "HSS 统计的 {number} 个中有 {count} 个没有列出，按不利计算"
    ),
    "{count} of {number} counted by HSS but not listed, and not judged": (
        "HSS 统计的 {number} 个中有 {count} 个没有列出，未判定"
    ),
    "{found} found, none accepted ({notes})": "发现 {found}，一个也不接受（{notes}）",
    "{found} found, none accepted": "发现 {found}，一个也不接受",
    "{count} counted by HSS but not listed, counted against the image": "HSS 统计到却没有列出 {count} 个，按不利计算",
    "{count} counted by HSS but not listed": "HSS 统计到却没有列出 {count} 个",
    "{count} without CVEs in HSS, compared by their own id only": "HSS 中没有 CVE 的有 {count} 个，只按自身编号比较",
    "{count} counted as the worst, {why}": "{count} 个按最差计算，{why}",
    "{count} not counted, {why}": "{count} 个未计入，{why}",
    "their CVEs could not be read: {error}": "无法读取其 CVE：{error}",
    "their CVEs were not read": "没有读取其 CVE",
    "{count} not checked, HSS gives no CVE for them": "{count} 个未检查，HSS 没有给出它们的 CVE",
    "{count} in grace, first {finding}: {due}": "{count} 个在宽限期内，最先到期的是 {finding}：{due}",
    "{count} out of grace, first {finding}: {due}": "{count} 个已过宽限期，最先到期的是 {finding}：{due}",
    "{severity} and above, of {standards}": "{severity} 及以上，标准 {standards}",
    "{severity} and above": "{severity} 及以上",
    "of {standards}": "标准 {standards}",
    "HSS counts {count} and lists none of the {what}": "HSS 统计到 {count} 个，却没有列出任何{what}",
    "HSS counts {count} findings and lists none of them": "HSS 统计到 {count} 个漏洞，却一个也没有列出",
    "HSS gave no {field}; all three counts are 0 in two reads, which counts as {level}": (
        "HSS 没有给出 {field}；两次读到的三个数量都是 0，视为 {level}"
    ),
    "HSS gave no {field}, which this rule needs": "HSS 没有给出此规则需要的 {field}",
    "vulnerabilities, high_vulnerabilities and malicious_files need none": (
        "vulnerabilities、high_vulnerabilities 和 malicious_files 不需要它"
    ),
    "not judged, the scan failed and HSS gave no {field}": "未判定：扫描失败，HSS 没有给出 {field}",
    "not judged, the result was still settling": "未判定：结果尚未稳定",
    "not judged, {why}": "未判定：{why}",
    "the scan gave no result": "扫描没有结果",
    "the {what} could not be read: {error}": "无法读取 {what}：{error}",
    "the {what} were not read, which this rule needs": "没有读取此规则需要的 {what}",
    # Messages about scan and freshness
    "success": "扫描成功",
    "accepted by the policy": "策略接受",
    "the image was not judged": "镜像未判定",
    "no newer scan was listed within {duration}, the image was not judged": (
        "{duration} 内没有出现更新的扫描，镜像未判定"
    ),
    "request id {id}": "请求 ID {id}",
    "gave up after {duration}: {error}": "等待 {duration} 后放弃：{error}",
    "interrupted after {duration}": "{duration} 后被中断",
    "timed out after {duration} ({option})": "等待 {duration} 后超时（{option}）",
    "timed out after {duration}": "等待 {duration} 后超时",
    "last state: {state}": "最后的状态：{state}",
    "not listed": "没有列出",
    "ambiguous": "无法区分",
    "scan finished, settling": "扫描已结束，结果尚未稳定",
    "no longer listed, was {status}": "不再列出，之前是 {status}",
    "raise --timeout if the scan needs longer": "如果扫描需要更久，请加大 --timeout",
    "the result was still settling: raise --timeout, or lower --settle": (
        "结果尚未稳定：请加大 --timeout，或减小 --settle"
    ),
    "no scan was requested: check that the scan step runs in the pipeline": (
        "没有发起扫描：请确认流水线中的扫描步骤已执行"
    ),
    "no newer scan was listed: check that the scan step runs for this push, and that --scanned-after is not too late": (
        "没有更新的扫描：请确认扫描步骤针对本次推送执行，且 --scanned-after 不太晚"
    ),
    "no row has this image name: check the name and --cicd-name, that the scan step runs in the pipeline, and "
    "--enterprise-project-id (all_granted_eps looks into every enterprise project)": (
        "没有这个名称的镜像：请检查镜像名称和 --cicd-name（CI/CD标识）、流水线中的扫描步骤是否执行，以及 "
        "--enterprise-project-id（all_granted_eps 查询所有企业项目）"
    ),
    "no row has this name and version: check the name and --cicd-name, that the scan step runs in the pipeline, and "
    "--enterprise-project-id (all_granted_eps looks into every enterprise project)": (
        "没有这个名称和版本的镜像：请检查镜像名称和 --cicd-name（CI/CD标识）、流水线中的扫描步骤是否执行，以及 "
        "--enterprise-project-id（all_granted_eps 查询所有企业项目）"
    ),
    "results that cannot be told apart in time: {rows}; pass the digest that was pushed, as …@sha256:…": (
        "以下结果无法按时间区分：{rows}；请给出所推送镜像的摘要，形如 …@sha256:…"
    ),
    "results that cannot be told apart in time: {rows}": "以下结果无法按时间区分：{rows}",
    "pass the digest that was pushed, as …@sha256:…": "请给出所推送镜像的摘要，形如 …@sha256:…",
    "scanned at or after {moment}": "扫描时间不早于 {moment}",
    "no result for {asked}": "没有符合要求的结果：{asked}",
    "asked for {asked}": "要求：{asked}",
    "{digest}, scanned {time}": "{digest}，扫描于 {time}",
    # Failures of a scan
    "HSS met an error it does not name": "HSS 遇到了未说明的错误",
    "HSS was refused by the registry": "HSS 被镜像仓库拒绝",
    "HSS could not download the image": "HSS 无法下载镜像",
    "the image is larger than HSS scans": "镜像超过了 HSS 可扫描的大小",
    "HSS found no details of the image": "HSS 没有找到镜像的详细信息",
    "a layer of the image is larger than HSS scans": "镜像的某一层超过了 HSS 可扫描的大小",
    "the scan for vulnerabilities failed": "漏洞扫描失败",
    "the scan for malicious files failed": "恶意文件扫描失败",
    "the inventory of installed software failed": "软件信息扫描失败",
    "the search for sensitive information failed": "敏感信息检查失败",
    "the baseline check failed": "基线检查失败",
    "the check of software compliance failed": "软件合规检查失败",
    "HSS could not read the image's basic information": "HSS 无法查询镜像的基本信息",
    "a service that the scan needs did not answer in time": "扫描所需的服务响应超时",
    "HSS had a database error": "HSS 数据库出错",
    "HSS could not start the scan": "HSS 无法下发扫描请求",
    "the image has a manifest of schema version 1, which HSS does not scan": (
        "镜像清单是 schema v1 格式，HSS 不支持扫描"
    ),
    "HSS could not reach SWR": "HSS 无法访问容器镜像服务 SWR",
    "HSS was refused by SWR": "HSS 未通过容器镜像服务 SWR 的认证",
    "the check of the build commands failed": "构建指令检查失败",
    "the scan was stopped before its end": "扫描在结束前被终止",
    "scan the image again": "请重新扫描镜像",
    "scan the image again, and ask Huawei Cloud support with the request id if it fails again": (
        "请重新扫描镜像；如仍失败，请凭请求 ID 联系华为云技术支持"
    ),
    "check that the address, namespace and tag given to the scan step exist and can be pulled, then scan again": (
        "请确认扫描步骤中的仓库地址、组织和版本存在且可以拉取，再重新扫描"
    ),
    "check the user and password that the scan step logs in to the registry with, then scan again": (
        "请检查扫描步骤登录镜像仓库的用户名和密码，再重新扫描"
    ),
    "check that HSS may read from SWR (agency and organization permissions), then scan again": (
        "请确认 HSS 有权读取 SWR（委托和组织权限），再重新扫描"
    ),
    "make the image smaller, or let the policy accept it with `scan: {accept: [image_over_sized]}`": (
        "请缩小镜像，或在策略中用 `scan: {accept: [image_over_sized]}` 接受"
    ),
    "make the image smaller, or let the policy accept it with `scan: {accept: [image_oversized]}`": (
        "请缩小镜像，或在策略中用 `scan: {accept: [image_oversized]}` 接受"
    ),
    "split or shrink the largest layer, or let the policy accept it with `scan: {accept: [image_layer_over_sized]}`": (
        "请拆分或缩小最大的层，或在策略中用 `scan: {accept: [image_layer_over_sized]}` 接受"
    ),
    "build and push it with a current Docker or BuildKit, then scan again": (
        "请用较新的 Docker 或 BuildKit 重新构建并推送，再重新扫描"
    ),
    # Warnings of the run
    "an image without a digest passed, but nothing proves that this result is of the image just pushed; pass its "
    "digest (…@sha256:…), --metadata-file, --resolve or --scanned-after": (
        "有镜像未给出摘要而通过，但没有任何证据表明该结果属于刚推送的镜像；"
        "请给出摘要（…@sha256:…）、--metadata-file、--resolve 或 --scanned-after"
    ),
    "an image without a digest passed by --scanned-after, and a scan time does not prove which push was scanned; pass "
    "its digest (…@sha256:…), --metadata-file or --resolve": (
        "有镜像未给出摘要而凭 --scanned-after 通过，但扫描时间不能证明扫描的是哪次推送；"
        "请给出摘要（…@sha256:…）、--metadata-file 或 --resolve"
    ),
    "{entry} ended on {day} and has no effect any more": "{entry} 已于 {day} 到期，不再生效",
    "{entry} ends after {day}": "{entry} 将在 {day} 之后到期",
    "{entry} fits some CVEs of a finding, which counts until entries fit all of them": (
        "{entry} 只匹配某个漏洞的部分 CVE；所有 CVE 都有匹配的条目之前，该漏洞仍计入"
    ),
    "{entry} fits no finding of this run; check it, or take it out": (
        "{entry} 与本次运行的任何漏洞都不匹配；请检查或删除该条目"
    ),
}
