"""Chinese texts of errors of the API, of advice, hints and entries of policies, by their English text."""

from collections.abc import Mapping

ERRORS: Mapping[str, str] = {
    # Proofs, and values within messages
    "digest {digests} ({proof}) and scanned at or after {moment}": (
        "摘要 {digests}（{proof}），且扫描时间不早于 {moment}"
    ),
    "digest {digests} ({proof})": "摘要 {digests}（{proof}）",
    "by its digest": "按摘要",
    "by the registry ({what})": "由镜像仓库证明（{what}）",
    "by the registry": "由镜像仓库证明",
    "index digest, {platform}": "index 摘要，{platform}",
    "index digest": "index 摘要",
    "manifest digest, {platform}": "manifest 摘要，{platform}",
    "manifest digest": "manifest 摘要",
    "config digest, {platform}": "config 摘要，{platform}",
    "config digest": "config 摘要",
    "through the proxy {proxy}": "经代理 {proxy}",
    "by {file}": "由 {file} 证明",
    "no digest": "没有摘要",
    "a row without a digest": "没有摘要的记录",
    "scanned {time}": "扫描于 {time}",
    "at an unknown time": "未知时间",
    "scan finished": "扫描已结束",
    "without a status": "没有状态",
    "{status} (undocumented)": "{status}（未见于文档）",
    "stale: {status}, {time}": "已过时：{status}，{time}",
    "not listed by its digest": "没有按其摘要列出",
    "a row with {what}: {status}": "有一条{what}的记录：{status}",
    "readable {name} (but {value})": "可识别的 {name}（实际为 {value}）",
    "believable {name} (but {value})": "可信的 {name}（实际为 {value}）",
    "list of them (but {name} is {value})": "它们的列表（但 {name} 为 {value}）",
    "{time}, which is before 2015": "{time}，早于 2015 年",
    "{time}, which is in the future": "{time}，在未来",
    "malicious files": "恶意文件",
    "sensitive files": "敏感文件",
    "failed baseline checks": "未通过的基线检查项",
    "findings": "漏洞列表",
    "list of findings": "漏洞列表",
    "CVEs of the findings": "漏洞的 CVE",
    "overdue since today": "自今天起逾期",
    "overdue by {days}": "已逾期 {days}",
    "due {day}, in {days}": "{day} 到期，还剩 {days}",
    "due {day}, today": "{day} 到期，即今天",
    "{count} day": "{count} 天",
    "{count} days": "{count} 天",
    "and {count} more": "另有 {count} 个",
    "{count} counted by HSS but not listed": "HSS 统计到却没有列出 {count} 个",
    # Ambiguous rows, rows that disagree in time, and rows that are similar
    "{status}, severity {level}, {count} vulnerabilities, {others}": "{status}，等级 {level}，{count} 个漏洞，{others}",
    "{status}, severity {level}, {count} vulnerabilities": "{status}，等级 {level}，{count} 个漏洞",
    "{row} is newer by its update time, and {rows} by its scan time, which does not pass": (
        "{row} 的更新时间更晚，{rows} 的扫描时间更晚，后者不通过"
    ),
    "{row} is newer by its update time, and {rows} by its scan time": "{row} 的更新时间更晚，{rows} 的扫描时间更晚",
    "did you mean {rows}? {why}": "您要找的是不是 {rows}？{why}",
    "did you mean {rows}?": "您要找的是不是 {rows}？",
    "other {fields}": "其他 {fields}",
    "its version is the first {count} characters of the requested one, which is no proof": (
        "其版本是所请求版本的前 {count} 个字符，这不是证明"
    ),
    "HSS names no registry for it: leave --registry-name out": "HSS 没有给出它的镜像仓库：请去掉 --registry-name",
    "leave the registry out of IMAGE, or --registry-name {name}": (
        "请在 IMAGE 中去掉镜像仓库，或使用 --registry-name {name}"
    ),
    "leave the registry out of IMAGE": "请在 IMAGE 中去掉镜像仓库",
    "HSS has scanned another push of this tag than the one that the registry holds": (
        "HSS 扫描的是此标签的另一次推送，而不是镜像仓库中的那一次"
    ),
    "If the digest asked for is that of an index, HSS may know the image by its manifest or configuration: --resolve "
    "asks the registry for these, and --metadata-file names those of a build for one platform": (
        "如果给出的是索引（index）的摘要，HSS 可能按清单（manifest）或配置（config）的摘要识别镜像："
        "--resolve 向镜像仓库查询这些摘要，--metadata-file 给出单平台构建的摘要"
    ),
    "If the digest asked for is that of an index, HSS may know the image by its manifest or configuration: --resolve "
    "asks the registry for these": (
        "如果给出的是索引（index）的摘要，HSS 可能按清单（manifest）或配置（config）的摘要识别镜像："
        "--resolve 向镜像仓库查询这些摘要"
    ),
    "HSS gave no scan time that can be used, so --scanned-after cannot prove this result, but a digest can: pass "
    "…@sha256:… without --scanned-after": (
        "HSS 没有给出可用的扫描时间，--scanned-after 不能证明此结果，摘要可以：请给出 …@sha256:…，不用 --scanned-after"
    ),
    "HSS lists other platforms of this image: check that {platform} is scanned too, or name those that are meant with "
    "--platform": "HSS 列出了此镜像的其他平台：请确认 {platform} 也已扫描，或用 --platform 指明所需的平台",
    # Entries of policies
    "the override for {globs} ({reason})": "针对 {globs} 的覆盖条目（{reason}）",
    "the ignore entry for {glob} in {package} ({reason})": "针对 {package} 中 {glob} 的 ignore 条目（{reason}）",
    "the ignore entry for {glob} ({reason})": "针对 {glob} 的 ignore 条目（{reason}）",
    "the deny entry for {glob} in {package} ({reason})": "针对 {package} 中 {glob} 的 deny 条目（{reason}）",
    "the deny entry for {glob} ({reason})": "针对 {glob} 的 deny 条目（{reason}）",
    "and {count} more that have ended": "另有 {count} 个已到期",
    "and {count} more that end soon": "另有 {count} 个即将到期",
    "and {count} more that fit some CVEs of a finding": "另有 {count} 个只匹配某个漏洞的部分 CVE",
    "and {count} more that fit no finding of this run": "另有 {count} 个与本次运行的任何漏洞都不匹配",
    # Warnings of the wait
    "the scan status {status} is not documented": "扫描状态 {status} 未见于文档",
    "more scan statuses are not documented": "还有更多扫描状态未见于文档",
    "waiting for one that is": "继续等待有文档的状态",
    "more results came and went while it was scanned than are remembered": "扫描期间出现又消失的结果多于可记住的数量",
    "none of them is believed": "都不采信",
    "more than {count} warnings: the others are left out": "警告超过 {count} 条：其余省略",
    "for the difference of the clocks, {moment} is read as {other}": ("由于时钟有差异，{moment} 按 {other} 处理"),
    "the {what} could not be read, which changes no verdict: {error}": "无法读取{what}，这不影响结论：{error}",
    "no more than {count} lists are read after a verdict": "得出结论后最多读取 {count} 个列表",
    "no poll was possible before the deadline": "截止时间前未能查询",
    "more than {count} groups of rows belong to the image, which is too many": (
        "属于该镜像的记录组超过 {count} 个，太多了"
    ),
    "name the organisation in IMAGE, or give --cicd-name or --registry-name": (
        "请在 IMAGE 中写明组织，或给出 --cicd-name 或 --registry-name"
    ),
    "{count} times in a row: {error}": "连续 {count} 次：{error}",
    # No answer, and answers that cannot be read
    "no complete response from {host} within {seconds}": "{seconds} 内没有收到 {host} 的完整响应",
    "no complete response from {host}: {error}": "没有收到 {host} 的完整响应：{error}",
    "the proxy {proxy} gave no connection to {host} within {seconds}": "代理 {proxy} 在 {seconds} 内没有连通 {host}",
    "the proxy {proxy} gave no connection to {host}: {error}": "代理 {proxy} 没有连通 {host}：{error}",
    "the proxy {proxy} before {host} answers {error}": "{host} 前的代理 {proxy} 应答 {error}",
    "the certificate of {host} is not trusted: {error}": "{host} 的证书不受信任：{error}",
    "{host} cannot be asked: {error}": "无法访问 {host}：{error}",
    "HTTP {status}: without a readable reason (request id {id})": "HTTP {status}：没有可读的原因（请求 ID {id}）",
    "HTTP {status}: without a readable reason": "HTTP {status}：没有可读的原因",
    "HTTP {status}: a cache answered in place of HSS (header Age: {age}, at most {limit} is accepted)": (
        "HTTP {status}：缓存代替 HSS 作了应答（头 Age：{age}，最多接受 {limit}）"
    ),
    "unreadable answer: {error}": "无法读取的应答：{error}",
    "a redirect is never followed": "从不跟随重定向",
    "the list changed each time it was read ({count} rows received, {number} announced)": (
        "每次读取列表都有变化（收到 {count} 行，声明 {number} 行）"
    ),
    "images are pushed while it is read: ask for fewer at once, by --cicd-name or by their versions": (
        "读取期间有镜像推送：请按 --cicd-name 或版本一次查询更少的镜像"
    ),
    "the list is too large to be judged: {count} rows read, and there are more": (
        "列表太大，无法判定：已读 {count} 行，还有更多"
    ),
    "ask for fewer images in a run, each by its own version": "请一次运行检查更少的镜像，且都写明版本",
    "the list has more than {count} rows, the most that can be asked for": "列表超过 {count} 行，这是可查询的上限",
    "ask for fewer images at once, by --cicd-name or by their versions": "请按 --cicd-name 或版本一次查询更少的镜像",
    "no time was left for the next page of the list": "没有时间读取列表的下一页",
    "no time was left for a large response, while another was read": "读取另一应答时，没有时间再读取大的应答",
    "raise --timeout, or ask for fewer images at once, by --cicd-name or by their versions": (
        "请加大 --timeout，或按 --cicd-name 或版本一次查询更少的镜像"
    ),
    # What to do about a refusal
    "the identity may not read HSS images in this project": "该身份无权读取此项目中的 HSS 镜像",
    "grant it read access to HSS, and check the project id": "请授予 HSS 只读权限，并检查项目 ID",
    "HSS finds a parameter invalid": "HSS 认为参数无效",
    "check the image reference and --cicd-name": "请检查镜像名称和 --cicd-name（CI/CD标识）",
    "this host does not serve the API": "此主机不提供该接口",
    "check --region or --endpoint": "请检查 --region 或 --endpoint",
    "the credentials are wrong, expired, or locked for five minutes after five bad signatures": (
        "凭证错误、已过期，或在五次签名错误后被锁定五分钟"
    ),
    "check them and this machine's clock": "请检查凭证和本机时钟",
    "the token is of another region or has ended": "令牌属于其他区域或已过期",
    "get a new one": "请重新获取",
    "the project is unavailable": "项目不可用",
    "check the project id": "请检查项目 ID",
    "check the credentials and this machine's clock": "请检查凭证和本机时钟",
    "check --region or --endpoint, and the project id": "请检查 --region 或 --endpoint，以及项目 ID",
    "see the HSS error codes": "请参阅 HSS 错误码",
    "the number of requests is limited: run fewer checks at once, or raise --interval": (
        "请求数受限：请减少同时运行的检查，或加大 --interval"
    ),
    "the service or its gateway is overloaded or down: look again in a while, and check any proxy in between": (
        "服务或其网关过载或中断：请稍后再试，并检查中间的代理"
    ),
    "a fault of the service itself: ask Huawei Cloud's support, with the request id": (
        "服务自身的故障：请凭请求 ID 联系华为云技术支持"
    ),
    "check the address: another server, or a proxy in between, may be answering in its place": (
        "请检查地址：可能是其他服务器或中间的代理在应答"
    ),
    "check --endpoint, and any proxy in between": "请检查 --endpoint 和中间的代理",
    "HSS must not be reached through a cache: check HTTPS_PROXY and NO_PROXY, and ask the proxy's operator": (
        "不得通过缓存访问 HSS：请检查 HTTPS_PROXY 和 NO_PROXY，并联系代理的管理员"
    ),
    "check the address": "请检查地址",
    "else report this response to hssgate, with the request id": "否则请将此应答连同请求 ID 报告给 hssgate",
    "check the address, name resolution, firewall and HTTPS_PROXY": "请检查地址、域名解析、防火墙和 HTTPS_PROXY",
    "check the address, name resolution, firewall and HTTPS_PROXY, or raise --request-timeout": (
        "请检查地址、域名解析、防火墙和 HTTPS_PROXY，或加大 --request-timeout"
    ),
    "check the address, name resolution, firewall, {variable} and NO_PROXY, or raise --request-timeout": (
        "请检查地址、域名解析、防火墙、{variable} 和 NO_PROXY，或加大 --request-timeout"
    ),
    "check the address, name resolution, firewall, {variable} and NO_PROXY": (
        "请检查地址、域名解析、防火墙、{variable} 和 NO_PROXY"
    ),
    "check {variable} with its user name and password, or NO_PROXY": "请检查 {variable} 及其用户名和密码，或 NO_PROXY",
    "it is of another host: check the address, and what it leads to": "证书属于其他主机：请检查地址及其指向",
    "it is not valid at this machine's time: check the clock, else whoever runs the host has to renew it": (
        "按本机时间证书无效：请检查时钟，否则须由主机管理员更新证书"
    ),
    "ask for fewer images at once, and check that no proxy answers in place of HSS": (
        "请一次查询更少的镜像，并确认没有代理代替 HSS 应答"
    ),
    "for a private authority give its certificates with --ca-bundle": "私有 CA 请用 --ca-bundle 给出其证书",
    "there is no project in region {region} for these credentials: check --region, or {what}": (
        "区域 {region} 中没有这些凭证的项目：请检查 --region，或 {what}"
    ),
    "region {region} has {count} projects ({names}): {what} to choose one": (
        "区域 {region} 有 {count} 个项目（{names}）：请用 {what} 选择一个"
    ),
    "the identity may not list projects: {what}": "该身份无权列出项目：{what}",
    "no time was left to look up the project": "没有时间查询项目",
    "the project was not looked up": "没有查询项目",
    "give the machine an agency that may read HSS, or unset HSSGATE_ECS_AGENCY": (
        "请给该机器一个可读取 HSS 的委托，或取消 HSSGATE_ECS_AGENCY"
    ),
    "HSSGATE_ECS_AGENCY only works on an ECS": "HSSGATE_ECS_AGENCY 只能在 ECS 上使用",
    "check HW_USER_NAME, HW_USER_PASSWORD and HW_DOMAIN_NAME (an IAM user with programmatic access, not the account "
    "itself), and the project": (
        "请检查 HW_USER_NAME、HW_USER_PASSWORD 和 HW_DOMAIN_NAME（须为可编程访问的 IAM 用户，而非账号本身），以及项目"
    ),
    "check HUAWEICLOUD_SDK_IDP_ID, the identity provider's mapping, and that the id token has not expired": (
        "请检查 HUAWEICLOUD_SDK_IDP_ID、身份提供商的映射规则，以及 ID 令牌是否过期"
    ),
    "check HUAWEICLOUD_OIDC_PROVIDER_URN and HUAWEICLOUD_OIDC_AGENCY_URN, the agency's trust policy, the audience (the "
    "client id at the provider), and that the id token has not expired": (
        "请检查 HUAWEICLOUD_OIDC_PROVIDER_URN 和 HUAWEICLOUD_OIDC_AGENCY_URN、委托的信任策略、"
        "受众（提供商处的客户端 ID），以及 ID 令牌是否过期"
    ),
    "the job needs `permissions: id-token: write`, and its request token expires with the job": (
        "作业需要 `permissions: id-token: write`，其请求令牌随作业失效"
    ),
}
